/**
 * Whether what an API server says goes on from what it said before. Behind one that was brought back from a backup, or stands before another
 * etcd, versions of objects begin anew at a lower number, and then they mean nothing: a watch from a version that is still to come stays silent
 * until that comes, and what an object was like is told by none.
 */

/** All that talk to one API server share what one of them has noticed. */
export class ServerHistory {
  #breaks = 0
  readonly #listeners = new Set<() => void>()

  /** How often the server has been found not to go on from before. */
  get breaks(): number {
    return this.#breaks
  }

  /** The server does not go on from before: what was read of it is to be read again. */
  broken(): void {
    this.#breaks++
    for (const listener of this.#listeners) listener()
  }

  /** Has somebody told each time. Returns how to end that. */
  onBreak(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
