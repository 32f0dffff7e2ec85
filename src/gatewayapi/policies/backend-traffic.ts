/** What the settings of BackendTrafficPolicies mean, in the words of the IR. */
import type { BackendTrafficSettings, CircuitBreaker, BackendDNS as DnsSettings, HTTP2Keepalive } from '../../gen/kinds.js'
import type { BackendTraffic, DnsLookups, Http2Ping, UpstreamHttp } from '../../ir/cluster.js'
import { DEFAULT_RETRY } from '../../ir/defaults.js'
import type { Forward, HashSource, Retry, Timeouts } from '../../ir/forward.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { quantityBytes } from '../../kinds/quantity.js'
import { compareText } from '../../util/compare-text.js'
import { activeHealthCheck, passiveHealthCheck } from './health-checks.js'
import { balancing } from './load-balancing.js'

/**
 * How traffic to a backend is treated: what the settings do not say stays as it is.
 *
 * @param host that health checks ask for where they name none
 */
export function backendTraffic(base: BackendTraffic, settings: BackendTrafficSettings, host: string): BackendTraffic {
  const { loadBalancer, timeouts, circuitBreaker, healthCheck, tcpKeepalive, connection, dns, proxyProtocol } = settings
  const { perEndpointPercent, predictivePercent } = connection?.preconnect ?? {}
  const connectTimeout = timeouts?.tcp?.connectTimeout
  const http = upstreamHttp(settings)
  const { localZone, ...others } = base
  return {
    ...(loadBalancer === undefined ? base : { ...others, ...balancing(loadBalancer, localZone) }),
    ...(connectTimeout === undefined ? {} : { connectTimeoutMs: durationMilliseconds(connectTimeout) }),
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
    ...(connection?.bufferLimit === undefined ? {} : { bufferLimitBytes: quantityBytes(connection.bufferLimit) }),
    ...(connection?.preconnect === undefined
      ? {}
      : {
          preconnect: {
            ...(perEndpointPercent === undefined ? {} : { perEndpointRatio: perEndpointPercent / 100 }),
            ...(predictivePercent === undefined ? {} : { predictiveRatio: predictivePercent / 100 }),
          },
        }),
    ...(dns === undefined ? {} : { dns: dnsLookups(dns) }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol: proxyProtocol.version === 'V1' ? ('v1' as const) : ('v2' as const) }),
    ...(Object.keys(http).length === 0 ? {} : { http }),
  }
}

/** Timeouts of requests: what the settings do not say stays as it is. */
export function requestTimeouts(base: Timeouts, { timeouts, retry }: BackendTrafficSettings): Timeouts {
  const request = timeouts?.http?.requestTimeout
  const idle = timeouts?.http?.streamIdleTimeout
  const stream = timeouts?.http?.maxStreamDuration
  const perTry = retry?.perRetry?.timeout
  return {
    ...base,
    ...(request === undefined ? {} : { requestMs: durationMilliseconds(request) }),
    ...(perTry === undefined ? {} : { perTryMs: durationMilliseconds(perTry) }),
    ...(idle === undefined ? {} : { idleMs: durationMilliseconds(idle) }),
    ...(stream === undefined ? {} : { streamMs: durationMilliseconds(stream) }),
  }
}

/** Retries: what the settings do not say stays as it is. Undefined where nobody says anything. */
export function requestRetry(base: Retry | undefined, { retry }: BackendTrafficSettings): Retry | undefined {
  const { numRetries, numAttemptsPerPriority, retryOn, perRetry } = retry ?? {}
  if (numAttemptsPerPriority === undefined && numRetries === undefined && retryOn === undefined && perRetry === undefined) return base
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
    ...(numAttemptsPerPriority === undefined ? {} : { attemptsPerPriority: numAttemptsPerPriority }),
    ...(perRetry?.idleTimeout === undefined ? {} : { perTryIdleMs: durationMilliseconds(perRetry.idleTimeout) }),
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
      return { kind: 'headers', names: [(hash.header ?? '').toLowerCase()] }
    case 'Headers':
      return { kind: 'headers', names: (hash.headers ?? []).map((name) => name.toLowerCase()) }
    case 'QueryParameter':
      return { kind: 'queryParameters', names: [hash.queryParameter ?? ''] }
    case 'QueryParameters':
      return { kind: 'queryParameters', names: hash.queryParameters ?? [] }
    case 'Cookie':
      return {
        kind: 'cookie',
        name: hash.cookie?.name ?? '',
        ...(hash.cookie?.ttl === undefined ? {} : { ttlMs: durationMilliseconds(hash.cookie.ttl) }),
        attributes: Object.entries(hash.cookie?.attributes ?? {})
          .map(([name, value]) => ({ name, value }))
          .sort((a, b) => compareText(a.name, b.name)),
      }
  }
}

