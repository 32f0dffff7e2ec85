/** A port that proxies listen on. Its bytes do not depend on routes or policies of routes: changing them would drain connections. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { Chain, Port } from '../../../ir/port.js'
import { once } from '../../../util/once.js'
import { bool, encode, uint32 } from '../../message.js'
import { type EncodedResource, TYPE_URL } from '../../resource.js'
import { sortReferences, versionOfParts } from '../encoded.js'
import { keep } from '../field.js'
import type { TranslateOptions } from '../options.js'
import { tablePacking } from '../packing.js'
import { accessLogs } from '../telemetry/access-log.js'
import type { PackingOf } from './chain-names.js'
import { chainContext, chainReferences, type EncodedChain, encodeFilterChains, telemetryReferences } from './filter-chain.js'
import { filterChainMatcher } from './filter-chain-matcher.js'
import { listenerFilters, listenerSocket } from './listener-socket.js'
import { UDP_SOCKET, udpProxy } from './udp-proxy.js'

type Listener = envoy.config.listener.v3.Listener

const PROTOCOLS = Enum['envoy.config.core.v3.SocketAddress.Protocol']

/** Every route table in one RouteConfiguration. */
const onlyRds: PackingOf = () => tablePacking('rds', () => 0)

/**
 * The listener ready for the wire; undefined for a port without chains, which Envoy would refuse. Nothing of a chain is encoded again: there may be thousands, of which
 * one is new.
 *
 * @param encoded the filter chains of a chain
 */
export function encodeListener(
  port: Port,
  options: TranslateOptions,
  packingOf: PackingOf = onlyRds,
  encoded: (chain: Chain) => EncodedChain = (chain) => encodeFilterChains(chain, chainContext(port), options, packingOf),
): EncodedResource | undefined {
  if (port.chains.length === 0) return undefined
  const frame = encode('envoy.config.listener.v3.Listener', listenerFrame(port, options, packingOf))
  const chains = filteredChains(port).map(encoded)
  // Of all versions that come while proxies are busy with one, only the last is put together.
  const value = once(() => keep([frame, ...chains.map(({ fields }) => fields)]))
  return {
    typeUrl: TYPE_URL.listener,
    name: port.name,
    version: versionOfParts(frame, chains),
    get value() {
      return value()
    },
    origins: [...new Set([...port.origins, ...(port.telemetry?.origins ?? []), ...port.chains.flatMap(chainOrigins)])],
    references: sortReferences([
      ...port.chains.flatMap((chain) => chainReferences(chain, packingOf)),
      ...telemetryReferences(port.telemetry),
    ]),
  }
}

/** The chains that are filter chains: datagrams have none. */
export function filteredChains({ transport, chains }: Port): readonly Chain[] {
  return transport === 'UDP' ? [] : chains
}

/** Everything but filter chains. */
function listenerFrame(port: Port, options: TranslateOptions, packingOf: PackingOf): Listener {
  const { statPrefix, mixed } = chainContext(port)
  const accessLog = port.transport === 'TCP' && mixed ? accessLogs('handshake', port.telemetry, options) : []
  return {
    name: port.name,
    statPrefix,
    ...addresses(port),
    perConnectionBufferLimitBytes: uint32(port.socket.bufferLimitBytes),
    ...(accessLog.length === 0 ? {} : { accessLog }),
    ...transport(port, { statPrefix, mixed, options }, packingOf),
  }
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

interface FrameContext {
  readonly statPrefix: string
  readonly mixed: boolean
  readonly options: TranslateOptions
}

function transport(port: Port, { statPrefix, mixed, options }: FrameContext, packingOf: PackingOf): Listener {
  switch (port.transport) {
    case 'TCP':
      return tcp(port, mixed, packingOf)
    case 'UDP':
      return udp(port, statPrefix, options)
    case 'QUIC':
      return { udpListenerConfig: { quicOptions: {}, downstreamSocketConfig: { preferGro: bool(true) } }, ...matching(port, packingOf) }
  }
}

function tcp(port: Port, mixed: boolean, packingOf: PackingOf): Listener {
  const filters = listenerFilters(port.socket, mixed)
  return { ...matching(port, packingOf), ...(filters.length === 0 ? {} : { listenerFilters: filters }), ...listenerSocket(port.socket) }
}

function matching(port: Port, packingOf: PackingOf): Listener {
  const matcher = filterChainMatcher(port, packingOf)
  return matcher === undefined ? {} : { filterChainMatcher: matcher }
}

function udp({ chains: [chain] }: Port, statPrefix: string, options: TranslateOptions): Listener {
  const udpListenerConfig = { downstreamSocketConfig: UDP_SOCKET }
  return { udpListenerConfig, ...(chain?.kind === 'stream' ? { listenerFilters: [udpProxy(chain, statPrefix, options)] } : {}) }
}
