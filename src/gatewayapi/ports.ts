/** Ports: what proxies listen on, and the chain that each connection gets. */
import type { Collection, Graph, Source } from '../incremental/index.js'
import { DEFAULT_CLIENT_SETTINGS } from '../ir/defaults.js'
import type { Port } from '../ir/port.js'
import { type Inputs, MISSING_KEY } from './inputs.js'
import type { ListenerPlaces } from './listener-places.js'
import { transportOf } from './listeners.js'
import type { StreamRoute } from './model.js'
import { originsOf } from './origins.js'
import { chainsOf } from './port-chains.js'

/** Declares the ports, by their name. */
export function declarePorts(
  graph: Graph,
  { missing }: Pick<Inputs, 'missing'>,
  places: ListenerPlaces,
  streamRoutes: Source<StreamRoute>,
): Collection<Port> {
  const { byPort } = places
  const routesOf = graph.index(streamRoutes, 'stream routes by listener', (route) => [route.listener])
  return graph.collection<Port>('ports', {
    keys: byPort,
    compute: (view, name) => {
      const listeners = view.list(byPort, name)
      // Listeners that only keep others off their hosts do not open a port.
      const first = listeners.find((listener) => listener.state.serves)
      if (first === undefined) return undefined
      const { gateway, spec, protocol } = first.state.declared
      // Connections cannot be told why: they are closed while a policy may be missing.
      const isClosed = view.get(missing, MISSING_KEY) === 'anything'
      return {
        name,
        group: first.placement.group,
        gateway,
        addresses: first.placement.addresses,
        boundPort: first.boundPort,
        port: spec.port,
        transport: transportOf(protocol),
        chains: chainsOf(
          listeners.map((listener) => ({ listener, routes: isClosed ? [] : view.list(routesOf, listener.state.declared.key) })),
        ),
        client: DEFAULT_CLIENT_SETTINGS,
        origins: originsOf(listeners.flatMap(({ state }) => [state.declared.gateway, state.declared.parent])),
      }
    },
  })
}
