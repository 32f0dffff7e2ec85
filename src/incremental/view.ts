import { type Cell, NO_READS, type Reads } from './cell.js'
import type { Index } from './index-source.js'
import type { Source } from './source.js'

/** Up to so many cells are searched one by one. */
const FEW = 16

/**
 * How the fragments of a collection read the rest of the graph, one after the other: `begin` stands between them. Every read is noted, also
 * one that finds nothing.
 */
export class View {
  readonly #order: number
  readonly #reader: string
  /**
   * Each cell once, as far as `#count`. Most fragments read a few, and there are very many fragments: a set only where a look at each would
   * take long, and the same array for all of them, which has the room that it got.
   */
  readonly #few: Cell[] = []
  #count = 0
  #many: Set<Cell> | undefined

  /**
   * @param order position of the reading collection
   * @param reader its name, for errors
   */
  constructor(order: number, reader: string) {
    this.#order = order
    this.#reader = reader
  }

  /** Forgets what was read so far: the next fragment reads. */
  begin(): void {
    this.#count = 0
    this.#many = undefined
  }

  /** The value of a key, or undefined. */
  get<V>(source: Source<V>, key: string): V | undefined {
    this.#require(source)
    const slot = source.slot(key)
    this.#note(slot)
    return slot.value
  }

  /** The keys that yield a word, in ascending order. Their values are not part of what was read. */
  keys<V>(index: Index<V>, word: string): readonly string[] {
    this.#require(index)
    const cell = index.membershipCell(word)
    this.#note(cell)
    return cell.keys
  }

  /** How many keys yield a word. */
  count<V>(index: Index<V>, word: string): number {
    this.#require(index)
    this.#note(index.membershipCell(word))
    return index.count(word)
  }

  /** The values of the keys that yield a word, in ascending order of their keys. */
  list<V>(index: Index<V>, word: string): readonly V[] {
    this.#require(index)
    const cell = index.contentCell(word)
    this.#note(cell)
    const values: V[] = []
    // Thousands of keys for one change of one of them: without an array per key.
    for (const key of cell.keys) {
      const value = index.source.get(key)
      if (value !== undefined) values.push(value)
    }
    return values
  }

  /** What was read so far: each cell once, in an array without room for more. There are several fragments per object, and each keeps one. */
  reads(): Reads {
    if (this.#many !== undefined) return Array.from(this.#many)
    if (this.#count > 1) return this.#few.slice(0, this.#count)
    return (this.#count === 1 ? this.#few[0] : undefined) ?? NO_READS
  }

  #note(cell: Cell): void {
    if (this.#many !== undefined) {
      this.#many.add(cell)
      return
    }
    for (let at = 0; at < this.#count; at++) if (this.#few[at] === cell) return
    this.#few[this.#count++] = cell
    if (this.#count > FEW) this.#many = new Set(this.#few)
  }

  #require(read: { readonly order: number; readonly name: string }): void {
    if (read.order < this.#order) return
    throw new Error(`"${this.#reader}" reads "${read.name}", which is declared after it: declare it before`)
  }
}
