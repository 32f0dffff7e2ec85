/** Values by key: what inputs and collections have in common. */
import { type Cell, Cells } from './cell.js'

/** Told about every change of a source, in the order in which they happen. */
export interface SourceListener<V> {
  valueChanged(key: string, before: V | undefined, after: V | undefined): void
}

/** Values by key that fragments read. Undefined means that there is no such key. */
export class Source<V> {
  readonly name: string
  /** Position in the order of declaration; a fragment reads only what stands before it. */
  readonly order: number
  readonly #values = new Map<string, V>()
  readonly #cells = new Cells()
  readonly #listeners: SourceListener<V>[] = []

  constructor(name: string, order: number) {
    this.name = name
    this.order = order
  }

  /** The value of a key, for code outside the graph; fragments read through their view. */
  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  /** All keys and values, in no particular order. */
  entries(): IterableIterator<[string, V]> {
    return this.#values.entries()
  }

  /** How many keys there are. */
  get size(): number {
    return this.#values.size
  }

  /** The keys that fragments read, whether or not they exist: what somebody must provide. */
  get readKeys(): Iterable<string> {
    return this.#cells.names()
  }

  /** True if some fragment reads the key, whether or not it exists. */
  isRead(key: string): boolean {
    return this.#cells.has(key)
  }

  /** Differs from the last time whenever `readKeys` may differ. */
  get readVersion(): number {
    return this.#cells.version
  }

  /** The cell for reading a key. */
  cell(key: string): Cell {
    return this.#cells.at(key)
  }

  /** Adds somebody who must follow this source; called while the graph is being declared. */
  follow(listener: SourceListener<V>): void {
    this.#listeners.push(listener)
    for (const [key, value] of this.#values) listener.valueChanged(key, undefined, value)
  }

  /** Stores a value that differs from the last one and tells everybody concerned. */
  protected store(key: string, after: V | undefined): void {
    const before = this.#values.get(key)
    if (after === undefined) this.#values.delete(key)
    else this.#values.set(key, after)
    this.#cells.changed(key)
    for (const listener of this.#listeners) listener.valueChanged(key, before, after)
  }
}
