/** How many resources name a resource, or how many more do so than before. */
import type { ResourceReference, TypeUrl } from './resource.js'

/** Counts by name for each type; those that come to 0 are forgotten. */
export class ReferenceCounts {
  readonly #types = new Map<TypeUrl, Map<string, number>>()

  /** True if the count of this one is not 0. */
  has({ typeUrl, name }: ResourceReference): boolean {
    return this.#types.get(typeUrl)?.has(name) ?? false
  }

  /** Adds to the count of each of these. */
  add(references: Iterable<ResourceReference>, by: 1 | -1): void {
    for (const { typeUrl, name } of references) addTo(this.#of(typeUrl), name, by)
  }

  /** Adds other counts. */
  addAll(others: ReferenceCounts): void {
    for (const [typeUrl, counts] of others.#types) {
      const mine = this.#of(typeUrl)
      for (const [name, by] of counts) addTo(mine, name, by)
    }
  }

  #of(typeUrl: TypeUrl): Map<string, number> {
    let counts = this.#types.get(typeUrl)
    if (counts === undefined) {
      counts = new Map()
      this.#types.set(typeUrl, counts)
    }
    return counts
  }
}

function addTo(counts: Map<string, number>, name: string, by: number): void {
  const total = (counts.get(name) ?? 0) + by
  if (total === 0) counts.delete(name)
  else counts.set(name, total)
}
