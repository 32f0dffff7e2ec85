/** Brings single objects of a cluster to what is desired, one key at a time, again and again until it worked. Only the leader writes. */
import { API_BACKOFF, backoffMs } from '../../k8s/backoff.js'
import type { Clock } from '../../k8s/clock.js'
import { hasStatus } from '../../k8s/kube-error.js'
import type { Log } from '../../k8s/log.js'
import { WorkQueue } from './work-queue.js'

/** So many objects are worked on at once. */
const CONCURRENCY = 2

/** What a writer works with. */
export interface DesiredWriterOptions<T> {
  readonly clock: Clock
  readonly log: Log
  /** What is written, for the log. */
  readonly what: string
  /** Makes the object of a key what is desired; undefined: nothing is desired any more. Tried again when it rejects. */
  readonly bring: (key: string, desired: T | undefined, signal: AbortSignal) => Promise<void>
}

/** Knows what is desired all the time, and writes it while it leads. */
export class DesiredWriter<T> {
  readonly #options: DesiredWriterOptions<T>
  readonly #queue: WorkQueue
  readonly #desired = new Map<string, T>()
  readonly #failures = new Map<string, number>()
  /** Keys of which nothing is desired any more, until that was brought about. */
  readonly #gone = new Set<string>()

  constructor(options: DesiredWriterOptions<T>) {
    this.#options = options
    this.#queue = new WorkQueue(options.clock, CONCURRENCY)
  }

  /** What is desired now, by key; undefined: nothing any more. */
  set(changes: ReadonlyMap<string, T | undefined>): void {
    for (const [key, desired] of changes) {
      if (desired === undefined) {
        this.#desired.delete(key)
        this.#gone.add(key)
      } else {
        this.#desired.set(key, desired)
        this.#gone.delete(key)
      }
      this.#queue.add(key)
    }
  }

  /** Writes until the signal aborts; afterwards no request is under way. May be started again. Never rejects. */
  async lead(signal: AbortSignal): Promise<void> {
    for (const key of [...this.#desired.keys(), ...this.#gone]) this.#queue.add(key)
    await this.#queue.run((key) => this.#work(key, signal), signal)
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const { bring, clock, log, what } = this.#options
    const desired = this.#desired.get(key)
    try {
      await bring(key, desired, signal)
      this.#failures.delete(key)
      if (this.#desired.get(key) === undefined) this.#gone.delete(key)
    } catch (error) {
      if (signal.aborted) return
      const failures = (this.#failures.get(key) ?? 0) + 1
      this.#failures.set(key, failures)
      const waitMs = backoffMs(API_BACKOFF, failures, clock)
      // Somebody has written at the same time, as at each start.
      log[hasStatus(error, 409) ? 'debug' : 'warn']({ err: error, key, waitMs }, `${what} could not be written; trying again`)
      this.#queue.addLater(key, waitMs)
    }
  }
}
