/** The bookkeeping of who read what. */

/** A fragment as its dependencies see it: something to run again. */
export interface Dependent {
  readonly deps: Set<Cell>
  invalidate(): void
}

/** Something that can be read: one key of a source, or one word of an index. Exists while somebody depends on it. */
export class Cell {
  readonly dependents: Set<Dependent> = new Set()
  readonly #release: () => void

  /** @param release called when the last dependent is gone */
  constructor(release: () => void) {
    this.#release = release
  }

  /** Makes every fragment that read the cell run again. */
  changed(): void {
    for (const dependent of this.dependents) dependent.invalidate()
  }

  /** Forgets a dependent. */
  drop(dependent: Dependent): void {
    this.dependents.delete(dependent)
    if (this.dependents.size === 0) this.#release()
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

  /** The names that somebody reads. */
  names(): Iterable<string> {
    return this.#cells.keys()
  }

  /** The cell for reading `name`. */
  at(name: string): Cell {
    const known = this.#cells.get(name)
    if (known !== undefined) return known
    const cell = new Cell(() => {
      this.#cells.delete(name)
      this.#version++
    })
    this.#cells.set(name, cell)
    this.#version++
    return cell
  }

  /** Tells the readers of `name`, if there are any. */
  changed(name: string): void {
    this.#cells.get(name)?.changed()
  }
}

/** Replaces what a fragment depends on. */
export function redirect(dependent: Dependent, deps: ReadonlySet<Cell>): void {
  for (const cell of deps) {
    cell.dependents.add(dependent)
    dependent.deps.delete(cell)
  }
  for (const cell of dependent.deps) cell.drop(dependent)
  dependent.deps.clear()
  for (const cell of deps) dependent.deps.add(cell)
}
