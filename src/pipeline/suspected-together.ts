/**
 * Who was suspected with whom. A policy that is held back closes its routes, and a route that is held back shows nothing of its policies: one
 * may be held back for what is wrong with the other, and gets another chance when that one changes. Objects are named by
 * `<Kind>/<namespace>/<name>`.
 */
export class SuspectedTogether {
  /** By object all that were suspected with it: one set for all of a search. */
  readonly #groups = new Map<string, Set<string>>()
  #ofSearch = new Set<string>()
  /** Sets of earlier searches that are part of this one's. */
  readonly #joined = new Set<ReadonlySet<string>>()

  /** Objects are suspected, or have not been seen while others are suspected. */
  note(suspects: readonly string[], unseen: readonly string[]): void {
    for (const object of [...suspects, ...unseen]) this.#ofSearch.add(object)
    for (const object of suspects) {
      const before = this.#groups.get(object)
      if (before !== undefined) this.#join(before)
      this.#groups.set(object, this.#ofSearch)
    }
  }

  /** True if the one may be held back for what is wrong with the other, which is of another kind. */
  mayHide(held: string, other: string): boolean {
    return kindOf(held) !== kindOf(other) && (this.#groups.get(held)?.has(other) ?? false)
  }

  /** The search is over: those that are not held back are forgotten. */
  end(isHeld: (object: string) => boolean): void {
    this.#ofSearch = new Set()
    this.#joined.clear()
    for (const object of this.#groups.keys()) if (!isHeld(object)) this.#groups.delete(object)
  }

  #join(before: ReadonlySet<string>): void {
    if (before === this.#ofSearch || this.#joined.has(before)) return
    this.#joined.add(before)
    for (const object of before) this.#ofSearch.add(object)
  }
}

function kindOf(object: string): string {
  return object.slice(0, object.indexOf('/'))
}
