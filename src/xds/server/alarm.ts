import type { ServerClock } from './clock.js'

/** Calls back at one time, which may be changed until then. */
export class Alarm {
  readonly #clock: ServerClock
  readonly #ring: (now: number) => void
  #at: number | undefined
  #cancel: (() => void) | undefined

  constructor(clock: ServerClock, ring: (now: number) => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** @param at by the clock, in milliseconds; a time that has passed rings soon, and undefined never */
  set(at: number | undefined): void {
    if (at === this.#at) return
    this.cancel()
    if (at === undefined) return
    this.#at = at
    // Timers may be early by less than a millisecond.
    this.#cancel = this.#clock.after(Math.max(0, at - this.#clock.now()) + 1, () => {
      this.#at = undefined
      this.#ring(this.#clock.now())
    })
  }

  /** It does not ring. */
  cancel(): void {
    this.#cancel?.()
    this.#at = undefined
  }
}
