/**
 * Streams that wait for their turn to begin. A proxy that comes (back) names or gets everything that it has, which takes its time and memory:
 * when a thousand come in the same moment, the first ones are served whole while the others are not read, instead of all of them in parts.
 */
import type { ServerClock } from './clock.js'

/** How many streams begin at once, and for how long each may keep others waiting. */
export interface AdmissionLimits {
  /** Streams that begin at the same time. */
  readonly beginningStreams: number
  /** Milliseconds after which a stream keeps nobody waiting, however far it is: a slow proxy costs the others no more. */
  readonly beginningMs: number
}

/** Lets streams begin, in the order in which they came. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #clock: ServerClock
  readonly #waiting = new Set<() => void>()
  #beginning = 0

  constructor(limits: AdmissionLimits, clock: ServerClock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** How many streams wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Calls `begin` as soon as it is this stream's turn, at once if there is room. The returned function says that it has begun, or is
   * gone; it may be called at any time, and more than once.
   */
  enter(begin: () => void): () => void {
    let leave = (): void => {
      this.#waiting.delete(start)
    }
    const start = (): void => {
      this.#waiting.delete(start)
      this.#beginning += 1
      const cancel = this.#clock.after(this.#limits.beginningMs, () => leave())
      leave = () => {
        leave = () => {}
        cancel()
        this.#beginning -= 1
        this.#next()
      }
      begin()
    }
    this.#waiting.add(start)
    this.#next()
    return () => leave()
  }

  #next(): void {
    for (const start of this.#waiting) {
      if (this.#beginning >= this.#limits.beginningStreams) return
      start()
    }
  }
}
