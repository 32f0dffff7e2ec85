/**
 * The names that a client asked for: one by one, all of a collection, or all of a type.
 *
 * Source: Envoy's xDS protocol, "How the client specifies what resources to return", and xDS names with globs (`xdstp:`).
 */

/** The word for every resource of a type. */
export const WILDCARD = '*'

const GLOB_SUFFIX = '/*'

/** Words in which a client asks: names, globs and the wildcard. */
export class WantedNames {
  readonly #names = new Set<string>()
  /** Collections of which it wants all. */
  readonly #globs = new Set<string>()
  #wildcard = false

  /** True if one of the words stands for this name. */
  covers(name: string): boolean {
    return this.#wildcard || this.#names.has(name) || this.isInGlob(name)
  }

  /** True if a glob stands for this name. */
  isInGlob(name: string): boolean {
    return this.#globs.size > 0 && this.#globs.has(collectionOf(name))
  }

  /** True if the client asked in this word. */
  has(word: string): boolean {
    if (word === WILDCARD) return this.#wildcard
    return isGlob(word) ? this.#globs.has(collectionOf(word)) : this.#names.has(word)
  }

  /** The client asks in this word. */
  add(word: string): void {
    if (word === WILDCARD) this.#wildcard = true
    else if (isGlob(word)) this.#globs.add(collectionOf(word))
    else this.#names.add(word)
  }

  /** The client takes a word back. Returns false if it did not ask in it. */
  delete(word: string): boolean {
    if (word !== WILDCARD) return isGlob(word) ? this.#globs.delete(collectionOf(word)) : this.#names.delete(word)
    const was = this.#wildcard
    this.#wildcard = false
    return was
  }

  /** True if the client wants every resource of the type. */
  get isWildcard(): boolean {
    return this.#wildcard
  }

  /** How many words there are besides the wildcard. */
  get size(): number {
    return this.#names.size + this.#globs.size
  }

  /** The names that the client asked for one by one. */
  get names(): ReadonlySet<string> {
    return this.#names
  }

  /** All words. */
  *words(): Iterable<string> {
    yield* this.#names
    if (this.#wildcard) yield WILDCARD
    for (const collection of this.#globs) yield collection + GLOB_SUFFIX
  }
}

/** xDS names collections by a last segment `*`: xdstp://authority/type/path/*. */
export function isGlob(word: string): boolean {
  return word.startsWith('xdstp:') && word.endsWith(GLOB_SUFFIX)
}

/** The collection that a name is in, or that a glob stands for. */
export function collectionOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}
