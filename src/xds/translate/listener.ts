/** A port that proxies listen on. Its bytes do not depend on routes or policies of routes: changing them would drain connections. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { Chain, Port } from '../../ir/port.js'
import { bool, uint32 } from '../message.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import type { PackingOf } from './chain-names.js'
import { encodeResource, sortReferences } from './encoded.js'
import { buildFilterChains, chainReferences } from './filter-chain.js'
import { filterChainMatcher } from './filter-chain-matcher.js'
import type { ManagerContext } from './http-connection-manager.js'
import { listenerFilters, listenerSocket } from './listener-socket.js'
import type { TranslateOptions } from './options.js'
import { tablePacking } from './packing.js'
import { statName } from './stat-name.js'
import { udpProxy } from './udp-proxy.js'

type Listener = envoy.config.listener.v3.Listener

const PROTOCOLS = Enum['envoy.config.core.v3.SocketAddress.Protocol']

/** Every route table in one RouteConfiguration. */
const onlyRds: PackingOf = () => tablePacking('rds', () => 0)

/** The message; undefined for a port without chains, which Envoy would refuse. */
export function buildListener(port: Port, options: TranslateOptions, packingOf: PackingOf = onlyRds): Listener | undefined {
  const [first] = port.chains
  if (first === undefined) return undefined
  // The name begins with whose port it is; it stays while Gateways that share it come and go.
  const statPrefix = statName(`${port.name.split('/', 2).join('/')}/${port.port}`)
  return {
    name: port.name,
    statPrefix,
    ...addresses(port),
    perConnectionBufferLimitBytes: uint32(port.socket.bufferLimitBytes),
    ...transport(port, first, { statPrefix, options }, packingOf),
  }
}

/** The listener ready for the wire; undefined for a port without chains. */
export function encodeListener(port: Port, options: TranslateOptions, packingOf: PackingOf = onlyRds): EncodedResource | undefined {
  const listener = buildListener(port, options, packingOf)
  if (listener === undefined) return undefined
  return encodeResource('envoy.config.listener.v3.Listener', listener, {
    typeUrl: TYPE_URL.listener,
    name: port.name,
    origins: [...new Set([...port.origins, ...port.chains.flatMap(chainOrigins)])],
    references: sortReferences(port.chains.flatMap((chain) => chainReferences(chain, packingOf))),
  })
}

function chainOrigins(chain: Chain): Port['origins'] {
  return [...(chain.kind === 'stream' ? chain.origins : []), ...(chain.telemetry?.origins ?? [])]
}

function addresses({ addresses: [main, ...others], boundPort, transport }: Port): Listener {
  const address = (host: string): envoy.config.core.v3.Address => ({
    socketAddress: { protocol: transport === 'TCP' ? PROTOCOLS.TCP : PROTOCOLS.UDP, address: host, portValue: boundPort },
  })
  return {
    address: address(main),
    ...(others.length === 0 ? {} : { additionalAddresses: others.map((other) => ({ address: address(other) })) }),
  }
}

type Context = Omit<ManagerContext, 'isQuic'>

function transport(port: Port, first: Chain, context: Context, packingOf: PackingOf): Listener {
  switch (port.transport) {
    case 'TCP':
      return tcp(port, { ...context, isQuic: false }, packingOf)
    case 'UDP':
      return udp(first, context.statPrefix, context.options)
    case 'QUIC':
      return quic(port, { ...context, isQuic: true }, packingOf)
  }
}

function tcp(port: Port, context: ManagerContext, packingOf: PackingOf): Listener {
  const mixed = port.chains.some(({ encrypted }) => encrypted)
  const filters = listenerFilters(port.socket, mixed)
  const matcher = filterChainMatcher(port, packingOf)
  return {
    filterChains: port.chains.flatMap((chain) => buildFilterChains(chain, { ...context, port, mixed, packingOf })),
    ...(matcher === undefined ? {} : { filterChainMatcher: matcher }),
    ...(filters.length === 0 ? {} : { listenerFilters: filters }),
    ...listenerSocket(port.socket),
  }
}

function quic(port: Port, context: ManagerContext, packingOf: PackingOf): Listener {
  const matcher = filterChainMatcher(port, packingOf)
  return {
    udpListenerConfig: { quicOptions: {}, downstreamSocketConfig: { preferGro: bool(true) } },
    filterChains: port.chains.flatMap((chain) => buildFilterChains(chain, { ...context, port, mixed: true, packingOf })),
    ...(matcher === undefined ? {} : { filterChainMatcher: matcher }),
  }
}

function udp(chain: Chain, statPrefix: string, options: TranslateOptions): Listener {
  return { udpListenerConfig: {}, ...(chain.kind === 'stream' ? { listenerFilters: [udpProxy(chain, statPrefix, options)] } : {}) }
}
