/** What a start cannot do without, from an API server that is overloaded or about to start itself. */
import { API_BACKOFF, backoffMs } from './backoff.js'
import type { Clock } from './clock.js'
import { KubeApiError } from './kube-error.js'
import type { Log } from './log.js'

/** Less than the probe of a starting pod leaves it. */
const PATIENCE_MS = 45_000

/**
 * Asks again while the API server answers that it cannot now: a program that ends for it is started again ever more seldom by the kubelet, minutes after
 * the API server can. Throws every other failure at once, and this one after 45 s.
 */
export async function untilAnswered<Answer>(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  ask: () => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const endMs = clock.monotonicMs() + PATIENCE_MS
  for (let failures = 1; ; failures++) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof KubeApiError) || (error.status !== 429 && error.status < 500)) throw error
      const waitMs = Math.max(backoffMs(API_BACKOFF, failures, clock), error.retryAfterMs ?? 0)
      if (clock.monotonicMs() + waitMs > endMs) throw error
      if (failures === 1) log.warn({ err: error }, 'the API server cannot answer now; asking again')
      await clock.sleep(waitMs, signal)
      signal.throwIfAborted()
    }
  }
}
