/** Ports: what proxies listen on, and the chain that each connection gets. */
import type { Collection, Graph, Index, Source } from '../../incremental/index.js'
import { DEFAULT_CLIENT_SETTINGS, DEFAULT_SOCKET_SETTINGS } from '../../ir/defaults.js'
import type { Chain, Port } from '../../ir/port.js'
import type { Telemetry } from '../../ir/telemetry.js'
import { compareText } from '../../util/compare-text.js'
import { type ObjectKey, objectKey } from '../../util/object-ref.js'
import { type Inputs, MISSING_KEY } from '../inputs.js'
import type { StreamRoute } from '../model.js'
import { originsOf } from '../origins.js'
import type { ClientPort } from '../policies/client-ports.js'
import type { GatewayTelemetry } from '../telemetry/resolve-telemetry.js'
import { quicPortName, tcpPortName } from './http3.js'
import type { ListenerPlaces } from './listener-places.js'
import { type DeclaredListener, transportOf } from './listeners.js'
import { chainsOf, quicChainsOf } from './port-chains.js'

/** What ports are made from, beside listeners. */
export interface PortSources {
  /** By the key of a listener. */
  readonly streamRoutesOf: Index<StreamRoute>
  /** By the word of the port. */
  readonly clientPorts: Source<ClientPort>
  /** By the key of the gateway. */
  readonly telemetry: Source<GatewayTelemetry>
}

/** Declares the ports, by their name. */
export function declarePorts(
  graph: Graph,
  { missing }: Pick<Inputs, 'missing'>,
  places: ListenerPlaces,
  { streamRoutesOf, clientPorts, telemetry }: PortSources,
): Collection<Port> {
  const { byPort, placed } = places
  const quicNames = graph.index(placed, 'ports of HTTP/3', ({ state, port }) => (state.http3 && state.serves ? [quicPortName(port)] : []))
  return graph.collection<Port>('ports', {
    keys: [byPort, quicNames],
    compute: (view, name) => {
      const tcp = tcpPortName(name)
      const listeners = view.list(byPort, tcp ?? name)
      // Listeners that only keep others off their hosts do not open a port.
      const first = listeners.find((listener) => listener.state.serves)
      if (first === undefined) return undefined
      const { gateway, spec, protocol, portWord } = first.state.declared
      const clients = view.get(clientPorts, portWord)
      // Connections cannot be told why: they are closed while a policy may be missing.
      const isClosed = view.get(missing, MISSING_KEY) === 'anything'
      const declaredOf = new Map<string, DeclaredListener>(listeners.map(({ state: { declared } }) => [declared.key, declared]))
      const telemetryOf = (of: Iterable<DeclaredListener>): Telemetry | undefined => view.get(telemetry, gatewayOf(of))?.telemetry
      const chains = chainsOf(
        listeners.map((listener) => ({ listener, routes: isClosed ? [] : view.list(streamRoutesOf, listener.state.declared.key) })),
        clients,
      ).map((chain) => withTelemetry(chain, telemetryOf(chain.listeners.flatMap((key) => declaredOf.get(key) ?? []))))
      const port: Port = {
        name,
        group: first.placement.group,
        gateway,
        addresses: first.placement.addresses,
        boundPort: first.boundPort,
        port: spec.port,
        transport: tcp === undefined ? transportOf(protocol) : 'QUIC',
        chains: tcp === undefined ? chains : quicChainsOf(chains),
        socket: clients?.socket ?? DEFAULT_SOCKET_SETTINGS,
        client: DEFAULT_CLIENT_SETTINGS,
        origins: originsOf([
          ...listeners.flatMap(({ state }) => [state.declared.gateway, state.declared.parent]),
          ...(clients?.origins ?? []),
        ]),
      }
      return withTelemetry(port, telemetryOf(declaredOf.values()))
    },
  })
}

/** The gateway whose listeners they are. Where gateways share a chain or a port, the oldest. */
function gatewayOf(listeners: Iterable<DeclaredListener>): ObjectKey {
  let oldest: DeclaredListener | undefined
  for (const each of listeners) if (oldest === undefined || byAge(each, oldest) < 0) oldest = each
  return objectKey(oldest?.gateway.namespace ?? '', oldest?.gateway.name ?? '')
}

function byAge(a: DeclaredListener, b: DeclaredListener): number {
  return compareText(a.gatewayCreation, b.gatewayCreation) || compareText(a.key, b.key)
}

function withTelemetry<Of extends Chain | Port>(of: Of, telemetry: Telemetry | undefined): Of {
  return telemetry === undefined ? of : { ...of, telemetry }
}
