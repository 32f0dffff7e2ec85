/** Room for so much work at the same time. */
import type { Clock } from './clock.js'

/** What takes longer waits for something else, such as a webhook that does not answer: it does not keep others from their turn. */
const SLOW_MS = 1_000

/** Who works now. */
export class Slots<Worker> {
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #most: number
  /** Since when each works. */
  readonly #since = new Map<Worker, number>()

  /**
   * @param concurrency so many work at once of which nobody can say yet that they are slow
   * @param most and so many with those that are
   */
  constructor(clock: Clock, concurrency: number, most: number) {
    this.#clock = clock
    this.#concurrency = concurrency
    this.#most = most
  }

  /** Begins; whether there is room is asked before. */
  take(worker: Worker): void {
    this.#since.set(worker, this.#clock.monotonicMs())
  }

  /** Ends. */
  free(worker: Worker): void {
    this.#since.delete(worker)
  }

  has(worker: Worker): boolean {
    return this.#since.has(worker)
  }

  /** How many more may begin now. */
  get room(): number {
    return Math.min(this.#concurrency - this.#quick().length, this.#most - this.#since.size)
  }

  /** When there is room although nobody ends, in milliseconds of the clock; infinite: never. */
  get roomAtMs(): number {
    if (this.room > 0) return this.#clock.monotonicMs()
    return this.#since.size < this.#most ? Math.min(...this.#quick()) + SLOW_MS : Number.POSITIVE_INFINITY
  }

  #quick(): readonly number[] {
    const nowMs = this.#clock.monotonicMs()
    return [...this.#since.values()].filter((sinceMs) => nowMs - sinceMs < SLOW_MS)
  }
}
