/** Streams that may have something to send, served in turns that leave room for sockets and for the translation. */

/** Something that writes when it can. */
export interface Pumped {
  pump(): void
}

const SLICE_MS = 5

/** A set, not a list: a stream that has a reason to write several times is looked at once. */
export class PumpQueue {
  readonly #waiting = new Set<Pumped>()
  readonly #now: () => number
  #isScheduled = false
  /** When this turn of the event loop has served streams for long enough; undefined until it served the first. */
  #endOfTurn: number | undefined

  /** @param now milliseconds, for the length of turns */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Has the stream pumped soon, after the present turn of the event loop's callbacks. */
  add(stream: Pumped): void {
    this.#waiting.add(stream)
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => this.#run())
  }

  /**
   * A pumped stream may take its next request, which was read already, before anything else happens, and so be back at once: what a turn may take
   * counts for all runs in it. Otherwise a crowd with its requests in the sockets would keep the loop until all of it was served.
   */
  #run(): void {
    if (this.#endOfTurn === undefined) {
      this.#endOfTurn = this.#now() + SLICE_MS
      setImmediate(() => this.#nextTurn())
    }
    for (const stream of this.#waiting) {
      if (this.#now() > this.#endOfTurn) return
      this.#waiting.delete(stream)
      stream.pump()
    }
    this.#isScheduled = false
  }

  #nextTurn(): void {
    this.#endOfTurn = undefined
    if (this.#waiting.size > 0) this.#run()
  }
}
