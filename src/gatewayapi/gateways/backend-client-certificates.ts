/** The certificate that a Gateway shows to backends. Source: Gateway API v1.7, `GatewaySpec.tls.backend.clientCertificateRef` (GEP-3155). */
import type { Collection, Graph, View } from '../../incremental/index.js'
import { certificateName } from '../materials/material-names.js'
import { type MaterialSources, type ReferredMaterial, referredMaterial } from '../materials/referred-material.js'
import type { OurGateway } from './gateways.js'

/** The certificate of one Gateway, or why it has none although it names one. */
export type BackendClientCertificate = Pick<ReferredMaterial, 'name' | 'problem'>

/** Declares which certificate each Gateway shows to backends, by the key of the Gateway: no value where it names none. */
export function declareClientCertificateStates(
  graph: Graph,
  sources: MaterialSources,
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

function resolve(view: View, sources: MaterialSources, { object, spec }: OurGateway): BackendClientCertificate | undefined {
  const ref = spec.tls?.backend?.clientCertificateRef
  if (ref === undefined) return undefined
  const { name, problem } = referredMaterial(view, sources, object, ref, {
    name: certificateName(ref, object.namespace),
    holds: 'a certificate: use a Secret',
    field: ' of tls.backend.clientCertificateRef',
    reason: 'InvalidClientCertificateRef',
  })
  return { ...(name === undefined ? {} : { name }), ...(problem === undefined ? {} : { problem }) }
}
