import type { envoy } from '../../../gen/envoy/types.js'
import { DEFAULT_RETRY } from '../../../ir/defaults.js'
import type { Retry } from '../../../ir/forward.js'
import { any, duration, uint32 } from '../../message.js'

type RetryPolicy = envoy.config.route.v3.RetryPolicy

const PREVIOUS_HOSTS: envoy.config.route.v3.RetryPolicy.RetryHostPredicate = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  typedConfig: any('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate', {}),
}

/** How often another endpoint is looked for before one that has failed is asked again. */
const HOST_SELECTION_ATTEMPTS = 16

/** Envoy's own base interval of the wait between tries, for backends that have answered and need a rest. */
const DEFAULT_BACKOFF_BASE_MS = 25

/** The shortest interval that Envoy takes. */
const SHORTEST_BACKOFF_MS = 1

/** What a number of 32 bits can say; the Gateway API has no limit for `attempts`. */
const MAX_RETRIES = 2 ** 32 - 1

/** A hundred years: Envoy refuses durations that are no number of nanoseconds in 64 bits, which is 292. */
const LONGEST_MS = 100 * 365 * 24 * 3_600_000

/** What cannot have reached a backend, in the words of Envoy. */
const NOT_SENT: readonly string[] = ['connect-failure', 'refused-stream']

/** What virtual hosts say for all their routes, so that routes without wishes of their own carry nothing. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = policy(DEFAULT_RETRY, 0, NOT_SENT)

/**
 * The same for questions of Envoy's own, such as whether a request may pass: what has reached nobody is asked of another endpoint of the server, and
 * at once, since who waits for the answer is a client.
 *
 * @param timeoutMs how long an answer may take. Envoy ends each try after the longest wait between tries, which nothing else depends on here.
 */
export function questionRetry(timeoutMs: number): RetryPolicy {
  return { ...DEFAULT_RETRY_POLICY, retryBackOff: backOff(SHORTEST_BACKOFF_MS, timeoutMs) }
}

/**
 * The retry policy of a route; undefined leaves it to the virtual host.
 *
 * @param perTryMs how long one try may take; Envoy keeps that in the retry policy, also where nothing is retried
 */
export function retryPolicy(retry: Retry | undefined, perTryMs: number): RetryPolicy | undefined {
  if (retry !== undefined) return policy(retry, perTryMs, retry.attempts === 0 ? [] : conditions(retry))
  return perTryMs === 0 ? undefined : { ...DEFAULT_RETRY_POLICY, perTryTimeout: duration(perTryMs) }
}

/**
 * How long all tries may take together when each may take `perTryMs`, with the waits in between. Envoy ends a try only until its answer
 * begins, the specification until it is complete: this ends the rest.
 */
export function allTriesMs(retry: Retry = DEFAULT_RETRY, perTryMs: number): number {
  const { attempts, backoffMaxMs } = retry
  const firstWaitMs = Math.max(baseMs(retry) ?? DEFAULT_BACKOFF_BASE_MS, SHORTEST_BACKOFF_MS)
  const longestWaitMs = Math.max(backoffMaxMs ?? 10 * firstWaitMs, firstWaitMs)
  // So many waits are shorter than the longest: there may be billions of tries, but no wait doubles more often than this.
  const doubling = Math.min(attempts, Math.ceil(Math.log2(longestWaitMs / firstWaitMs)))
  const waitsMs = firstWaitMs * (2 ** doubling - 1) + longestWaitMs * (attempts - doubling)
  return Math.min(perTryMs * (attempts + 1) + waitsMs, LONGEST_MS)
}

/**
 * Tries again when a try takes too long, where the route asks for retries. The first answer wins: Envoy would end the slow try only
 * together with retries of requests that were reset, and those may have been carried out.
 */
export function hedgePolicy(retry: Retry | undefined, perTryMs: number): envoy.config.route.v3.HedgePolicy | undefined {
  return retry === undefined || retry.attempts === 0 || perTryMs === 0 ? undefined : { hedgeOnPerTryTimeout: true }
}

function policy(retry: Retry, perTryMs: number, retryOn: readonly string[]): RetryPolicy {
  const backoffBaseMs = baseMs(retry)
  const perTry = {
    ...(perTryMs === 0 ? {} : { perTryTimeout: duration(perTryMs) }),
    ...(retry.perTryIdleMs === undefined ? {} : { perTryIdleTimeout: duration(retry.perTryIdleMs) }),
  }
  // A policy of its own even when nothing is retried: without one the virtual host's would hold.
  if (retryOn.length === 0) return { numRetries: uint32(0), ...perTry }
  return {
    retryOn: retryOn.join(','),
    numRetries: uint32(Math.min(retry.attempts, MAX_RETRIES)),
    ...perTry,
    retryHostPredicate: [PREVIOUS_HOSTS],
    hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
    ...(retry.attemptsPerPriority === undefined ? {} : { retryPriority: previousPriorities(retry.attemptsPerPriority) }),
    ...(retry.statusCodes.length === 0 ? {} : { retriableStatusCodes: [...retry.statusCodes] }),
    ...(backoffBaseMs === undefined ? {} : { retryBackOff: backOff(backoffBaseMs, retry.backoffMaxMs) }),
  }
}

/**
 * The base interval of the wait between tries; undefined leaves it to Envoy. Where no connection was had, another endpoint is asked at once:
 * while Envoy waits it reads on, and answers 507 when the body is longer than what it keeps for another try.
 */
function baseMs({ backoffBaseMs, statusCodes, triggers = [] }: Retry): number | undefined {
  return backoffBaseMs ?? (statusCodes.length === 0 && triggers.length === 0 ? SHORTEST_BACKOFF_MS : undefined)
}

/** Goes on to the next priority after so many tries, although the ones before are healthy. */
function previousPriorities(updateFrequency: number): envoy.config.route.v3.RetryPolicy.RetryPriority {
  return {
    name: 'envoy.retry_priorities.previous_priorities',
    typedConfig: any('envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig', { updateFrequency }),
  }
}

/**
 * Never `reset`: what was reset after the request went out may have been carried out. gRPC's UNAVAILABLE stands beside REFUSED_STREAM in
 * HTTPRouteRetry, and says 503 in the words of gRPC.
 */
function conditions({ connectionErrors, statusCodes, triggers = [] }: Retry): readonly string[] {
  const all = [
    ...triggers,
    ...(connectionErrors ? NOT_SENT : []),
    // Whoever names events names all of them.
    ...(connectionErrors || (statusCodes.includes(503) && triggers.length === 0) ? ['unavailable'] : []),
    ...(statusCodes.length > 0 ? ['retriable-status-codes'] : []),
  ]
  return [...new Set(all)]
}

/** Envoy adds jitter: a wait is random between zero and the interval, which doubles from retry to retry. */
function backOff(baseMs: number, maxMs: number | undefined): envoy.config.route.v3.RetryPolicy.RetryBackOff {
  const base = Math.max(baseMs, SHORTEST_BACKOFF_MS)
  return { baseInterval: duration(base), ...(maxMs === undefined ? {} : { maxInterval: duration(Math.max(maxMs, base)) }) }
}
