/** The bookkeeping of who read what. */

/** A fragment as its dependencies see it: something to run again. */
export interface Dependent {
  deps: readonly Cell[]
  invalidate(): void
}

/** Something that can be read: one key of a source, or one word of an index. Exists while somebody depends on it. */
export class Cell {
  readonly #cells: Cells
  readonly #name: string
  /** There are several cells per object of a cluster, and nearly all of them have one reader: no set for that. */
  #dependents: Dependent | Set<Dependent> | undefined

  /** A cell that tells `cells` to forget it with its last dependent. */
  constructor(cells: Cells, name: string) {
    this.#cells = cells
    this.#name = name
  }

  /** Makes every fragment that read the cell run again. */
  changed(): void {
    if (!(this.#dependents instanceof Set)) this.#dependents?.invalidate()
    else for (const dependent of this.#dependents) dependent.invalidate()
  }

  /** Notes a dependent. */
  add(dependent: Dependent): void {
    const known = this.#dependents
    if (known === undefined) this.#dependents = dependent
    else if (known instanceof Set) known.add(dependent)
    else if (known !== dependent) this.#dependents = new Set([known, dependent])
  }

  /** Forgets a dependent. */
  drop(dependent: Dependent): void {
    const known = this.#dependents
    if (known instanceof Set) {
      known.delete(dependent)
      if (known.size > 0) return
    } else if (known !== dependent) return
    this.#dependents = undefined
    this.#cells.forget(this.#name)
  }
}

/** Cells by name, made when they are first read. */
export class Cells {
  readonly #cells = new Map<string, Cell>()
  #version = 0

  /** Grows whenever a name is read for the first time or by nobody any more. */
  get version(): number {
    return this.#version
  }

  /** True if somebody reads this name. */
  has(name: string): boolean {
    return this.#cells.has(name)
  }

  /** The names that somebody reads. */
  names(): Iterable<string> {
    return this.#cells.keys()
  }

  /** The cell for reading `name`. */
  at(name: string): Cell {
    const known = this.#cells.get(name)
    if (known !== undefined) return known
    const cell = new Cell(this, name)
    this.#cells.set(name, cell)
    this.#version++
    return cell
  }

  /** Drops the cell of `name`: called by the cell itself when nobody reads it any more. */
  forget(name: string): void {
    this.#cells.delete(name)
    this.#version++
  }

  /** Tells the readers of `name`, if there are any. */
  changed(name: string): void {
    this.#cells.get(name)?.changed()
  }
}

/** From so many on, a set finds a cell faster than a look at each. */
const MANY = 16

/** Replaces what a fragment depends on: each cell once. `deps` belongs to the fragment from then on. */
export function redirect(dependent: Dependent, deps: readonly Cell[]): void {
  const before = dependent.deps
  dependent.deps = deps
  if (before.length === deps.length && before.every((cell, at) => cell === deps[at])) return
  for (const cell of deps) cell.add(dependent)
  const kept: { has(cell: Cell): boolean } = deps.length < MANY ? { has: (cell) => deps.includes(cell) } : new Set(deps)
  for (const cell of before) if (!kept.has(cell)) cell.drop(dependent)
}
