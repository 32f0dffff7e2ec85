/** Settings where nobody said otherwise. docs/reference/defaults.md explains each; tests hold each against the real Envoy. */
import type { ClientSettings, SocketSettings } from './client.js'
import type { BackendTraffic, LoadBalancing, TrafficLimits } from './cluster.js'
import type { Retry, Timeouts } from './forward.js'

/**
 * How connections to a port are treated. A silent client is asked before load balancers on the way forget its connection (Azure: 4 minutes, AWS: 350 s),
 * and one that is gone holds its backend for 5 minutes, not for ever.
 */
export const DEFAULT_SOCKET_SETTINGS: SocketSettings = {
  bufferLimitBytes: 32_768,
  tcpKeepalive: { idleSeconds: 180, intervalSeconds: 20, probes: 6 },
  proxyProtocol: 'off',
}

/** How clients are treated. */
export const DEFAULT_CLIENT_SETTINGS: ClientSettings = {
  tcpIdleTimeoutMs: 3_600_000,
  address: { from: 'connection', trustedHops: 0, append: true },
  requestHeadersTimeoutMs: 10_000,
  streamIdleTimeoutMs: 300_000,
  idleTimeoutMs: 3_600_000,
  http2: { maxConcurrentStreams: 100, streamWindowBytes: 65_536, connectionWindowBytes: 1_048_576 },
  underscoresInHeaders: 'reject',
  escapedSlashes: 'redirect',
  mergeSlashes: true,
  normalizePath: true,
  stripTrailingHostDot: true,
}

/** How backends are treated. One that is gone without a word ends a silent connection, such as a WebSocket, after 2 minutes. */
export const DEFAULT_BACKEND_TRAFFIC: BackendTraffic = {
  connectTimeoutMs: 3_000,
  bufferLimitBytes: 32_768,
  tcpKeepalive: { idleSeconds: 60, intervalSeconds: 10, probes: 6 },
  loadBalancing: { kind: 'leastRequest' },
}

/**
 * How long a connection of HTTP/1 is kept that has no requests. Many servers close theirs after 5 s (Node, Apache, uvicorn), and a request that is on its
 * way in that moment cannot be told from one that was taken: it gets 503.
 */
export const DEFAULT_HTTP1_IDLE_TIMEOUT_MS = 4_000

/** How connections are shared out that nobody can ask a second time: the endpoint with the fewest is one that takes none, and would get them all. */
export const CONNECTION_BALANCING: LoadBalancing = { kind: 'roundRobin' }

/**
 * How long a copy of a request may take, with its body. Envoy reads a body no faster than each of its mirrors takes it: one that takes nothing would
 * stop uploads of clients for ever.
 */
export const MIRROR_STREAM_DURATION_MS = 15_000

/** Copies that are under way to a mirror. One that does not answer would take every port and all memory of a proxy; what is more is not copied. */
export const MIRROR_LIMITS: TrafficLimits = { connections: 1_024, pendingRequests: 1_024, requests: 1_024 }

/** No limit: Envoy's own default of 15 s would cut long answers. */
export const DEFAULT_TIMEOUTS: Timeouts = { requestMs: 0, perTryMs: 0 }

/** Of the body of a request, for another try: four times what is read of a connection at once, so that a retry comes before it is full. */
export const DEFAULT_KEPT_BODY_BYTES = 131_072

/** Only what cannot have reached a backend is tried again. */
export const DEFAULT_RETRY: Retry = { attempts: 2, statusCodes: [], connectionErrors: true }
