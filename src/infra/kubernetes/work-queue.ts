/** Keys to work on: each at most once at a time, again when something changed meanwhile, some only after a while. */
import { linkedController } from '../../k8s/abort.js'
import type { Clock } from '../../k8s/clock.js'
import { Slots } from '../../k8s/slots.js'

/** So many times the concurrency at most, with what is slow. */
const MOST_SLOW = 8

/** A queue of keys. */
export class WorkQueue {
  readonly #clock: Clock
  /** When each waiting key is due, in milliseconds of the clock. */
  readonly #due = new Map<string, number>()
  /** The keys that are worked on. */
  readonly #busy: Slots<string>
  #wake: () => void = () => undefined

  constructor(clock: Clock, concurrency: number) {
    this.#clock = clock
    this.#busy = new Slots(clock, concurrency, concurrency * MOST_SLOW)
  }

  /** Has the key worked on as soon as possible. */
  add(key: string): void {
    this.#due.set(key, this.#clock.monotonicMs())
    this.#wake()
  }

  /** Has the key worked on after a while, unless it is added before. */
  addLater(key: string, delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs
    this.#due.set(key, Math.min(this.#due.get(key) ?? dueMs, dueMs))
    this.#wake()
  }

  /**
   * Works until the signal aborts, and waits for the work under way.
   *
   * @param work must not reject
   */
  async run(work: (key: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    const tasks = new Set<Promise<void>>()
    while (!signal.aborted) {
      for (const key of this.#takeDue()) {
        this.#busy.take(key)
        const task = work(key).finally(() => {
          this.#busy.free(key)
          tasks.delete(task)
          this.#wake()
        })
        tasks.add(task)
      }
      await this.#pause(signal)
    }
    await Promise.all(tasks)
  }

  #takeDue(): readonly string[] {
    const nowMs = this.#clock.monotonicMs()
    const { room } = this.#busy
    const taken: string[] = []
    for (const [key, dueMs] of this.#due) {
      if (taken.length >= room) break
      if (dueMs > nowMs || this.#busy.has(key)) continue
      this.#due.delete(key)
      taken.push(key)
    }
    return taken
  }

  /** When something may have its turn; infinite: not before something else has ended, or was added. */
  get #nextMs(): number {
    const waiting = [...this.#due].filter(([key]) => !this.#busy.has(key)).map(([, dueMs]) => dueMs)
    return Math.max(Math.min(...waiting), this.#busy.roomAtMs)
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    using link = linkedController(signal)
    this.#wake = () => link.controller.abort('awake')
    const leftMs = this.#nextMs - this.#clock.monotonicMs()
    if (leftMs > 0) await this.#clock.sleep(Math.min(leftMs, 3_600_000), link.controller.signal)
    this.#wake = () => undefined
  }
}
