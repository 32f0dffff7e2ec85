/** How HTTP/1, HTTP/2 and HTTP/3 of clients are spoken, and for how long. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { ClientSettings, Http1Settings, Http2Settings } from '../../../ir/client.js'
import { bool, duration, uint32 } from '../../message.js'
import { PRESERVE_CASE } from '../header-case.js'
import { textMatcher } from '../text-match.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type Timeouts = Pick<
  HttpConnectionManager,
  'requestHeadersTimeout' | 'requestTimeout' | 'streamIdleTimeout' | 'commonHttpProtocolOptions' | 'http1SafeMaxConnectionDuration'
>
type Protocols = Pick<HttpConnectionManager, 'httpProtocolOptions' | 'http2ProtocolOptions' | 'http3ProtocolOptions'>

const UNDERSCORES = Enum['envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction']

const UNDERSCORE_ACTIONS = {
  allow: UNDERSCORES.ALLOW,
  reject: UNDERSCORES.REJECT_REQUEST,
  drop: UNDERSCORES.DROP_HEADER,
} as const satisfies Record<ClientSettings['underscoresInHeaders'], number>

/** Timeouts, and limits of connections and requests. */
export function clientTimeouts(client: ClientSettings): Timeouts {
  const { maxConnectionDurationMs, maxRequestsPerConnection, maxStreamDurationMs, maxRequestHeaders } = client
  const isAbrupt = client.http1?.abruptMaxConnectionDuration === true
  return {
    requestHeadersTimeout: duration(client.requestHeadersTimeoutMs),
    ...(client.requestTimeoutMs === undefined ? {} : { requestTimeout: duration(client.requestTimeoutMs) }),
    streamIdleTimeout: duration(client.streamIdleTimeoutMs),
    commonHttpProtocolOptions: {
      idleTimeout: duration(client.idleTimeoutMs),
      ...(maxConnectionDurationMs === undefined ? {} : { maxConnectionDuration: duration(maxConnectionDurationMs) }),
      ...(maxRequestHeaders === undefined ? {} : { maxHeadersCount: uint32(maxRequestHeaders) }),
      ...(maxStreamDurationMs === undefined ? {} : { maxStreamDuration: duration(maxStreamDurationMs) }),
      headersWithUnderscoresAction: UNDERSCORE_ACTIONS[client.underscoresInHeaders],
      ...(maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection: uint32(maxRequestsPerConnection) }),
    },
    ...(maxConnectionDurationMs === undefined || isAbrupt ? {} : { http1SafeMaxConnectionDuration: true }),
  }
}

/** Options of the versions of HTTP. */
export function clientProtocols({ http1, http2 }: ClientSettings, isQuic: boolean): Protocols {
  return {
    ...(http1 === undefined ? {} : { httpProtocolOptions: http1Options(http1) }),
    http2ProtocolOptions: http2Options(http2),
    ...(isQuic ? { http3ProtocolOptions: http3Options(http2) } : {}),
  }
}

function http1Options({
  absoluteUrl,
  http10,
  preserveHeaderCase,
  trailers,
  ignoredUpgrades = [],
}: Http1Settings): NonNullable<Protocols['httpProtocolOptions']> {
  return {
    ...(absoluteUrl === undefined ? {} : { allowAbsoluteUrl: bool(absoluteUrl) }),
    ...(http10 === undefined ? {} : { acceptHttp_10: true }),
    ...(http10?.defaultHost === undefined ? {} : { defaultHostForHttp_10: http10.defaultHost }),
    ...(preserveHeaderCase === undefined ? {} : { headerKeyFormat: PRESERVE_CASE }),
    ...(trailers === undefined ? {} : { enableTrailers: true }),
    ...(ignoredUpgrades.length === 0 ? {} : { ignoreHttp_11Upgrade: ignoredUpgrades.map(textMatcher) }),
  }
}

function http2Options(http2: Http2Settings): NonNullable<Protocols['http2ProtocolOptions']> {
  const { keepalive } = http2
  return {
    maxConcurrentStreams: uint32(http2.maxConcurrentStreams),
    initialStreamWindowSize: uint32(http2.streamWindowBytes),
    initialConnectionWindowSize: uint32(http2.connectionWindowBytes),
    // WebSocket over HTTP/2 (RFC 8441); routes say which upgrades they take.
    allowConnect: true,
    ...(http2.invalidMessageEndsStream === undefined ? {} : { overrideStreamErrorOnInvalidHttpMessage: bool(true) }),
    ...(keepalive === undefined
      ? {}
      : {
          connectionKeepalive: {
            ...(keepalive.intervalMs === undefined ? {} : { interval: duration(keepalive.intervalMs) }),
            timeout: duration(keepalive.timeoutMs),
            ...(keepalive.jitterPercent === undefined ? {} : { intervalJitter: { value: keepalive.jitterPercent } }),
          },
        }),
  }
}

function http3Options(http2: Http2Settings): NonNullable<Protocols['http3ProtocolOptions']> {
  return {
    quicProtocolOptions: {
      maxConcurrentStreams: uint32(http2.maxConcurrentStreams),
      initialStreamWindowSize: uint32(http2.streamWindowBytes),
      initialConnectionWindowSize: uint32(http2.connectionWindowBytes),
    },
    ...(http2.invalidMessageEndsStream === undefined ? {} : { overrideStreamErrorOnInvalidHttpMessage: bool(true) }),
    // WebSocket over HTTP/3 (RFC 9220).
    allowExtendedConnect: true,
  }
}
