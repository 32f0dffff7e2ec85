/** The connections of a server, so that its end is the end of all of them. */
import type { Socket } from 'node:net'

/** Connections that are open. gRPC knows those whose handshake is done; the others would keep the program from ending for minutes. */
export class Connections {
  readonly #open = new Set<Socket>()
  #onNone: (() => void) | undefined

  /** Notes a connection until it is closed. */
  add(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      if (this.#open.size === 0) this.#onNone?.()
    })
  }

  /**
   * Resolves when all are closed.
   *
   * @param graceMs how long those may take that are being closed already, such as by a peer that is to answer; the rest is cut off
   */
  async end(graceMs: number): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      const cutOff = setTimeout(() => {
        for (const socket of this.#open) socket.destroy()
      }, graceMs)
      this.#onNone = () => {
        clearTimeout(cutOff)
        resolve()
      }
    })
  }
}
