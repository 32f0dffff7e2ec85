import { type Cell, NO_READS, type Reads } from './cell.js'
import type { Index } from './index-source.js'
import type { Source } from './source.js'

/** How a fragment reads the rest of the graph. Every read is noted, also one that finds nothing. */
export class View {
  readonly #order: number
  readonly #reader: string
  readonly #reads: Set<Cell> = new Set()

  /**
   * @param order position of the reading collection
   * @param reader its name, for errors
   */
  constructor(order: number, reader: string) {
    this.#order = order
    this.#reader = reader
  }

  /** The value of a key, or undefined. */
  get<V>(source: Source<V>, key: string): V | undefined {
    this.#require(source)
    const slot = source.slot(key)
    this.#reads.add(slot)
    return slot.value
  }

  /** The keys that yield a word, in ascending order. Their values are not part of what was read. */
  keys<V>(index: Index<V>, word: string): readonly string[] {
    this.#require(index)
    this.#reads.add(index.membershipCell(word))
    return index.keys(word)
  }

  /** How many keys yield a word. */
  count<V>(index: Index<V>, word: string): number {
    this.#require(index)
    this.#reads.add(index.membershipCell(word))
    return index.count(word)
  }

  /** The values of the keys that yield a word, in ascending order of their keys. */
  list<V>(index: Index<V>, word: string): readonly V[] {
    this.#require(index)
    this.#reads.add(index.contentCell(word))
    const values: V[] = []
    // Thousands of keys for one change of one of them: without an array per key.
    for (const key of index.keys(word)) {
      const value = index.source.get(key)
      if (value !== undefined) values.push(value)
    }
    return values
  }

  /** What was read so far: each cell once, in an array without room for more. There are several fragments per object, and each keeps one. */
  reads(): Reads {
    if (this.#reads.size > 1) return Array.from(this.#reads)
    const [only = NO_READS] = this.#reads
    return only
  }

  #require(read: { readonly order: number; readonly name: string }): void {
    if (read.order < this.#order) return
    throw new Error(`"${this.#reader}" reads "${read.name}", which is declared after it: declare it before`)
  }
}
