import { onePiece } from '../util/one-piece.js'
import { Cell } from './cell.js'
import { SortedKeys } from './sorted-keys.js'
import type { Source, SourceListener } from './source.js'

/** Up to so many words are searched one by one, which costs less than making a set of them. */
const FEW = 8

/** Told when a word of an index gets its first key or loses its last one. */
export interface WordListener {
  wordAppeared(word: string): void
  wordVanished(word: string): void
}

/** What a cell of an index knows besides its readers. */
export interface IndexedKeys {
  /** The keys that yield the word, in ascending order. */
  readonly keys: readonly string[]
}

/** For a word, the keys of a source whose value yields it. */
export class Index<V> implements SourceListener<V> {
  readonly name: string
  readonly source: Source<V>
  readonly order: number
  readonly #of: (value: V, key: string) => Iterable<string>
  /** Nearly every word has one key and is read by nobody as such, and there are many words: no record for that, but the key alone. */
  readonly #words = new Map<string, string | Word>()
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
    return listed(this.#members(word))
  }

  /** How many keys yield a word. */
  count(word: string): number {
    const members = this.#members(word)
    if (members === undefined) return 0
    return typeof members === 'string' ? 1 : members.size
  }

  /** Every word that some key yields. */
  *words(): Generator<string, undefined> {
    for (const [word, known] of this.#words) if (typeof known === 'string' || known.members !== undefined) yield word
  }

  /** The cell for reading which keys yield a word. */
  membershipCell(word: string): Cell & IndexedKeys {
    const known = this.#word(word)
    known.membership ??= new Membership(known)
    return known.membership
  }

  /** The cell for reading the values of the keys that yield a word. */
  contentCell(word: string): Cell & IndexedKeys {
    return this.#word(word)
  }

  /** Drops what nobody reads any more. */
  unread(word: Word): void {
    this.#tidy(word)
  }

  /** Adds somebody who must follow the words; called while the graph is being declared. */
  follow(listener: WordListener): void {
    this.#listeners.push(listener)
    for (const word of this.words()) listener.wordAppeared(word)
  }

  valueChanged(key: string, before: V | undefined, after: V | undefined): void {
    if (before === undefined) {
      if (after !== undefined) for (const word of distinct(this.#of(after, key))) this.#add(word, key)
    } else if (after === undefined) {
      for (const word of distinct(this.#of(before, key))) this.#remove(word, key)
    } else {
      const had = new Set(this.#of(before, key))
      const has = new Set(this.#of(after, key))
      for (const word of had) if (!has.has(word)) this.#remove(word, key)
      for (const word of has) {
        if (!had.has(word)) this.#add(word, key)
        else recordOf(this.#words.get(word))?.changed()
      }
    }
  }

  #add(word: string, key: string): void {
    const found = this.#words.get(word)
    if (found === undefined) {
      const own = onePiece(word)
      this.#words.set(own, key)
      for (const listener of this.#listeners) listener.wordAppeared(own)
      return
    }
    const known = typeof found === 'object' ? found : this.#record(word, found)
    const { members } = known
    if (members === undefined) {
      known.members = key
      for (const listener of this.#listeners) listener.wordAppeared(known.word)
    } else if (typeof members === 'string') known.members = new SortedKeys([members, key])
    else members.add(key)
    tell(known)
  }

  #remove(word: string, key: string): void {
    const known = this.#words.get(word)
    if (known === undefined) return
    if (typeof known === 'string') {
      if (known !== key) return
      this.#words.delete(word)
      for (const listener of this.#listeners) listener.wordVanished(word)
      return
    }
    const { members } = known
    if (typeof members === 'object') members.delete(key)
    if (members === key || (typeof members === 'object' && members.size === 0)) {
      known.members = undefined
      for (const listener of this.#listeners) listener.wordVanished(word)
    }
    tell(known)
    this.#tidy(known)
  }

  #members(word: string): string | SortedKeys | undefined {
    const known = this.#words.get(word)
    return typeof known === 'string' ? known : known?.members
  }

  #word(word: string): Word {
    const known = this.#words.get(word)
    return typeof known === 'object' ? known : this.#record(word, known)
  }

  /** Makes the record of a word that had none. */
  #record(word: string, known: string | undefined): Word {
    const made = new Word(onePiece(word), known, this)
    // Removed first, or the table would keep its own copy of the word.
    if (known !== undefined) this.#words.delete(word)
    this.#words.set(made.word, made)
    return made
  }

  #tidy(word: Word): void {
    if (word.members === undefined && word.membership === undefined && !word.isRead) this.#words.delete(word.word)
  }
}

interface WordOwner {
  unread(word: Word): void
}

/** A word that some key yields or that somebody reads. As a cell it is the values of the keys that yield it: they are read most. */
class Word extends Cell implements IndexedKeys {
  readonly word: string
  /** Nearly every word has one key, and there are many words: no set for that. */
  members: string | SortedKeys | undefined
  /** Which keys yield it, for those who read only that. */
  membership: Membership | undefined
  readonly #owner: WordOwner

  constructor(word: string, members: string | undefined, owner: WordOwner) {
    super()
    this.word = word
    this.members = members
    this.#owner = owner
  }

  get keys(): readonly string[] {
    return listed(this.members)
  }

  /** Drops a cell that nobody reads any more. */
  unread(): void {
    this.membership = undefined
    this.#owner.unread(this)
  }

  protected readChanged(): void {
    if (!this.isRead) this.#owner.unread(this)
  }
}

class Membership extends Cell implements IndexedKeys {
  readonly #word: IndexedKeys & { unread(): void }

  constructor(word: IndexedKeys & { unread(): void }) {
    super()
    this.#word = word
  }

  get keys(): readonly string[] {
    return this.#word.keys
  }

  protected readChanged(): void {
    if (!this.isRead) this.#word.unread()
  }
}

/** Each word once. Nearly every value yields one or two: no set for that. */
function distinct(words: Iterable<string>): readonly string[] {
  const list: readonly string[] = Array.isArray(words) ? words : Array.from(words)
  if (list.length < 2) return list
  const isDistinct = list.length <= FEW && list.every((word, at) => list.indexOf(word) === at)
  return isDistinct ? list : [...new Set(list)]
}

function listed(members: string | SortedKeys | undefined): readonly string[] {
  if (members === undefined) return []
  return typeof members === 'string' ? [members] : members.sorted()
}

function recordOf(known: string | Word | undefined): Word | undefined {
  return typeof known === 'object' ? known : undefined
}

function tell(word: Word): void {
  word.membership?.changed()
  word.changed()
}
