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
import { routeReferenceOf } from '../routes/route-configuration.js'
import { SCOPE_REFERENCES } from '../scopes/scoped-routes.js'
import { statName } from '../stat-name.js'
import { chainNames, deniedChainName, type PackingOf } from './chain-names.js'
import { connectionAuthorization } from './connection-authorization.js'
import { downstreamTlsSocket, quicSocket, terminationReferences } from './downstream-tls.js'
import { httpConnectionManager } from './http-connection-manager.js'
import { type SourceRanges, sourceRanges } from './source-ranges.js'
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

/** The messages: for HTTP one, or one per packing of the route table while both are there. */
function buildFilterChains(chain: Chain, context: ChainContext, options: TranslateOptions, packingOf: PackingOf): readonly FilterChain[] {
  if (chain.kind === 'stream') return streamChains(chain, context, options)
  const { isQuic, statPrefix } = context
  const client = clientOf(chain, context)
  return chainNames(chain, packingOf).all.map(({ name, packing }) => ({
    name,
    ...chainMatch(chain, context),
    ...servedBy(chain, context, [httpConnectionManager(chain, client, packing, { statPrefix, options, isQuic })]),
  }))
}

/** The chain of those who may connect, and one for those who may not, where there are both. */
function streamChains(chain: StreamChain, context: ChainContext, options: TranslateOptions): readonly FilterChain[] {
  const { authorization, name } = chain
  const { allowed, denied }: Partial<SourceRanges> = authorization === undefined ? {} : sourceRanges(authorization)
  // To Envoy a chain without ranges has those of everywhere: it must not stand beside one that has them.
  if (allowed?.length === 0) return [closedChain(chain, context, options, name)]
  const filters = [...connectionAuthorization(chain), tcpProxy(chain, clientOf(chain, context), context.statPrefix, options)]
  const open = { name, ...chainMatch(chain, context, allowed), ...servedBy(chain, context, filters) }
  if (denied === undefined || denied.length === 0) return [open]
  return [open, closedChain(chain, context, options, deniedChainName(chain), denied)]
}

/** What every chain does with connections, and these filters at the end of it. */
function servedBy(chain: Chain, context: ChainContext, filters: NonNullable<FilterChain['filters']>): FilterChain {
  const client = clientOf(chain, context)
  const { tls } = chain
  return {
    filters: [...connectionLimit(client, context.statPrefix, chain), ...filters],
    ...(tls === undefined ? {} : { transportSocket: context.isQuic ? quicSocket(tls) : downstreamTlsSocket(tls) }),
    ...(client.tlsHandshakeTimeoutMs === undefined || tls === undefined
      ? {}
      : { transportSocketConnectTimeout: duration(client.tlsHandshakeTimeoutMs) }),
  }
}

function clientOf({ client }: Chain, context: ChainContext): ClientSettings {
  return client ?? context.client
}

/**
 * The chain of clients that may not connect. The filter that asks who may does so at the first byte of the client, and many servers speak
 * first: they are not even connected to here.
 */
function closedChain(
  chain: StreamChain,
  context: ChainContext,
  options: TranslateOptions,
  name: string,
  denied?: readonly AddressRange[],
): FilterChain {
  const nowhere: StreamChain = { ...chain, clusters: [], invalidWeight: 1 }
  return {
    name,
    ...chainMatch(chain, context, denied),
    filters: [tcpProxy(nowhere, clientOf(chain, context), context.statPrefix, options)],
  }
}

/** What a chain refers to. */
export function chainReferences(chain: Chain, packingOf: PackingOf): readonly ResourceReference[] {
  const targets =
    chain.kind === 'http'
      ? [
          ...CHAIN_EXTENSIONS,
          ...chainNames(chain, packingOf).all.flatMap(({ packing }) =>
            packing === 'scoped' ? SCOPE_REFERENCES : [routeReferenceOf(chain.routeTable)],
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
  { mixed, isQuic }: ChainContext,
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
