/** Route tables: one for the HTTP listeners of a port, one for each HTTPS listener. */
import type { Collection, Graph, Source } from '../incremental/index.js'
import { DEFAULT_KEPT_BODY_BYTES, DEFAULT_SOCKET_SETTINGS } from '../ir/defaults.js'
import type { RouteTable } from '../ir/route.js'
import { objectKey } from '../util/object-ref.js'
import type { Inputs } from './inputs.js'
import type { ListenerPlaces } from './listeners/listener-places.js'
import { originsOf } from './origins.js'
import type { ClientPort } from './policies/client-ports.js'

/** Declares the route tables, by their name. */
export function declareRouteTables(
  graph: Graph,
  inputs: Inputs,
  places: ListenerPlaces,
  clientPorts: Source<ClientPort>,
): Collection<RouteTable> {
  const { placed, byRouteTable } = places
  return graph.collection<RouteTable>('route tables', {
    keys: byRouteTable,
    compute: (view, name) => {
      const listeners = view.list(byRouteTable, name)
      const [first] = listeners
      const place = first && view.get(placed, first.key)
      const placement = first && view.get(inputs.placements, objectKey(first.gateway.namespace, first.gateway.name))
      if (first === undefined || place === undefined || placement === undefined) return undefined
      const bufferLimit = view.get(clientPorts, place.state.declared.portWord)?.socket.bufferLimitBytes
      const saysNothing = bufferLimit === undefined || bufferLimit === DEFAULT_SOCKET_SETTINGS.bufferLimitBytes
      return {
        name,
        group: placement.group,
        port: place.port,
        listenerPort: first.port,
        encrypted: first.protocol === 'HTTPS',
        ...(saysNothing ? { keptBodyBytes: DEFAULT_KEPT_BODY_BYTES } : {}),
        origins: originsOf(listeners.flatMap((listener) => [listener.gateway, listener.parent])),
      }
    },
  })
}
