/** What the settings of BackendTrafficPolicies mean, in the words of the IR. */
import type { ActiveHealthCheck as ActiveSpec, BackendTrafficSettings, CircuitBreaker } from '../../gen/kinds.js'
import type { ActiveHealthCheck, BackendTraffic, LoadBalancing, PassiveHealthCheck, UpstreamHttp } from '../../ir/cluster.js'
import { DEFAULT_RETRY } from '../../ir/defaults.js'
import type { HashSource, Retry, Timeouts } from '../../ir/forward.js'
import { durationMilliseconds } from '../../kinds/duration.js'

/** Envoy's own size of a Maglev table. */
const TABLE_SIZE = 65_537

/**
 * How traffic to a backend is treated: what the settings do not say stays as it is.
 *
 * @param host that health checks ask for where they name none
 */
export function backendTraffic(base: BackendTraffic, settings: BackendTrafficSettings, host: string): BackendTraffic {
  const { loadBalancer, timeouts, circuitBreaker, healthCheck, tcpKeepalive } = settings
  const connectTimeout = timeouts?.tcp?.connectTimeout
  const http = upstreamHttp(settings)
  return {
    ...base,
    ...(connectTimeout === undefined ? {} : { connectTimeoutMs: durationMilliseconds(connectTimeout) }),
    ...(loadBalancer === undefined ? {} : { loadBalancing: loadBalancing(loadBalancer) }),
    ...(circuitBreaker === undefined ? {} : { limits: limits(circuitBreaker) }),
    ...(healthCheck?.active === undefined ? {} : { activeHealthCheck: activeHealthCheck(healthCheck.active, host) }),
    ...(healthCheck?.passive === undefined ? {} : { passiveHealthCheck: passiveHealthCheck(healthCheck.passive) }),
    ...(healthCheck?.panicThreshold === undefined ? {} : { panicThresholdPercent: healthCheck.panicThreshold }),
    ...(tcpKeepalive === undefined
      ? {}
      : {
          tcpKeepalive: {
            ...(tcpKeepalive.probes === undefined ? {} : { probes: tcpKeepalive.probes }),
            ...(tcpKeepalive.idleTime === undefined ? {} : { idleSeconds: durationMilliseconds(tcpKeepalive.idleTime) / 1_000 }),
            ...(tcpKeepalive.interval === undefined ? {} : { intervalSeconds: durationMilliseconds(tcpKeepalive.interval) / 1_000 }),
          },
        }),
    ...(Object.keys(http).length === 0 ? {} : { http }),
  }
}

/** Timeouts of requests: what the settings do not say stays as it is. */
export function requestTimeouts(base: Timeouts, { timeouts, retry }: BackendTrafficSettings): Timeouts {
  const request = timeouts?.http?.requestTimeout
  const idle = timeouts?.http?.streamIdleTimeout
  const perTry = retry?.perRetry?.timeout
  return {
    ...base,
    ...(request === undefined ? {} : { requestMs: durationMilliseconds(request) }),
    ...(perTry === undefined ? {} : { perTryMs: durationMilliseconds(perTry) }),
    ...(idle === undefined ? {} : { idleMs: durationMilliseconds(idle) }),
  }
}

/** Retries: what the settings do not say stays as it is. Undefined where nobody says anything. */
export function requestRetry(base: Retry | undefined, { retry }: BackendTrafficSettings): Retry | undefined {
  const { numRetries, retryOn, perRetry } = retry ?? {}
  if (numRetries === undefined && retryOn === undefined && perRetry === undefined) return base
  const from = base ?? DEFAULT_RETRY
  const backOff = perRetry?.backOff
  return {
    ...from,
    ...(numRetries === undefined ? {} : { attempts: numRetries }),
    ...(retryOn === undefined
      ? {}
      : {
          // Codes alone say what is tried again as well: then nothing else is.
          connectionErrors: false,
          triggers: (retryOn.triggers ?? []).filter((trigger) => trigger !== 'retriable-status-codes').sort(),
          statusCodes: [...(retryOn.httpStatusCodes ?? [])].sort((a, b) => a - b),
        }),
    ...(backOff === undefined ? {} : { backoffBaseMs: durationMilliseconds(backOff.baseInterval) }),
    ...(backOff?.maxInterval === undefined ? {} : { backoffMaxMs: durationMilliseconds(backOff.maxInterval) }),
  }
}

