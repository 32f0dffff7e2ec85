/** What policies of a kind say about connections of TLSRoutes and TCPRoutes. Datagrams are none. */
import type { Collection, Graph, Keys, Source } from '../../incremental/index.js'
import { type ObjectKey, type ObjectVersion, objectKey } from '../../util/object-ref.js'
import type { EffectiveListener } from '../model.js'
import type { Routes } from '../routes/any-route.js'
import { connectionLayers } from './connection-layers.js'
import { mergedWithProblems } from './merged-with-problems.js'
import type { Policies } from './policies.js'
import type { Effective } from './policy.js'

/** What holds for the connections of a route on a listener. */
export interface ConnectionPolicies<S extends object> {
  readonly gateway: ObjectKey
  /** Undefined where nothing is said. */
  readonly effective: Effective<S> | undefined
  /** Every policy that is about them, whether it counts or not. */
  readonly policies: readonly ObjectVersion[]
  /** Those that cannot be used. */
  readonly broken: readonly ObjectVersion[]
}

/**
 * Declares it, by the key of the stream route. Those that no policy is about have no value.
 *
 * @param keys of stream routes: `<listener key>#<Kind>/<namespace>/<name>`
 */
export function declareConnectionPolicies<S extends object>(
  graph: Graph,
  keys: Keys,
  routes: Routes,
  listeners: Source<EffectiveListener>,
  policies: Policies<S>,
): Collection<ConnectionPolicies<S>> {
  return graph.collection<ConnectionPolicies<S>>(`${policies.kind.name}: of connections`, {
    keys,
    compute: (view, key) => {
      const at = key.indexOf('#')
      const listener = view.get(listeners, key.slice(0, at))
      const route = routes.served(view, key.slice(at + 1))?.object
      if (listener === undefined || route === undefined || route.kind === 'UDPRoute') return undefined
      const layers = connectionLayers(view, policies, listener, route)
      if (layers.length === 0) return undefined
      return {
        gateway: objectKey(listener.gateway.namespace, listener.gateway.name),
        effective: mergedWithProblems(layers, policies.kind.atoms, policies.kind.connectionProblems),
        policies: [...new Set(layers.map(({ policy }) => policy.object))],
        broken: layers.flatMap(({ policy }) => (policy.problem === undefined ? [] : [policy.object])),
      }
    },
  })
}
