/** How a client's HTTP is read. Nothing here depends on routes. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { ClientSettings } from '../../../ir/client.js'
import type { HttpChain } from '../../../ir/port.js'
import { any, bool, uint32 } from '../../message.js'
import { clientFilters } from '../http-filters/client-filters.js'
import { httpFilters } from '../http-filters/index.js'
import type { TranslateOptions } from '../options.js'
import type { TablePacking } from '../packing.js'
import { routesOf } from '../routes/route-configuration.js'
import { scopedRoutesOf } from '../scopes/scoped-routes.js'
import { accessLogs } from '../telemetry/access-log.js'
import { tracingOf, withoutDecisionsOfClients } from '../telemetry/tracing.js'
import { clientIdentity } from './client-address.js'
import { clientProtocols, clientTimeouts } from './client-protocols.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
/** What belongs to no oneof, so that parts can be put together. */
type Plain = Omit<HttpConnectionManager, 'rds' | 'routeConfig' | 'scopedRoutes' | 'stripAnyHostPort'>

const PACKAGE = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const CODECS = Enum[`${PACKAGE}.CodecType`]
const ESCAPED_SLASHES = Enum[`${PACKAGE}.PathWithEscapedSlashesAction`]

const ESCAPED_SLASHES_ACTIONS = {
  keep: ESCAPED_SLASHES.KEEP_UNCHANGED,
  reject: ESCAPED_SLASHES.REJECT_REQUEST,
  redirect: ESCAPED_SLASHES.UNESCAPE_AND_REDIRECT,
  forward: ESCAPED_SLASHES.UNESCAPE_AND_FORWARD,
} as const satisfies Record<ClientSettings['escapedSlashes'], number>

/** What a manager depends on besides its chain. */
export interface ManagerContext {
  readonly statPrefix: string
  readonly options: TranslateOptions
  /** True where HTTP/3 is spoken. */
  readonly isQuic: boolean
}

/** The network filter that speaks HTTP, with the routes of its chain by one packing. */
export function httpConnectionManager(
  chain: HttpChain,
  client: ClientSettings,
  packing: TablePacking['newConnections'],
  context: ManagerContext,
): envoy.config.listener.v3.Filter {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: any(PACKAGE, manager(chain, client, packing === 'scoped', context)),
  }
}

function manager(
  chain: HttpChain,
  client: ClientSettings,
  scoped: boolean,
  { statPrefix, options, isQuic }: ManagerContext,
): HttpConnectionManager {
  const accessLog = accessLogs('request', chain.telemetry, options)
  const { earlyHeaderMutationExtensions: ofClient = [], ...identity } = clientIdentity(client)
  const { earlyHeaderMutationExtensions: ofScopes = [], ...routes } = scoped
    ? scopedRoutesOf(chain.routeTable)
    : { earlyHeaderMutationExtensions: [], ...routesOf(chain.routeTable) }
  // The key of the scope comes last: nothing else decides about it, and it is made from the host that everything else left.
  const early = [...ofClient, ...withoutDecisionsOfClients(chain.telemetry?.tracing), ...ofScopes]
  return {
    statPrefix,
    // HTTP/1.1 or HTTP/2 by ALPN or, without TLS, by the first bytes: gRPC clients know beforehand.
    codecType: isQuic ? CODECS.HTTP3 : CODECS.AUTO,
    ...routes,
    ...(early.length === 0 ? {} : { earlyHeaderMutationExtensions: early }),
    httpFilters: [
      ...clientFilters(chain, client),
      ...httpFilters(scoped, { envoyHeaders: client.envoyHeaders, countsGrpcCalls: chain.telemetry?.countsGrpcCalls }),
    ],
    ...identity,
    // The name of the server is the backend's business.
    serverHeaderTransformation: Enum[`${PACKAGE}.ServerHeaderTransformation`].PASS_THROUGH,
    ...clientTimeouts(client),
    ...path(client),
    ...clientProtocols(client, isQuic),
    ...(client.maxRequestHeadersKib === undefined ? {} : { maxRequestHeadersKb: uint32(client.maxRequestHeadersKib) }),
    ...(client.schemeOfBackend === undefined ? {} : { schemeHeaderTransformation: { matchUpstream: true } }),
    ...(accessLog.length === 0 ? {} : { accessLog }),
    ...tracingOf(chain.telemetry?.tracing),
  }
}

/** One spelling per path, so that a rule about `/admin` holds for every way to write it. */
function path(client: ClientSettings): Plain {
  return {
    normalizePath: bool(client.normalizePath),
    mergeSlashes: client.mergeSlashes,
    pathWithEscapedSlashesAction: ESCAPED_SLASHES_ACTIONS[client.escapedSlashes],
    // `example.com.` and `example.com` are the same host.
    stripTrailingHostDot: client.stripTrailingHostDot,
  }
}