/** What of a request decides among endpoints; undefined where nothing does. */
export function hashSource({ loadBalancer }: BackendTrafficSettings): HashSource | undefined {
  const hash = loadBalancer?.consistentHash
  switch (hash?.type) {
    case undefined:
      return undefined
    case 'SourceIP':
      return { kind: 'sourceIp' }
    case 'Header':
      return { kind: 'header', name: (hash.header ?? '').toLowerCase() }
    case 'QueryParameter':
      return { kind: 'queryParameter', name: hash.queryParameter ?? '' }
    case 'Cookie':
      return {
        kind: 'cookie',
        name: hash.cookie?.name ?? '',
        ...(hash.cookie?.ttl === undefined ? {} : { ttlMs: durationMilliseconds(hash.cookie.ttl) }),
      }
  }
}

function loadBalancing({ type, consistentHash, slowStart }: NonNullable<BackendTrafficSettings['loadBalancer']>): LoadBalancing {
  const ramp = slowStart === undefined ? {} : { slowStartMs: durationMilliseconds(slowStart.window) }
  switch (type) {
    case 'LeastRequest':
      return { kind: 'leastRequest', ...ramp }
    case 'RoundRobin':
      return { kind: 'roundRobin', ...ramp }
    case 'Random':
      return { kind: 'random' }
    case 'ConsistentHash':
      return { kind: 'consistentHash', tableSize: consistentHash?.tableSize ?? TABLE_SIZE }
  }
}

function limits(breaker: CircuitBreaker): NonNullable<BackendTraffic['limits']> {
  const { maxConnections, maxPendingRequests, maxParallelRequests, maxParallelRetries } = breaker
  return {
    ...(maxConnections === undefined ? {} : { connections: maxConnections }),
    ...(maxPendingRequests === undefined ? {} : { pendingRequests: maxPendingRequests }),
    ...(maxParallelRequests === undefined ? {} : { requests: maxParallelRequests }),
    ...(maxParallelRetries === undefined ? {} : { retries: maxParallelRetries }),
  }
}

function activeHealthCheck(check: ActiveSpec, host: string): ActiveHealthCheck {
  return {
    host: check.http?.hostname ?? host,
    timeoutMs: durationMilliseconds(check.timeout),
    intervalMs: durationMilliseconds(check.interval),
    unhealthyThreshold: check.unhealthyThreshold,
    healthyThreshold: check.healthyThreshold,
    question: question(check),
  }
}

function question({ type, http, tcp, grpc }: ActiveSpec): ActiveHealthCheck['question'] {
  switch (type) {
    case 'HTTP':
      return {
        kind: 'http',
        path: http?.path ?? '/',
        method: http?.method ?? 'GET',
        expectedStatuses: [...(http?.expectedStatuses ?? [200])].sort((a, b) => a - b),
      }
    case 'TCP':
      return {
        kind: 'tcp',
        ...(tcp?.send === undefined ? {} : { send: tcp.send.text }),
        ...(tcp?.receive === undefined ? {} : { receive: tcp.receive.text }),
      }
    case 'GRPC':
      return { kind: 'grpc', ...(grpc?.service === undefined ? {} : { service: grpc.service }) }
  }
}

function passiveHealthCheck(check: NonNullable<NonNullable<BackendTrafficSettings['healthCheck']>['passive']>): PassiveHealthCheck {
  return {
    intervalMs: durationMilliseconds(check.interval ?? '3s'),
    baseEjectionMs: durationMilliseconds(check.baseEjectionTime ?? '30s'),
    maxEjectionPercent: check.maxEjectionPercent ?? 10,
    consecutive5xx: check.consecutive5XxErrors ?? 5,
    consecutiveGatewayFailures: check.consecutiveGatewayErrors ?? 0,
    ...(check.consecutiveLocalOriginFailures === undefined ? {} : { consecutiveLocalFailures: check.consecutiveLocalOriginFailures }),
  }
}

function upstreamHttp({ timeouts, circuitBreaker, http2 }: BackendTrafficSettings): UpstreamHttp {
  const { connectionIdleTimeout, maxConnectionDuration } = timeouts?.http ?? {}
  return {
    ...(connectionIdleTimeout === undefined ? {} : { idleTimeoutMs: durationMilliseconds(connectionIdleTimeout) }),
    ...(maxConnectionDuration === undefined ? {} : { maxConnectionDurationMs: durationMilliseconds(maxConnectionDuration) }),
    ...(circuitBreaker?.maxRequestsPerConnection === undefined
      ? {}
      : { maxRequestsPerConnection: circuitBreaker.maxRequestsPerConnection }),
    ...(http2?.initialStreamWindowSize === undefined ? {} : { streamWindowBytes: http2.initialStreamWindowSize }),
    ...(http2?.initialConnectionWindowSize === undefined ? {} : { connectionWindowBytes: http2.initialConnectionWindowSize }),
    ...(http2?.maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams: http2.maxConcurrentStreams }),
  }
}
