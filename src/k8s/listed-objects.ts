/** A list that is coming in, compared with what was handed over before it. */
import { type ObjectKey, objectKey } from '../util/object-ref.js'
import type { RawObject } from './kube-json.js'

/** Resource versions of the objects that were handed over. */
export type KnownVersions = Map<ObjectKey, string>

/** The key of an object. */
export function keyOf({ metadata }: RawObject): ObjectKey {
  return objectKey(metadata.namespace ?? '', metadata.name)
}

/** False if this very version is known. */
export function isNews(known: KnownVersions, key: ObjectKey, { metadata }: RawObject): boolean {
  const { resourceVersion = '' } = metadata
  return resourceVersion === '' || known.get(key) !== resourceVersion
}

/** What a list brings. Given up in the middle it leaves `known` right: what was not taken is not known. */
export class ListedObjects {
  readonly #known: KnownVersions
  readonly #listed = new Set<ObjectKey>()
  #news = new Map<ObjectKey, RawObject>()

  /** @param known changed by `take` and `missing` alone */
  constructor(known: KnownVersions) {
    this.#known = known
  }

  /** How many objects came since the last `take` that are not known in this version. */
  get waiting(): number {
    return this.#news.size
  }

  /** An object that exists, or another version of one that came already. */
  add(object: RawObject): void {
    const key = keyOf(object)
    this.#listed.add(key)
    if (isNews(this.#known, key, object)) this.#news.set(key, object)
  }

  /** An object that was deleted while the list came in. */
  remove(key: ObjectKey): void {
    this.#listed.delete(key)
    this.#news.delete(key)
  }

  /** What came since the last call and is not known in this version; it is now. */
  take(): readonly RawObject[] {
    const news = this.#news
    this.#news = new Map()
    for (const [key, { metadata }] of news) this.#known.set(key, metadata.resourceVersion ?? '')
    return [...news.values()]
  }

  /** What is known and not in the list; it no longer is. To be asked when the list has ended. */
  missing(): readonly ObjectKey[] {
    const missing = [...this.#known.keys()].filter((key) => !this.#listed.has(key))
    for (const key of missing) this.#known.delete(key)
    return missing
  }
}
