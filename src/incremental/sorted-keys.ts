/** With so many changes at once it is cheaper to sort again than to insert one by one. */
const INSERT_AT_MOST = 8

/** A set of keys that is read in order more often than it changes; what was read stays as it was. */
export class SortedKeys {
  readonly #keys: Set<string>
  #sorted: readonly string[]
  #pending: string[] | undefined

  constructor(keys: readonly string[] = []) {
    this.#keys = new Set(keys)
    this.#sorted = [...this.#keys].sort()
  }

  get size(): number {
    return this.#keys.size
  }

  add(key: string): void {
    this.#keys.add(key)
    this.#note(key)
  }

  delete(key: string): void {
    this.#keys.delete(key)
    this.#note(key)
  }

  /** The keys in ascending order of their UTF-16 code units. */
  sorted(): readonly string[] {
    const pending = this.#pending
    if (pending === undefined) return this.#sorted
    if (pending.length > INSERT_AT_MOST) this.#sorted = [...this.#keys].sort()
    else for (const key of pending) this.#apply(this.#keys, key)
    this.#pending = undefined
    return this.#sorted
  }

  #note(key: string): void {
    if (this.#pending === undefined) this.#pending = [key]
    else this.#pending.push(key)
  }

  #apply(keys: ReadonlySet<string>, key: string): void {
    const at = position(this.#sorted, key)
    const present = this.#sorted[at] === key
    if (keys.has(key) && !present) this.#sorted = this.#sorted.toSpliced(at, 0, key)
    if (!keys.has(key) && present) this.#sorted = this.#sorted.toSpliced(at, 1)
  }
}

/** The first position whose key is not smaller. */
function position(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
