import type { envoy } from '../../../gen/envoy/types.js'
import type { BackendProtocol, Discovery, Http2Ping, UpstreamHttp } from '../../../ir/cluster.js'
import { DEFAULT_HTTP1_IDLE_TIMEOUT_MS } from '../../../ir/defaults.js'
import { once } from '../../../util/once.js'
import { bool, duration, uint32 } from '../../message.js'
import { PRESERVE_CASE } from '../header-case.js'
import { httpProtocolOptions } from './http-protocol-options.js'

type HttpProtocolOptions = envoy.extensions.upstreams.http.v3.HttpProtocolOptions

/** Per stream 64 KiB, per connection 1 MiB: Envoy's default of 256 MiB would let one slow client fill the memory. */
const STREAM_WINDOW_BYTES = 65_536
const CONNECTION_WINDOW_BYTES = 1_048_576

type Extension = ReturnType<typeof httpProtocolOptions>

const NEAR: UpstreamHttp = { idleTimeoutMs: DEFAULT_HTTP1_IDLE_TIMEOUT_MS }
const FAR: UpstreamHttp = {}

/** For clusters of which nothing more is said, which are nearly all. */
const PLAIN: Readonly<Record<BackendProtocol, Readonly<Record<Discovery['kind'], () => Extension>>>> = {
  http1: plain('http1'),
  http2: plain('http2'),
  auto: plain('auto'),
  tcp: plain('tcp'),
  udp: plain('udp'),
}

/**
 * The HTTP version that a cluster speaks, and how its connections are kept; empty for those that carry bytes.
 *
 * @param discovery how its addresses are known
 */
export function upstreamProtocol(
  protocol: BackendProtocol,
  discovery: Discovery['kind'],
  upstreamHttpProtocolOptions: envoy.config.core.v3.UpstreamHttpProtocolOptions | undefined,
  http?: UpstreamHttp,
): Extension {
  if (upstreamHttpProtocolOptions === undefined && http === undefined) return PLAIN[protocol][discovery]()
  return extension(protocol, upstreamHttpProtocolOptions, { ...unsaid(protocol, discovery), ...http })
}

function plain(protocol: BackendProtocol): Readonly<Record<Discovery['kind'], () => Extension>> {
  const of = (kind: Discovery['kind']) => once(() => extension(protocol, undefined, unsaid(protocol, kind)))
  return { endpoints: of('endpoints'), dns: of('dns'), dynamic: of('dynamic') }
}

/** Whoever is known by a name is often far away, where it takes long to connect, and keeps connections longer. HTTP/2 says that it is going to close. */
function unsaid(protocol: BackendProtocol, discovery: Discovery['kind']): UpstreamHttp {
  return discovery === 'endpoints' && protocol !== 'http2' ? NEAR : FAR
}

function extension(
  protocol: BackendProtocol,
  upstreamHttpProtocolOptions: envoy.config.core.v3.UpstreamHttpProtocolOptions | undefined,
  http: UpstreamHttp,
): Extension {
  const version = versionOptions(protocol, http)
  if (version === undefined) return {}
  return httpProtocolOptions({
    ...version,
    ...common(http),
    ...(upstreamHttpProtocolOptions === undefined ? {} : { upstreamHttpProtocolOptions }),
  })
}

function versionOptions(protocol: BackendProtocol, http: UpstreamHttp): HttpProtocolOptions | undefined {
  if (http.followsClient === true && protocol !== 'tcp' && protocol !== 'udp') {
    return { useDownstreamProtocolConfig: { httpProtocolOptions: http1(http), http2ProtocolOptions: http2(http) } }
  }
  switch (protocol) {
    case 'http1':
      return { explicitHttpConfig: { httpProtocolOptions: http1(http) } }
    case 'http2':
      return { explicitHttpConfig: { http2ProtocolOptions: http2(http) } }
    case 'auto':
      return { autoConfig: { httpProtocolOptions: http1(http), http2ProtocolOptions: http2(http) } }
    case 'tcp':
    case 'udp':
      return undefined
  }
}

function http1({ http1: options }: UpstreamHttp): envoy.config.core.v3.Http1ProtocolOptions {
  return {
    ...(options?.trailers === undefined ? {} : { enableTrailers: true }),
    ...(options?.preserveHeaderCase === undefined ? {} : { headerKeyFormat: PRESERVE_CASE }),
  }
}

function http2({
  streamWindowBytes,
  connectionWindowBytes,
  maxConcurrentStreams,
  keepsConnectionOnInvalidMessage,
  ping,
}: UpstreamHttp): envoy.config.core.v3.Http2ProtocolOptions {
  return {
    initialStreamWindowSize: uint32(streamWindowBytes ?? STREAM_WINDOW_BYTES),
    initialConnectionWindowSize: uint32(connectionWindowBytes ?? CONNECTION_WINDOW_BYTES),
    ...(maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams: uint32(maxConcurrentStreams) }),
    ...(keepsConnectionOnInvalidMessage === undefined
      ? {}
      : { overrideStreamErrorOnInvalidHttpMessage: bool(keepsConnectionOnInvalidMessage) }),
    ...(ping === undefined ? {} : { connectionKeepalive: connectionKeepalive(ping) }),
  }
}

/** How long an answer to a PING may take where nobody says it: Envoy wants to be told. */
const PING_TIMEOUT_MS = 10_000

function connectionKeepalive({ intervalMs, timeoutMs, jitterPercent, idleMs }: Http2Ping): envoy.config.core.v3.KeepaliveSettings {
  return {
    ...(intervalMs === undefined ? {} : { interval: duration(intervalMs) }),
    timeout: duration(timeoutMs ?? PING_TIMEOUT_MS),
    ...(jitterPercent === undefined ? {} : { intervalJitter: { value: jitterPercent } }),
    ...(idleMs === undefined ? {} : { connectionIdleInterval: duration(idleMs) }),
  }
}

function common({
  idleTimeoutMs,
  maxConnectionDurationMs,
  maxRequestsPerConnection,
  maxStreamDurationMs,
}: UpstreamHttp): Pick<HttpProtocolOptions, 'commonHttpProtocolOptions'> {
  const options = {
    ...(idleTimeoutMs === undefined ? {} : { idleTimeout: duration(idleTimeoutMs) }),
    // Envoy has no word for "no limit": it closes at once after 0 seconds.
    ...(maxConnectionDurationMs === undefined || maxConnectionDurationMs === 0
      ? {}
      : { maxConnectionDuration: duration(maxConnectionDurationMs) }),
    ...(maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection: uint32(maxRequestsPerConnection) }),
    ...(maxStreamDurationMs === undefined ? {} : { maxStreamDuration: duration(maxStreamDurationMs) }),
  }
  return Object.keys(options).length === 0 ? {} : { commonHttpProtocolOptions: options }
}
