/** When a stream has begun, so that another one may, see `admission.ts`. */
import type { ServerClock } from './clock.js'

/** The first requests of a stream follow each other at once. */
const SILENCE_MS = 20

/**
 * The beginning of one stream. It is over when the client has all that there was when it came, or when nothing more is said for a moment
 * although it could be: not every client wants listeners.
 */
export class Beginning {
  readonly #clock: ServerClock
  #onEnd: (() => void) | undefined
  #cancelSilence: (() => void) | undefined

  /** @param onEnd called once */
  constructor(onEnd: () => void, clock: ServerClock) {
    this.#onEnd = onEnd
    this.#clock = clock
  }

  /** Something is on its way to the client: it is not silent. */
  goesOn(): void {
    this.#cancelSilence?.()
  }

  /** Nothing is on its way to the client: unless that changes, its beginning is over soon. */
  endAfterSilence(): void {
    this.#cancelSilence?.()
    if (this.#onEnd !== undefined) this.#cancelSilence = this.#clock.after(SILENCE_MS, () => this.end())
  }

  /** It is over. May be called more than once. */
  end(): void {
    const onEnd = this.#onEnd
    this.#onEnd = undefined
    this.#cancelSilence?.()
    onEnd?.()
  }
}
