/** Which backends of sessions nobody serves: whoever has a session with one of them needs another. */
import type { EndpointSlice, GRPCRoute, HTTPRoute } from '../../gen/kinds.js'
import type { Collection, Graph, Index, Source } from '../../incremental/index.js'
import type { Inputs } from '../inputs.js'
import { toBackendRef } from '../routes/backend-references.js'
import { type BackendKey, backendKey, parseBackendKey } from './backend-key.js'
import { localitiesOf } from './endpoints.js'
import type { ResolvedBackend } from './resolved-backend.js'

/**
 * Declares them by their keys: those that have no endpoint, among those that a rule with sessions shares requests out to. Others are not looked at: an
 * EndpointSlice touches the endpoints of its backend alone.
 */
export function declareEmptyBackends(
  graph: Graph,
  inputs: Inputs,
  backends: Source<ResolvedBackend>,
  slicesByOwner: Index<EndpointSlice>,
): Collection<true> {
  return graph.collection<true>('empty backends of sessions', {
    keys: [
      graph.index(inputs.kind('HTTPRoute'), 'backends of sessions', sessionBackends),
      graph.index(inputs.kind('GRPCRoute'), 'backends of sessions of calls', sessionBackends),
    ],
    compute: (view, key) => {
      const ref = parseBackendKey(key)
      const backend = view.get(backends, key)
      if (ref === undefined || backend?.usable !== true || backend.addresses.kind !== 'slices') return undefined
      const localities = localitiesOf(view.list(slicesByOwner, backend.addresses.owner), ref, backend.addresses)
      return localities.length === 0 ? true : undefined
    },
  })
}

function sessionBackends({ spec, metadata }: HTTPRoute | GRPCRoute): readonly BackendKey[] {
  return (spec.rules ?? []).flatMap(({ sessionPersistence, backendRefs = [] }) => {
    if (sessionPersistence === undefined || backendRefs.length < 2) return []
    return backendRefs.flatMap((reference) => {
      const ref = toBackendRef(reference, metadata.namespace, 'TCP')
      return ref === undefined ? [] : [backendKey(ref)]
    })
  })
}
