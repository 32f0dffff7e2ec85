/** Identity providers that policies name by their address alone: what is asked for. */
import type { BackendObjectReference } from '../../gen/kinds.js'
import { type Found, found, missing } from '../authentication/found.js'
import { refReason } from '../authentication/ref-reason.js'
import { webAddressProblem } from '../backends/web-clusters.js'
import { partsOfTrustName } from '../materials/material-names.js'
import { type RuleSources, resolveReference } from '../routes/find-backend.js'
import { type FetchRequest, fetchKey, type ProviderDocument } from './fetch-request.js'
import { fetchedContent } from './fetched-content.js'
import type { FetchWorld } from './referred-trust.js'

/** What references of a policy about a provider are looked up in. */
export type ProviderWorld = FetchWorld & RuleSources

/**
 * What is to be fetched to know the endpoints of a provider.
 *
 * @param backendRef whose authorities its server must be certified by; those of the system where it has none
 */
export function providerRequest(
  world: ProviderWorld,
  issuer: string,
  backendRef: BackendObjectReference | undefined,
  field: string,
): Found<FetchRequest> {
  const problem = webAddressProblem(field, issuer)
  if (problem !== undefined) return { ok: false, problem }
  const trust = backendRef === undefined ? found([]) : trustOf(world, backendRef, field)
  if (!trust.ok) return trust
  const authorities = trust.value.map((part) => part.authorities).join('')
  const key = fetchKey('provider', issuer, ...trust.value.map((part) => part.name))
  return found({ kind: 'provider', key, issuer: issuer.replace(/\/$/, ''), authorities: authorities === '' ? undefined : authorities })
}

/** The endpoints of a provider, or why they are not known. */
export function providerDocument(
  world: ProviderWorld,
  issuer: string,
  backendRef: BackendObjectReference | undefined,
  field: string,
): Found<ProviderDocument> {
  const request = providerRequest(world, issuer, backendRef, field)
  if (!request.ok) return request
  const fetched = fetchedContent(world, request.value, `${field}: what "${issuer}" says about itself`)
  if (!fetched.ok) return fetched
  const { content } = fetched.value
  return content.kind === 'provider' ? found(content.provider) : missing('FetchFailed', `${field}: it is something else.`)
}

interface Trust {
  readonly name: string
  readonly authorities: string
}

function trustOf(world: ProviderWorld, reference: BackendObjectReference, field: string): Found<readonly Trust[]> {
  const backend = resolveReference(world.view, world, world.referrer, reference, 'http')
  if (!backend.ok) {
    const { reason, message } = backend.problem ?? { reason: 'RefNotFound', message: `The backend "${reference.name}" cannot be used.` }
    return missing(refReason(reason), `${field}: ${message}`)
  }
  const trust = backend.backend.tls?.trust
  if (trust?.kind !== 'material') return found([])
  const parts = partsOfTrustName(trust.name).flatMap((name) => {
    const read = world.view.get(world.materials, name)
    return read?.ok === true && read.value.material.kind === 'trust' ? [{ name, authorities: read.value.material.authorities }] : []
  })
  return parts.length === 0 ? missing('RefNotFound', `${field}: the authorities of its backend cannot be read.`) : found(parts)
}
