/** When it is said that Envoys of a fleet are missing: pods that come and go must not become as many statuses. */
import type { Clock } from '../../k8s/clock.js'

/** Pods that are replaced are missing for a moment, which is not worth a word; what is said says something else not before so long, either. */
const SETTLE_MS = 30_000

interface Shortage {
  said: string | undefined
  latest: string
  isWaiting: boolean
}

/** What is said of each fleet. That nothing is missing any more is said at once. */
export class SettledShortages {
  readonly #clock: Clock
  readonly #onSettled: (fleet: string) => void
  readonly #shortages = new Map<string, Shortage>()

  /** @param onSettled told the fleets of which something else is to be said than at the last question */
  constructor(clock: Clock, onSettled: (fleet: string) => void) {
    this.#clock = clock
    this.#onSettled = onSettled
  }

  /** What to say now of a fleet, of which this is true; nothing becomes due after the signal aborts. */
  say(fleet: string, shortage: string | undefined, signal: AbortSignal): string | undefined {
    if (shortage === undefined) {
      this.#shortages.delete(fleet)
      return undefined
    }
    const known = this.#shortages.get(fleet) ?? { said: undefined, latest: shortage, isWaiting: false }
    this.#shortages.set(fleet, known)
    known.latest = shortage
    if (known.said !== shortage && !known.isWaiting) void this.#settle(fleet, known, signal)
    return known.said
  }

  async #settle(fleet: string, shortage: Shortage, signal: AbortSignal): Promise<void> {
    shortage.isWaiting = true
    await this.#clock.sleep(SETTLE_MS, signal)
    shortage.isWaiting = false
    if (signal.aborted || this.#shortages.get(fleet) !== shortage || shortage.said === shortage.latest) return
    shortage.said = shortage.latest
    this.#onSettled(fleet)
  }
}
