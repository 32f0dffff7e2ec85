/** Streams that may have something to send, served in turns that leave room for sockets and for the translation. */

/** Something that writes when it can. */
export interface Pumped {
  pump(): void
}

const SLICE_MS = 5

/** A set, not a list: a stream that has a reason to write several times is looked at once. */
export class PumpQueue {
  readonly #waiting = new Set<Pumped>()
  #isScheduled = false

  /** Has the stream pumped soon, after the present turn of the event loop's callbacks. */
  add(stream: Pumped): void {
    this.#waiting.add(stream)
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => this.#run())
  }

  #run(): void {
    const end = performance.now() + SLICE_MS
    for (const stream of this.#waiting) {
      this.#waiting.delete(stream)
      stream.pump()
      if (performance.now() > end && this.#waiting.size > 0) {
        setImmediate(() => this.#run())
        return
      }
    }
    this.#isScheduled = false
  }
}
