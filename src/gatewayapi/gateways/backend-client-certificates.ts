/** The certificate that a Gateway shows to backends. Source: Gateway API v1.7, `GatewaySpec.tls.backend.clientCertificateRef` (GEP-3155). */
import type { Collection, Graph, View } from '../../incremental/index.js'
import type { Problem } from '../conditions.js'
import type { TrustSources } from '../listeners/frontend-validation.js'
import { certificateName } from '../materials/material-names.js'
import { isReferenceAllowed } from '../reference-grants.js'
import type { OurGateway } from './gateways.js'

/** The certificate of one Gateway, or why it has none although it names one. */
export interface BackendClientCertificate {
  readonly name?: string
  readonly problem?: Problem
}

/** Declares which certificate each Gateway shows to backends, by the key of the Gateway: no value where it names none. */
export function declareClientCertificateStates(
  graph: Graph,
  sources: TrustSources,
  gateways: Collection<OurGateway>,
): Collection<BackendClientCertificate> {
  return graph.collection('client certificate states', {
    keys: gateways,
    compute: (view, key) => {
      const gateway = view.get(gateways, key)
      return gateway && resolve(view, sources, gateway)
    },
  })
}

/** Declares the names of usable certificates for backends, by the key of the Gateway. */
export function declareBackendClientCertificates(graph: Graph, states: Collection<BackendClientCertificate>): Collection<string> {
  return graph.collection('backend client certificates', { keys: states, compute: (view, key) => view.get(states, key)?.name })
}

function resolve(view: View, { materials, grants }: TrustSources, { object, spec }: OurGateway): BackendClientCertificate | undefined {
  const ref = spec.tls?.backend?.clientCertificateRef
  if (ref === undefined) return undefined
  const namespace = ref.namespace ?? object.namespace
  const what = `${ref.kind} "${namespace}/${ref.name}" of tls.backend.clientCertificateRef`
  if (!isReferenceAllowed(view, grants, object, { group: ref.group, kind: ref.kind, namespace, name: ref.name })) {
    const message = `${what} is in another namespace and no ReferenceGrant there allows Gateways of "${object.namespace}" to refer to it.`
    return { problem: { reason: 'RefNotPermitted', message } }
  }
  const name = certificateName(ref, object.namespace)
  if (name === undefined) return invalid(`${what} cannot hold a certificate: use a Secret.`)
  const found = view.get(materials, name)
  if (found === undefined) return invalid(`${what} does not exist.`)
  return found.ok ? { name } : invalid(`${what} ${found.message}.`)
}

function invalid(message: string): BackendClientCertificate {
  return { problem: { reason: 'InvalidClientCertificateRef', message } }
}
