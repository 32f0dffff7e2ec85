/** Turns of the event loop, one for each who asks. */

/**
 * Whoever has much to do asks for a turn between its parts. `setImmediate` alone gives the same turn to all who wait: three lists that come in
 * together kept the event loop three times as long as each of them.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []

  /** Resolves in a turn that nobody else who asks here gets, in the order of asking. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) setImmediate(() => this.#give())
    })
  }

  #give(): void {
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) setImmediate(() => this.#give())
  }
}
