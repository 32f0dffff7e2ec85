/**
 * Validation of clients' certificates on HTTPS listeners.
 *
 * Source: Gateway API v1.7, `GatewaySpec.tls.frontend` (GEP-91): `perPort` replaces `default` as a whole, and what is wrong with it is
 * told on the listeners of the port.
 */
import type { FrontendTLSConfig, FrontendTLSValidation, ObjectReference } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { ClientValidation } from '../../ir/tls.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { combinedTrustName, trustName } from '../materials/material-names.js'
import type { Materials } from '../materials/materials.js'
import { type GrantIndex, isReferenceAllowed } from '../reference-grants.js'

/** How clients of one port are validated, and what is wrong with it. */
export interface FrontendValidation {
  /** Undefined: certificates are not asked for, or no authority can be used. */
  readonly validation: ClientValidation | undefined
  /** Why the listener serves nobody: no authority can be used. */
  readonly accepted: Problem | undefined
  /** References that cannot be used, in the order of the object. */
  readonly references: readonly Problem[]
}

const NONE: FrontendValidation = { validation: undefined, accepted: undefined, references: [] }

/** What decides about references to authorities. */
export interface TrustSources {
  readonly materials: Materials
  readonly grants: GrantIndex
}

/** Resolves the validation of clients for one port of a Gateway. */
export function resolveFrontendValidation(
  view: View,
  sources: TrustSources,
  gateway: ObjectVersion,
  frontend: FrontendTLSConfig | undefined,
  port: number,
): FrontendValidation {
  const validation = validationOf(frontend, port)
  if (validation === undefined) return NONE
  const resolved = validation.caCertificateRefs.map((ref) => resolveTrust(view, sources, gateway, ref))
  const references = resolved.flatMap((each) => each.problem ?? [])
  const names = resolved.flatMap((each) => each.name ?? [])
  if (names.length === 0) {
    const message = 'None of the references to certificate authorities can be used, so that no client could be validated.'
    return { validation: undefined, accepted: { reason: 'NoValidCACertificate', message }, references }
  }
  const mode = validation.mode === 'AllowInsecureFallback' ? 'request' : 'require'
  return { validation: { trust: combinedTrustName(names), mode }, accepted: undefined, references }
}

/** True if some port of a Gateway lets clients in without a valid certificate although it asks for one. */
export function allowsInsecureFallback(frontend: FrontendTLSConfig | undefined): boolean {
  const configs = [frontend?.default, ...(frontend?.perPort ?? []).map((port) => port.tls)]
  return configs.some((config) => config?.validation?.mode === 'AllowInsecureFallback')
}

function validationOf(frontend: FrontendTLSConfig | undefined, port: number): FrontendTLSValidation | undefined {
  const own = frontend?.perPort?.find((each) => each.port === port)
  return (own === undefined ? frontend?.default : own.tls)?.validation
}

interface ResolvedTrust {
  readonly name?: string
  readonly problem?: Problem
}

function resolveTrust(view: View, { materials, grants }: TrustSources, gateway: ObjectVersion, ref: ObjectReference): ResolvedTrust {
  const namespace = ref.namespace ?? gateway.namespace
  // Secrets hold private things: the specification has authorities in ConfigMaps and ClusterTrustBundles.
  const name = ref.kind === 'Secret' ? undefined : trustName(ref, gateway.namespace)
  const what = `${ref.kind} "${name === undefined || !name.startsWith('ClusterTrustBundle') ? `${namespace}/${ref.name}` : ref.name}"`
  if (name === undefined) {
    const message = `${what} cannot hold certificate authorities: use a ConfigMap or a ClusterTrustBundle.`
    return { problem: { reason: 'InvalidCACertificateKind', message } }
  }
  const clusterScoped = ref.kind === 'ClusterTrustBundle'
  const target = { group: ref.group, kind: ref.kind, namespace, name: ref.name }
  if (!clusterScoped && !isReferenceAllowed(view, grants, gateway, target)) {
    const message = `${what} is in another namespace and no ReferenceGrant there allows Gateways of "${gateway.namespace}" to refer to it.`
    return { problem: { reason: 'RefNotPermitted', message } }
  }
  const found = view.get(materials, name)
  if (found === undefined) return { problem: { reason: 'InvalidCACertificateRef', message: `${what} does not exist.` } }
  return found.ok ? { name } : { problem: { reason: 'InvalidCACertificateRef', message: `${what} ${found.message}.` } }
}
