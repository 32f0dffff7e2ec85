import { type Cell, Cells } from './cell.js'
import { SortedKeys } from './sorted-keys.js'
import type { Source, SourceListener } from './source.js'

/** Told when a word of an index gets its first key or loses its last one. */
export interface WordListener {
  wordAppeared(word: string): void
  wordVanished(word: string): void
}

/** For a word, the keys of a source whose value yields it. */
export class Index<V> implements SourceListener<V> {
  readonly name: string
  readonly source: Source<V>
  readonly order: number
  readonly #of: (value: V, key: string) => Iterable<string>
  /** Nearly every word has one key, and there are many words: no set for that. */
  readonly #members = new Map<string, string | SortedKeys>()
  readonly #membership = new Cells()
  readonly #content = new Cells()
  readonly #listeners: WordListener[] = []

  constructor(name: string, order: number, source: Source<V>, of: (value: V, key: string) => Iterable<string>) {
    this.name = name
    this.order = order
    this.source = source
    this.#of = of
    source.follow(this)
  }

  /** The keys that yield a word, in ascending order. */
  keys(word: string): readonly string[] {
    const members = this.#members.get(word)
    if (members === undefined) return []
    return typeof members === 'string' ? [members] : members.sorted()
  }

  /** How many keys yield a word. */
  count(word: string): number {
    const members = this.#members.get(word)
    if (members === undefined) return 0
    return typeof members === 'string' ? 1 : members.size
  }

  /** Every word that some key yields. */
  words(): IterableIterator<string> {
    return this.#members.keys()
  }

  /** The cell for reading which keys yield a word. */
  membershipCell(word: string): Cell {
    return this.#membership.at(word)
  }

  /** The cell for reading the values of the keys that yield a word. */
  contentCell(word: string): Cell {
    return this.#content.at(word)
  }

  /** Adds somebody who must follow the words; called while the graph is being declared. */
  follow(listener: WordListener): void {
    this.#listeners.push(listener)
    for (const word of this.#members.keys()) listener.wordAppeared(word)
  }

  valueChanged(key: string, before: V | undefined, after: V | undefined): void {
    const had = new Set(before === undefined ? [] : this.#of(before, key))
    const has = new Set(after === undefined ? [] : this.#of(after, key))
    for (const word of had) if (!has.has(word)) this.#remove(word, key)
    for (const word of has) {
      if (!had.has(word)) this.#add(word, key)
      else this.#content.changed(word)
    }
  }

  #add(word: string, key: string): void {
    const members = this.#members.get(word)
    if (members === undefined) {
      this.#members.set(word, key)
      for (const listener of this.#listeners) listener.wordAppeared(word)
    } else if (typeof members === 'string') this.#members.set(word, new SortedKeys([members, key]))
    else members.add(key)
    this.#tell(word)
  }

  #remove(word: string, key: string): void {
    const members = this.#members.get(word)
    if (typeof members === 'object') members.delete(key)
    if (members === key || (typeof members === 'object' && members.size === 0)) {
      this.#members.delete(word)
      for (const listener of this.#listeners) listener.wordVanished(word)
    }
    this.#tell(word)
  }

  #tell(word: string): void {
    this.#membership.changed(word)
    this.#content.changed(word)
  }
}
