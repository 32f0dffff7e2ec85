import { deepEqual } from '../util/deep-equal.js'
import { type Dependent, NO_READS, type Reads, redirect } from './cell.js'
import type { Index, WordListener } from './index-source.js'
import { Slot, type SlotOwner, Source, type SourceListener } from './source.js'
import { View } from './view.js'

/** Where the keys of a collection come from: the keys of a source or the words of an index. */
// biome-ignore lint/suspicious/noExplicitAny: keys do not depend on the type of the values
export type Keys = Source<any> | Index<any>

/** What a collection computes. */
export interface CollectionOptions<V> {
  /** One fragment per key; with several, a fragment per key that any of them has. */
  readonly keys: Keys | readonly Keys[]
  /** The value of one key; undefined means that there is none. Pure: see the contract in README.md. */
  compute(view: View, key: string): V | undefined
  /**
   * True for a report: only reports read it, and a flush may leave it for the next one. For values that are made from an input that is set
   * by what the others say, which would be computed twice.
   */
  readonly report?: boolean
  /** True if a new value needs to go no further. Default: equal content. */
  equal?(a: V, b: V): boolean
}

/** A fragment that threw. */
export interface FragmentFailure {
  readonly collection: string
  readonly key: string
  readonly error: unknown
}

/** One computed value per key. */
export class Collection<V> extends Source<V, Fragment<V>> implements SourceListener<unknown>, WordListener, FragmentOwner<V> {
  readonly #options: CollectionOptions<V>
  readonly #equal: (a: V, b: V) => boolean
  /** Fragments to run, each once: those before `#ran` have run. */
  #dirty: Fragment<V>[] = []
  #ran = 0
  readonly #view: View
  /** Undefined until somebody asks for the first time: nobody asks about most collections. */
  #changes: Map<string, V | undefined> | undefined

  constructor(name: string, order: number, options: CollectionOptions<V>) {
    super(name, order)
    this.#options = options
    this.#equal = options.equal ?? deepEqual
    this.#view = new View(order, name)
    const keys: readonly Keys[] = Array.isArray(options.keys) ? options.keys : [options.keys]
    for (const source of keys) source.follow(this)
  }

  /** See `CollectionOptions.report`. */
  get isReport(): boolean {
    return this.#options.report === true
  }

  /** True if a flush has something to do here. */
  get isDirty(): boolean {
    return this.#ran < this.#dirty.length
  }

  valueChanged(key: string, before: unknown, after: unknown): void {
    if (before === undefined) this.wordAppeared(key)
    else if (after === undefined) this.wordVanished(key)
  }

  wordAppeared(key: string): void {
    const fragment = this.slotOf(key)
    fragment.holders++
    this.mark(fragment)
  }

  wordVanished(key: string): void {
    const fragment = this.knownSlot(key)
    if (fragment === undefined || fragment.holders === 0) return
    fragment.holders--
    this.mark(fragment)
  }

  /** Runs a fragment with the next flush. */
  mark(fragment: Fragment<V>): void {
    if (fragment.isDirty) return
    fragment.isDirty = true
    this.#dirty.push(fragment)
  }

  /** See `Graph.bookkeeping`. */
  bookkeeping(): { readonly fragments: number; readonly reads: number; readonly withoutValue: number } {
    const fragments = [...this.slots()]
    return {
      fragments: fragments.length,
      reads: fragments.reduce((sum, { deps }) => sum + (Array.isArray(deps) ? deps.length : 1), 0),
      withoutValue: fragments.filter(({ value }) => value === undefined).length,
    }
  }

  /** The keys whose value changed since the last call, with the value of now; at first all that have a value. */
  takeChanges(): ReadonlyMap<string, V | undefined> {
    const changes = this.#changes ?? new Map(this.entries())
    this.#changes = new Map()
    return changes
  }

  /**
   * Runs dirty fragments until none is left or `pause` says so.
   *
   * @returns how many ran, and those that threw
   */
  run(pause: () => boolean): { readonly computed: number; readonly failures: readonly FragmentFailure[] } {
    const failures: FragmentFailure[] = []
    let computed = 0
    for (let fragment = this.#nextDirty(); fragment !== undefined; fragment = this.#nextDirty()) {
      if (fragment.holders > 0) {
        computed++
        try {
          this.#update(fragment, this.#compute(fragment))
        } catch (error) {
          failures.push({ collection: this.name, key: fragment.key, error })
        }
      } else this.#forget(fragment)
      if (pause()) break
    }
    return { computed, failures }
  }

  protected newSlot(key: string): Fragment<V> {
    return new Fragment(key, this)
  }

  #nextDirty(): Fragment<V> | undefined {
    const fragment = this.#dirty[this.#ran++]
    if (fragment !== undefined) fragment.isDirty = false
    if (!this.isDirty) {
      this.#dirty = []
      this.#ran = 0
    }
    return fragment
  }

  #compute(fragment: Fragment<V>): V | undefined {
    this.#view.begin()
    try {
      return this.#options.compute(this.#view, fragment.key)
    } finally {
      redirect(fragment, this.#view.reads())
    }
  }

  #forget(fragment: Fragment<V>): void {
    redirect(fragment, NO_READS)
    this.#update(fragment, undefined)
    this.tidy(fragment)
  }

  #update(fragment: Fragment<V>, after: V | undefined): void {
    const before = fragment.value
    if (before === after || (before !== undefined && after !== undefined && this.#equal(before, after))) return
    this.#changes?.set(fragment.key, after)
    this.store(fragment, after)
  }
}

/** A key of a collection with its value, what that was made from, and who read it. */
class Fragment<V> extends Slot<V, FragmentOwner<V>> implements Dependent {
  deps: Reads = NO_READS
  /** How many key sources have the key: the value goes away with the last one. */
  holders = 0
  /** True if it waits for its turn. */
  isDirty = false

  override get isEmpty(): boolean {
    return super.isEmpty && this.holders === 0 && this.deps === NO_READS
  }

  invalidate(): void {
    this.owner.mark(this)
  }
}

interface FragmentOwner<V> extends SlotOwner {
  mark(fragment: Fragment<V>): void
}
