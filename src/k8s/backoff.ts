/** Waits that grow with every failure in a row. */
import type { Clock } from './clock.js'

/** How long to wait after the first failure, after many, and how the wait grows between. */
export interface BackoffPolicy {
  readonly firstMs: number
  readonly maxMs: number
  readonly factor: number
  /** Share of the wait that chance adds or takes away, so that many clients do not come back at the same moment. */
  readonly jitter: number
}

/** What an API server that is overloaded or starting can stand: 0.8 s to 30 s, doubled, ± 20 %. */
export const API_BACKOFF: BackoffPolicy = { firstMs: 800, maxMs: 30_000, factor: 2, jitter: 0.2 }

/** A server that is away or starting is hardly burdened by the question, and is to be found soon after it is back. */
export const RECONNECT_BACKOFF: BackoffPolicy = { ...API_BACKOFF, maxMs: 8_000 }

/**
 * How long to wait before the next attempt, in milliseconds.
 *
 * @param failures failures in a row so far, at least 1
 */
export function backoffMs(policy: BackoffPolicy, failures: number, clock: Pick<Clock, 'random'>): number {
  const exponent = Math.min(failures - 1, 32)
  const wait = Math.min(policy.firstMs * policy.factor ** exponent, policy.maxMs)
  return wait * (1 + policy.jitter * (2 * clock.random() - 1))
}
