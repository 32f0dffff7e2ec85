/** What happens to a connection of a TCP port. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { ClientSettings } from '../../../ir/client.js'
import type { Chain, Port, StreamChain } from '../../../ir/port.js'
import type { AddressRange } from '../../../ir/route.js'
import { type Telemetry, telemetryClusters } from '../../../ir/telemetry.js'
import { any, duration, encode } from '../../message.js'
import type { ResourceReference } from '../../resource.js'
import { TYPE_URL } from '../../resource.js'
import { cidrRange } from '../address-ranges.js'
import { contentHash } from '../encoded.js'
import { fieldHeader, keep } from '../field.js'
import { CHAIN_EXTENSIONS } from '../http-filters/index.js'
import type { TranslateOptions } from '../options.js'
import { routeReferencesOf } from '../routes/route-configuration.js'
import { SCOPE_REFERENCES } from '../scopes/scoped-routes.js'
import { statName } from '../stat-name.js'
import { chainNames, deniedChainName, type PackingOf } from './chain-names.js'
import { connectionAuthorization } from './connection-authorization.js'
import { downstreamTlsSocket, quicSocket, terminationReferences } from './downstream-tls.js'
import { httpConnectionManager } from './http-connection-manager.js'
import { sourceRanges } from './source-ranges.js'
import { tcpProxy } from './tcp-proxy.js'

type FilterChain = envoy.config.listener.v3.FilterChain

/** envoy/config/listener/v3/listener.proto: Listener.filter_chains. */
const FILTER_CHAINS_FIELD = 3

/** What a chain needs to know of its port. */
export interface ChainContext {
  readonly statPrefix: string
  /** True where HTTP/3 is spoken. */
  readonly isQuic: boolean
  /** True when some chain of the port takes TLS: then the others say that they take none. */
  readonly mixed: boolean
  /** Of chains that say nothing of their own. */
  readonly client: ClientSettings
}

/** The filter chains of a chain as fields of a listener: a listener is the concatenation of them and its own fields. */
export interface EncodedChain {
  readonly fields: Buffer
  readonly version: string
}

/** What a port says to its chains. */
export function chainContext(port: Port): ChainContext {
  const isQuic = port.transport === 'QUIC'
  return {
    // The name begins with whose port it is; it stays while Gateways that share it come and go.
    statPrefix: statName(`${port.name.split('/', 2).join('/')}/${port.port}`),
    isQuic,
    mixed: isQuic || port.chains.some(({ encrypted }) => encrypted),
    client: port.client,
  }
}

/** The filter chains of a chain, ready for the wire. */
export function encodeFilterChains(chain: Chain, context: ChainContext, options: TranslateOptions, packingOf: PackingOf): EncodedChain {
  const messages = buildFilterChains(chain, context, options, packingOf).map((each) => encode('envoy.config.listener.v3.FilterChain', each))
  const fields = keep(messages.flatMap((message) => [fieldHeader(FILTER_CHAINS_FIELD, message.length), message]))
  return { fields, version: contentHash(fields) }
}

/** The messages: one, or one per packing of the route table while both are there. */
function buildFilterChains(chain: Chain, context: ChainContext, options: TranslateOptions, packingOf: PackingOf): readonly FilterChain[] {
  const { statPrefix, mixed, isQuic } = context
  const client = chain.client ?? context.client
  const sources = chain.kind === 'stream' && chain.authorization !== undefined ? sourceRanges(chain.authorization) : undefined
  // To Envoy a chain without ranges has those of everywhere: it must not stand beside one that has them.
  if (chain.kind === 'stream' && sources?.allowed.length === 0) return [closedChain(chain, context, options, chain.name)]
  const chains = chainNames(chain, packingOf).all.map(({ name, packing }) => ({
    name,
    ...chainMatch(chain, mixed, isQuic, sources?.allowed),
    filters: [
      ...connectionLimit(client, statPrefix, chain),
      ...(chain.kind === 'http'
        ? [httpConnectionManager(chain, client, packing, { statPrefix, options, isQuic })]
        : [...connectionAuthorization(chain), tcpProxy(chain, client, statPrefix, options)]),
    ],
    ...(chain.tls === undefined ? {} : { transportSocket: isQuic ? quicSocket(chain.tls) : downstreamTlsSocket(chain.tls) }),
    ...(client.tlsHandshakeTimeoutMs === undefined || chain.tls === undefined
      ? {}
      : { transportSocketConnectTimeout: duration(client.tlsHandshakeTimeoutMs) }),
  }))
  if (chain.kind !== 'stream' || sources === undefined || sources.denied.length === 0) return chains
  return [...chains, closedChain(chain, context, options, deniedChainName(chain), sources.denied)]
}

/**
 * The chain of clients that may not connect. The filter that asks who may does so at the first byte of the client, and many servers speak
 * first: they are not even connected to here.
 */
function closedChain(
  chain: StreamChain,
  { statPrefix, mixed, isQuic, client }: ChainContext,
  options: TranslateOptions,
  name: string,
  denied?: readonly AddressRange[],
): FilterChain {
  const nowhere: StreamChain = { ...chain, clusters: [], invalidWeight: 1 }
  return {
    name,
    ...chainMatch(chain, mixed, isQuic, denied),
    filters: [tcpProxy(nowhere, chain.client ?? client, statPrefix, options)],
  }
}

/** What a chain refers to. */
export function chainReferences(chain: Chain, packingOf: PackingOf): readonly ResourceReference[] {
  const targets =
    chain.kind === 'http'
      ? [
          ...CHAIN_EXTENSIONS,
          ...chainNames(chain, packingOf).all.flatMap(({ packing }) =>
            packing === 'scoped' ? SCOPE_REFERENCES : [routeReferencesOf(chain.routeTable)],
          ),
        ]
      : chain.clusters.map(({ cluster }) => ({ typeUrl: TYPE_URL.cluster, name: cluster }))
  return [...targets, ...(chain.tls === undefined ? [] : terminationReferences(chain.tls)), ...telemetryReferences(chain.telemetry)]
}

/** Where what is told about requests and connections goes. */
export function telemetryReferences(telemetry: Telemetry | undefined): readonly ResourceReference[] {
  return telemetry === undefined ? [] : telemetryClusters(telemetry).map((name) => ({ typeUrl: TYPE_URL.cluster, name }))
}

/** @param sources where connections come from; undefined or empty: from anywhere */
function chainMatch(
  { encrypted, serverNames }: Chain,
  mixed: boolean,
  isQuic: boolean,
  sources: readonly AddressRange[] = [],
): FilterChain {
  if (!mixed && sources.length === 0) return {}
  return {
    filterChainMatch: {
      ...(mixed ? { transportProtocol: isQuic ? 'quic' : encrypted ? 'tls' : 'raw_buffer' } : {}),
      ...(mixed && serverNames.length > 0 ? { serverNames } : {}),
      ...(sources.length === 0 ? {} : { sourcePrefixRanges: sources.map(cidrRange) }),
    },
  }
}

/** Connections that are one too many are closed. Each chain counts its own. */
function connectionLimit({ connectionLimit }: ClientSettings, statPrefix: string, { name }: Chain): NonNullable<FilterChain['filters']> {
  if (connectionLimit === undefined) return []
  const { connections, closeDelayMs } = connectionLimit
  return [
    {
      name: 'envoy.filters.network.connection_limit',
      typedConfig: any('envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit', {
        statPrefix: statName(`${statPrefix}/${name}`),
        maxConnections: { value: connections },
        ...(closeDelayMs === undefined ? {} : { delay: duration(closeDelayMs) }),
      }),
    },
  ]
}
