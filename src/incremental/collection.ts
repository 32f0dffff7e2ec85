import { deepEqual } from '../util/deep-equal.js'
import { type Cell, type Dependent, redirect } from './cell.js'
import type { Index, WordListener } from './index-source.js'
import { Source, type SourceListener } from './source.js'
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
export class Collection<V> extends Source<V> implements SourceListener<unknown>, WordListener {
  readonly #options: CollectionOptions<V>
  readonly #equal: (a: V, b: V) => boolean
  readonly #fragments = new Map<string, Fragment>()
  readonly #dirty = new Set<string>()
  #changes = new Map<string, V | undefined>()

  constructor(name: string, order: number, options: CollectionOptions<V>) {
    super(name, order)
    this.#options = options
    this.#equal = options.equal ?? deepEqual
    const keys: readonly Keys[] = Array.isArray(options.keys) ? options.keys : [options.keys]
    for (const source of keys) source.follow(this)
  }

  /** See `CollectionOptions.report`. */
  get isReport(): boolean {
    return this.#options.report === true
  }

  /** True if a flush has something to do here. */
  get isDirty(): boolean {
    return this.#dirty.size > 0
  }

  valueChanged(key: string, before: unknown, after: unknown): void {
    if (before === undefined) this.wordAppeared(key)
    else if (after === undefined) this.wordVanished(key)
  }

  wordAppeared(key: string): void {
    const fragment = this.#fragments.get(key) ?? this.#newFragment(key)
    fragment.holders++
    this.#dirty.add(key)
  }

  wordVanished(key: string): void {
    const fragment = this.#fragments.get(key)
    if (fragment === undefined) return
    fragment.holders--
    this.#dirty.add(key)
  }

  /** The keys whose value changed since the last call, with the value of now. */
  takeChanges(): ReadonlyMap<string, V | undefined> {
    const changes = this.#changes
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
    for (const key of this.#dirty) {
      this.#dirty.delete(key)
      const fragment = this.#fragments.get(key)
      if (fragment === undefined) continue
      if (fragment.holders > 0) {
        computed++
        try {
          this.#update(key, this.#compute(key, fragment))
        } catch (error) {
          failures.push({ collection: this.name, key, error })
        }
      } else this.#forget(key, fragment)
      if (pause()) break
    }
    return { computed, failures }
  }

  #compute(key: string, fragment: Fragment): V | undefined {
    const view = new View(this.order, this.name)
    try {
      return this.#options.compute(view, key)
    } finally {
      redirect(fragment, view.reads())
    }
  }

  #newFragment(key: string): Fragment {
    const fragment = new Fragment(key, this.#dirty)
    this.#fragments.set(key, fragment)
    return fragment
  }

  #forget(key: string, fragment: Fragment): void {
    redirect(fragment, NOTHING)
    this.#fragments.delete(key)
    this.#update(key, undefined)
  }

  #update(key: string, after: V | undefined): void {
    const before = this.get(key)
    if (before === after || (before !== undefined && after !== undefined && this.#equal(before, after))) return
    this.#changes.set(key, after)
    this.store(key, after)
  }
}

class Fragment implements Dependent {
  deps: readonly Cell[] = NOTHING
  /** How many key sources have the key: the fragment goes away with the last one. */
  holders = 0
  readonly #key: string
  readonly #dirty: Set<string>

  constructor(key: string, dirty: Set<string>) {
    this.#key = key
    this.#dirty = dirty
  }

  invalidate(): void {
    this.#dirty.add(this.#key)
  }
}

const NOTHING: readonly Cell[] = []
