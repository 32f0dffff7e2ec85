/** How a client's HTTP is read. Nothing here depends on routes. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { ClientSettings, HttpChain } from '../../ir/port.js'
import { any, bool, duration, uint32 } from '../message.js'
import { accessLogs } from './access-log.js'
import { httpFilters } from './http-filters/index.js'
import type { TranslateOptions } from './options.js'
import type { TablePacking } from './packing.js'
import { routesOf } from './route-configuration.js'
import { scopedRoutesOf } from './scoped-routes.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
/** What belongs to no oneof, so that parts can be put together. */
type Plain = Omit<HttpConnectionManager, 'rds' | 'routeConfig' | 'scopedRoutes' | 'stripAnyHostPort'>

const PACKAGE = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const UNDERSCORES = Enum['envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction']
const ESCAPED_SLASHES = Enum[`${PACKAGE}.PathWithEscapedSlashesAction`]

const UNDERSCORE_ACTIONS = {
  allow: UNDERSCORES.ALLOW,
  reject: UNDERSCORES.REJECT_REQUEST,
  drop: UNDERSCORES.DROP_HEADER,
} as const satisfies Record<ClientSettings['underscoresInHeaders'], number>

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
  { statPrefix, options }: ManagerContext,
): HttpConnectionManager {
  const accessLog = accessLogs('request', options)
  return {
    statPrefix,
    // HTTP/1.1 or HTTP/2 by ALPN or, without TLS, by the first bytes: gRPC clients know beforehand.
    codecType: Enum[`${PACKAGE}.CodecType`].AUTO,
    ...(scoped ? scopedRoutesOf(chain.routeTable) : routesOf(chain.routeTable)),
    httpFilters: httpFilters(scoped),
    ...identity(client),
    ...timeouts(client),
    ...path(client),
    http2ProtocolOptions: {
      maxConcurrentStreams: uint32(client.http2.maxConcurrentStreams),
      initialStreamWindowSize: uint32(client.http2.streamWindowBytes),
      initialConnectionWindowSize: uint32(client.http2.connectionWindowBytes),
      // WebSocket over HTTP/2 (RFC 8441); routes say which upgrades they take.
      allowConnect: true,
    },
    ...(accessLog.length === 0 ? {} : { accessLog }),
  }
}

/** Who the client is: the peer of the connection, unless proxies in front are trusted to name it. */
function identity({ trustedHops }: ClientSettings): Plain {
  return {
    useRemoteAddress: bool(true),
    ...(trustedHops === 0 ? {} : { xffNumTrustedHops: trustedHops }),
    // No `internalAddressConfig`: then nobody is internal, while an empty one would let every private network steer us by `x-envoy-…` headers.
    // The name of the server is the backend's business.
    serverHeaderTransformation: Enum[`${PACKAGE}.ServerHeaderTransformation`].PASS_THROUGH,
  }
}

function timeouts(client: ClientSettings): Plain {
  return {
    requestHeadersTimeout: duration(client.requestHeadersTimeoutMs),
    streamIdleTimeout: duration(client.streamIdleTimeoutMs),
    commonHttpProtocolOptions: {
      idleTimeout: duration(client.idleTimeoutMs),
      headersWithUnderscoresAction: UNDERSCORE_ACTIONS[client.underscoresInHeaders],
    },
  }
}

/** One spelling per path, so that a rule about `/admin` holds for every way to write it. */
function path(client: ClientSettings): Plain {
  return {
    normalizePath: bool(client.normalizePath),
    mergeSlashes: client.mergeSlashes,
    pathWithEscapedSlashesAction: ESCAPED_SLASHES_ACTIONS[client.escapedSlashes],
    // `example.com.` and `example.com` are the same host.
    stripTrailingHostDot: true,
  }
}
