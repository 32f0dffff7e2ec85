import type { envoy } from '../../../gen/envoy/types.js'
import type { BackendProtocol, RetryBudget, TrafficLimits } from '../../../ir/cluster.js'
import { duration, uint32 } from '../../message.js'

/** As good as none: Envoy's own limits (1,024 connections and requests, 3 retries) answer 503 in the middle of an ordinary day. */
const UNLIMITED = uint32(0xffff_ffff)

/**
 * Clients whose datagrams a proxy passes on to one backend at the same time. Each has a socket for a minute after its last one, and clients are
 * as many as somebody writes into the headers of datagrams: without a limit they end the proxy, which crashes when no socket is left.
 */
const MOST_DATAGRAM_CLIENTS = 50_000

/** How much may be under way to one cluster at the same time. A budget for retries counts more than a number of them. */
export function circuitBreakers(
  protocol: BackendProtocol,
  retryBudget: RetryBudget | undefined,
  limits: TrafficLimits = {},
): envoy.config.cluster.v3.CircuitBreakers {
  return {
    thresholds: [
      {
        maxConnections: limit(limits.connections ?? (protocol === 'udp' ? MOST_DATAGRAM_CLIENTS : undefined)),
        maxPendingRequests: limit(limits.pendingRequests),
        maxRequests: limit(limits.requests),
        ...retries(retryBudget, limits),
      },
    ],
    ...(limits.connectionsPerEndpoint === undefined
      ? {}
      : { perHostThresholds: [{ maxConnections: uint32(limits.connectionsPerEndpoint) }] }),
  }
}

type Thresholds = envoy.config.cluster.v3.CircuitBreakers.Thresholds

function retries(retryBudget: RetryBudget | undefined, { retries: most, retryShare }: TrafficLimits): Thresholds {
  if (retryShare !== undefined) {
    const { percent, minConcurrency } = retryShare
    return {
      retryBudget: {
        budgetPercent: { value: percent },
        ...(minConcurrency === undefined ? {} : { minRetryConcurrency: uint32(minConcurrency) }),
      },
    }
  }
  return retryBudget === undefined ? { maxRetries: limit(most) } : { retryBudget: budget(retryBudget) }
}

function limit(value: number | undefined): typeof UNLIMITED {
  return value === undefined ? UNLIMITED : uint32(value)
}

/**
 * Envoy counts retries that are under way, the specification retries per interval: the minimum is taken as a rate per second, as if a
 * retry took one second.
 */
function budget({
  percent,
  intervalMs,
  minRetriesPerInterval,
  minIntervalMs,
}: RetryBudget): envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget {
  const perSecond = minIntervalMs === 0 ? minRetriesPerInterval : (minRetriesPerInterval * 1000) / minIntervalMs
  return {
    budgetPercent: { value: percent },
    minRetryConcurrency: uint32(Math.max(Math.ceil(perSecond), 1)),
    budgetInterval: duration(intervalMs),
  }
}
