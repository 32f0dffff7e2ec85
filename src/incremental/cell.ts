/** The bookkeeping of who read what. */

/** A fragment as its dependencies see it: something to run again. */
export interface Dependent {
  deps: Reads
  invalidate(): void
}

/** What a fragment read, each cell once. Many read one thing, and there are several fragments per object: no list for that. */
export type Reads = Cell | readonly Cell[]

/** What a fragment read that read nothing. */
export const NO_READS: Reads = []

/** From so many on, a set finds one faster than a look at each. */
const MANY = 16

/** Something that can be read. There are several per object of a cluster, and nearly all of them have one reader: no list for that. */
export abstract class Cell {
  #dependents: Dependent | Dependent[] | Set<Dependent> | undefined

  /** True while somebody depends on it. */
  get isRead(): boolean {
    return this.#dependents !== undefined
  }

  /** Makes every fragment that read the cell run again. */
  changed(): void {
    const known = this.#dependents
    if (known === undefined) return
    if (Array.isArray(known) || known instanceof Set) for (const dependent of known) dependent.invalidate()
    else known.invalidate()
  }

  /** Notes a dependent. */
  add(dependent: Dependent): void {
    const known = this.#dependents
    if (known === undefined) {
      this.#dependents = dependent
      this.readChanged()
    } else if (known instanceof Set) known.add(dependent)
    else if (Array.isArray(known)) {
      if (known.includes(dependent)) return
      // Made anew, without the room for more that an array gets when it grows.
      this.#dependents = known.length < MANY ? known.concat(dependent) : new Set(known).add(dependent)
    } else if (known !== dependent) this.#dependents = [known, dependent]
  }

  /** Forgets a dependent. */
  drop(dependent: Dependent): void {
    const known = this.#dependents
    if (known instanceof Set) {
      known.delete(dependent)
      if (known.size > 0) return
    } else if (Array.isArray(known)) {
      const left = known.filter((each) => each !== dependent)
      if (left.length > 0) {
        this.#dependents = left
        return
      }
    } else if (known !== dependent) return
    this.#dependents = undefined
    this.readChanged()
  }

  /** Called when the cell got its first dependent or lost its last one. */
  protected abstract readChanged(): void
}

/** Replaces what a fragment depends on: each cell once. `deps` belongs to the fragment from then on. */
export function redirect(dependent: Dependent, reads: Reads): void {
  const before = dependent.deps
  dependent.deps = reads
  // What runs for the first time, which at a start is everything, has nothing to compare with.
  if (before !== NO_READS) compare(dependent, listed(before), listed(reads))
  else if (reads instanceof Cell) reads.add(dependent)
  else for (const cell of reads) cell.add(dependent)
}

function compare(dependent: Dependent, before: readonly Cell[], deps: readonly Cell[]): void {
  if (before.length === deps.length && before.every((cell, at) => cell === deps[at])) return
  for (const cell of deps) cell.add(dependent)
  const kept: { has(cell: Cell): boolean } = deps.length < MANY ? { has: (cell) => deps.includes(cell) } : new Set(deps)
  for (const cell of before) if (!kept.has(cell)) cell.drop(dependent)
}

function listed(reads: Reads): readonly Cell[] {
  return reads instanceof Cell ? [reads] : reads
}
