/** How many of something each remote address has. */
export class PeerCounts {
  readonly #counts = new Map<string, number>()

  /** How many this address has. */
  of(address: string): number {
    return this.#counts.get(address) ?? 0
  }

  /** It has one more. */
  add(address: string): void {
    this.#counts.set(address, this.of(address) + 1)
  }

  /** It has one less. An address without any is forgotten. */
  remove(address: string): void {
    const left = this.of(address) - 1
    if (left > 0) this.#counts.set(address, left)
    else this.#counts.delete(address)
  }
}
