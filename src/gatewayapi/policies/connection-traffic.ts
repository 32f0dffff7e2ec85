/** What BackendTrafficPolicies say about connections of TLSRoutes and TCPRoutes. Datagrams are none. */
import type { BackendTrafficSettings } from '../../gen/kinds.js'
import type { Collection, Graph, Keys, Source } from '../../incremental/index.js'
import { type ObjectKey, objectKey } from '../../util/object-ref.js'
import type { EffectiveListener } from '../model.js'
import type { Routes } from '../routes/any-route.js'
import { connectionLayers } from './connection-layers.js'
import { mergePolicies } from './merge.js'
import type { Policies } from './policies.js'
import type { Effective } from './policy.js'

/** What holds for the connections of a route on a listener. */
export interface ConnectionTraffic {
  readonly gateway: ObjectKey
  readonly effective: Effective<BackendTrafficSettings>
}

/**
 * Declares it, by the key of the stream route. Those of which nobody says anything have no value.
 *
 * @param keys of stream routes: `<listener key>#<Kind>/<namespace>/<name>`
 */
export function declareConnectionTraffic(
  graph: Graph,
  keys: Keys,
  routes: Routes,
  listeners: Source<EffectiveListener>,
  policies: Policies<BackendTrafficSettings>,
): Collection<ConnectionTraffic> {
  return graph.collection<ConnectionTraffic>('BackendTrafficPolicy: of connections', {
    keys,
    compute: (view, key) => {
      const at = key.indexOf('#')
      const listener = view.get(listeners, key.slice(0, at))
      const route = routes.served(view, key.slice(at + 1))?.object
      if (listener === undefined || route === undefined || route.kind === 'UDPRoute') return undefined
      const effective = mergePolicies(connectionLayers(view, policies, listener, route), policies.kind.atoms)
      return effective && { gateway: objectKey(listener.gateway.namespace, listener.gateway.name), effective }
    },
  })
}
