/** Declares a graph of values and keeps it up to date: see README.md. */
import { Collection, type CollectionOptions, type FragmentFailure } from './collection.js'
import { Index } from './index-source.js'
import { Input } from './input.js'
import type { Source } from './source.js'

/** What a flush did. */
export interface FlushReport {
  /** False if it paused before everything was up to date. */
  readonly complete: boolean
  /** How many fragments ran, whether or not their value changed, by the name of their collection. */
  readonly computed: ReadonlyMap<string, number>
  /** Fragments that threw; they keep their last value and run again when something that they read changes. */
  readonly failures: readonly FragmentFailure[]
}

/** What a graph keeps besides values: the larger part of its memory, where values are small. */
export interface Bookkeeping {
  /** Keys of collections: each with who read it, and with what it was made from. */
  readonly fragments: number
  /** What fragments read, each thing once for each fragment. */
  readonly reads: number
  /** Of the keys, those that have no value. */
  readonly withoutValue: number
}

/** Inputs, indexes and collections in the order of their declaration. */
export class Graph {
  #order = 0
  // biome-ignore lint/suspicious/noExplicitAny: the graph runs collections whatever they hold
  readonly #collections: Collection<any>[] = []

  /** Values that are set from outside. `equal` defaults to equal content. */
  input<V>(name: string, equal?: (a: V, b: V) => boolean): Input<V> {
    return new Input<V>(name, this.#order++, equal)
  }

  /** For a word, the keys of the source whose value yields it. */
  index<V>(source: Source<V>, name: string, of: (value: V, key: string) => Iterable<string>): Index<V> {
    return new Index<V>(name, this.#order++, source, of)
  }

  /** One computed value per key. */
  collection<V>(name: string, options: CollectionOptions<V>): Collection<V> {
    const collection = new Collection<V>(name, this.#order++, options)
    this.#collections.push(collection)
    return collection
  }

  /** Counts what is kept, for measurements: it looks at every fragment. */
  bookkeeping(): Bookkeeping {
    const all = this.#collections.map((each) => each.bookkeeping())
    const sum = (part: keyof Bookkeeping): number => all.reduce((total, each) => total + each[part], 0)
    return { fragments: sum('fragments'), reads: sum('reads'), withoutValue: sum('withoutValue') }
  }

  /** True if a flush would compute anything: somebody reads what was set since the last one. */
  get isDirty(): boolean {
    return this.#collections.some(({ isDirty }) => isDirty)
  }

  /**
   * Brings every collection up to date.
   *
   * @param pause asked after each fragment; true leaves the rest for the next flush, and what collections say meanwhile is not consistent
   * @param last the last collection to bring up to date: for whoever sets an input by what it says, before later ones are computed in vain
   * @param reports false leaves reports (`CollectionOptions.report`) for another flush
   */
  // biome-ignore lint/suspicious/noExplicitAny: only its place in the order counts
  flush(pause: () => boolean = () => false, last?: Collection<any>, reports = true): FlushReport {
    const computed = new Map<string, number>()
    const failures: FragmentFailure[] = []
    for (const collection of this.#collections) {
      if (last !== undefined && collection.order > last.order) break
      if (!collection.isDirty || (collection.isReport && !reports)) continue
      const report = collection.run(pause)
      computed.set(collection.name, report.computed)
      failures.push(...report.failures)
      // Later collections would read values that are not up to date.
      if (collection.isDirty) return { complete: false, computed, failures }
    }
    return { complete: true, computed, failures }
  }
}
