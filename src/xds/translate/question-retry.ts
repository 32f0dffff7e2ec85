/**
 * What Envoy does with a question of its own, such as whether a request may pass, that has reached nobody: it asks another endpoint of the
 * server, as it does with requests.
 */
import type { envoy } from '../../gen/envoy/types.js'
import { DEFAULT_RETRY } from '../../ir/defaults.js'
import { duration, uint32 } from '../message.js'
import { HOST_SELECTION_ATTEMPTS, NOT_SENT, PREVIOUS_HOSTS, SHORTEST_BACKOFF_MS } from './routes/retry-policy.js'

/**
 * The policy. The next endpoint is asked at once: who waits for the answer is a client.
 *
 * @param timeoutMs how long an answer may take. Envoy ends each try after the longest wait between tries, which nothing else depends on here.
 */
export function questionRetry(timeoutMs: number): envoy.config.core.v3.RetryPolicy {
  return {
    retryOn: NOT_SENT.join(','),
    numRetries: uint32(DEFAULT_RETRY.attempts),
    retryHostPredicate: [PREVIOUS_HOSTS],
    hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
    retryBackOff: { baseInterval: duration(SHORTEST_BACKOFF_MS), maxInterval: duration(Math.max(timeoutMs, SHORTEST_BACKOFF_MS)) },
  }
}
