/**
 * Connections that come faster than the loop can take them. The system hands all of a crowd over in one turn of the event loop, and each then has
 * a handshake in the next one: a thousand of them are a second in which nothing else is done. Here they stand, unread, and are let in
 * as long as turns are short.
 */
import type { Socket } from 'node:net'

/** A turn that took longer lets fewer in. */
const LONG_TURN_MS = 10

/** Lets connections in one after the other, in the order in which they came. */
export class Doorway {
  readonly #letIn: (socket: Socket) => void
  readonly #now: () => number
  readonly #waiting = new Set<Socket>()
  #portion = 0
  #isOpen = false

  /** @param letIn serves a connection that was not read from @param now milliseconds, for the length of turns */
  constructor(letIn: (socket: Socket) => void, now: () => number = () => performance.now()) {
    this.#letIn = letIn
    this.#now = now
  }

  /** How many connections wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Takes a connection that nothing was read from. */
  add(socket: Socket): void {
    this.#waiting.add(socket)
    socket.on('error', () => this.#waiting.delete(socket))
    if (this.#isOpen) return
    this.#isOpen = true
    this.#turn(this.#now())
  }

  /** Ends the connections that wait. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy()
    this.#waiting.clear()
  }

  #turn(previous: number): void {
    if (this.#isOpen && this.#waiting.size === 0) {
      this.#isOpen = false
      this.#portion = 0
      return
    }
    const now = this.#now()
    this.#portion = now - previous > LONG_TURN_MS ? Math.max(1, this.#portion >> 1) : this.#portion + 1
    let left = this.#portion
    for (const socket of this.#waiting) {
      if (left-- === 0) break
      this.#waiting.delete(socket)
      if (!socket.destroyed) this.#letIn(socket)
    }
    // Who comes later in this turn waits for the next one, even behind nobody.
    setImmediate(() => this.#turn(now))
  }
}
