/** The connections of a server: how many a peer may have, and that its end is the end of all of them. */
import type { Socket } from 'node:net'
import { PeerCounts } from './peer-counts.js'

/** Connections that are open. gRPC knows those whose handshake is done; the others would keep the program from ending for minutes. */
export class Connections {
  readonly #open = new Set<Socket>()
  readonly #ofPeers = new PeerCounts()
  readonly #maxPerPeer: number
  #onNone: (() => void) | undefined

  /** @param maxPerPeer open connections of one remote address */
  constructor(maxPerPeer: number) {
    this.#maxPerPeer = maxPerPeer
  }

  /** Notes a connection until it is closed. Returns false, and ends it, if its peer has as many as it may have. */
  add(socket: Socket): boolean {
    const peer = socket.remoteAddress ?? ''
    if (this.#ofPeers.of(peer) >= this.#maxPerPeer) {
      socket.destroy()
      return false
    }
    this.#open.add(socket)
    this.#ofPeers.add(peer)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#ofPeers.remove(peer)
      if (this.#open.size === 0) this.#onNone?.()
    })
    return true
  }

  /** Cuts all off; others may come. */
  cut(): void {
    for (const socket of this.#open) socket.destroy()
  }

  /**
   * Resolves when all are closed.
   *
   * @param graceMs how long those may take that are being closed already, such as by a peer that is to answer; the rest is cut off
   */
  async end(graceMs: number): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      const cutOff = setTimeout(() => this.cut(), graceMs)
      this.#onNone = () => {
        clearTimeout(cutOff)
        resolve()
      }
    })
  }
}