/** Protocols that requests may change to, but for those of the method CONNECT; undefined where nobody says any. */
export function upgradesOf({ httpUpgrade }: BackendTrafficSettings): readonly string[] | undefined {
  return httpUpgrade?.filter(({ type }) => type !== 'CONNECT').map(({ type }) => type.toLowerCase())
}

/** How requests of the method CONNECT are served; undefined where they are not. */
export function connectOf({ httpUpgrade }: BackendTrafficSettings): Forward['connect'] {
  const found = httpUpgrade?.find(({ type }) => type === 'CONNECT')
  return found === undefined ? undefined : found.connect?.terminate === true ? 'terminate' : 'forward'
}

/** True if answers must not say how busy endpoints are: what is for us is not for clients. */
export function hidesLoadReports({ loadBalancer }: BackendTrafficSettings): boolean {
  return loadBalancer?.type === 'BackendUtilization' && loadBalancer.backendUtilization?.keepResponseHeaders !== true
}

function limits(breaker: CircuitBreaker): NonNullable<BackendTraffic['limits']> {
  const { maxConnections, maxPendingRequests, maxParallelRequests, maxParallelRetries, perEndpoint, retryBudget } = breaker
  return {
    ...(maxConnections === undefined ? {} : { connections: maxConnections }),
    ...(maxPendingRequests === undefined ? {} : { pendingRequests: maxPendingRequests }),
    ...(maxParallelRequests === undefined ? {} : { requests: maxParallelRequests }),
    ...(maxParallelRetries === undefined ? {} : { retries: maxParallelRetries }),
    ...(perEndpoint?.maxConnections === undefined ? {} : { connectionsPerEndpoint: perEndpoint.maxConnections }),
    ...(retryBudget === undefined
      ? {}
      : {
          retryShare: {
            percent: (100 * retryBudget.percent.numerator) / retryBudget.percent.denominator,
            ...(retryBudget.minRetryConcurrency === undefined ? {} : { minConcurrency: retryBudget.minRetryConcurrency }),
          },
        }),
  }
}

function upstreamHttp({ timeouts, circuitBreaker, http2, useClientProtocol }: BackendTrafficSettings): UpstreamHttp {
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
    ...(http2?.onInvalidMessage === undefined ? {} : { keepsConnectionOnInvalidMessage: http2.onInvalidMessage === 'TerminateStream' }),
    ...(http2?.connectionKeepalive === undefined ? {} : { ping: ping(http2.connectionKeepalive) }),
    ...(useClientProtocol === undefined ? {} : { followsClient: useClientProtocol }),
  }
}

function ping({ interval, timeout, intervalJitter, idleInterval }: HTTP2Keepalive): Http2Ping {
  return {
    ...(interval === undefined ? {} : { intervalMs: durationMilliseconds(interval) }),
    ...(timeout === undefined ? {} : { timeoutMs: durationMilliseconds(timeout) }),
    ...(intervalJitter === undefined ? {} : { jitterPercent: intervalJitter }),
    ...(idleInterval === undefined ? {} : { idleMs: durationMilliseconds(idleInterval) }),
  }
}

function dnsLookups({ dnsRefreshRate, respectDnsTtl, lookupFamily }: DnsSettings): DnsLookups {
  return {
    ...(dnsRefreshRate === undefined ? {} : { refreshMs: durationMilliseconds(dnsRefreshRate) }),
    ...(respectDnsTtl === undefined ? {} : { respectsTtl: respectDnsTtl }),
    ...(lookupFamily === undefined ? {} : { family: lookupFamily }),
  }
}
