/**
 * Statuses that wait to be written. Kinds take turns, and within a kind its namespaces do: whoever has thousands of routes, or a webhook that is
 * slow for them, keeps nobody else waiting.
 */

/** So many of one kind are under way at once. */
const MOST_OF_A_KIND = 32

/** So many of one kind in one namespace. */
const MOST_OF_A_LANE = 8

/** What waits, and how much of it is under way, by names such as `HTTPRoute/shop/web`. */
export class Lanes<Item extends { readonly name: string }> {
  /** By kind, then by lane; whoever had a turn stands behind the others. */
  readonly #kinds = new Map<string, Map<string, Item[]>>()
  /** How many are under way, by kind and by lane. */
  readonly #underWay = new Map<string, number>()

  add(item: Item): void {
    const { kind, lane } = placeOf(item)
    const lanes = this.#kinds.get(kind) ?? new Map<string, Item[]>()
    this.#kinds.set(kind, lanes)
    const items = lanes.get(lane)
    if (items === undefined) lanes.set(lane, [item])
    else items.push(item)
  }

  /** The next one, which is under way from now on; undefined where all that wait have to go on waiting. */
  take(): Item | undefined {
    for (const [kind, lanes] of this.#kinds) {
      if (this.#count(kind) >= MOST_OF_A_KIND) continue
      for (const [lane, items] of lanes) {
        if (this.#count(lane) >= MOST_OF_A_LANE) continue
        const item = items.shift()
        lanes.delete(lane)
        if (items.length > 0) lanes.set(lane, items)
        this.#kinds.delete(kind)
        if (lanes.size > 0) this.#kinds.set(kind, lanes)
        this.#add(kind, 1)
        this.#add(lane, 1)
        return item
      }
    }
    return undefined
  }

  /** It is not under way any more. */
  done(item: Item): void {
    const { kind, lane } = placeOf(item)
    this.#add(kind, -1)
    this.#add(lane, -1)
  }

  /** Takes away all that waits. */
  clear(): readonly Item[] {
    const items = [...this.#kinds.values()].flatMap((lanes) => [...lanes.values()].flat())
    this.#kinds.clear()
    return items
  }

  #count(place: string): number {
    return this.#underWay.get(place) ?? 0
  }

  #add(place: string, more: number): void {
    const count = this.#count(place) + more
    if (count === 0) this.#underWay.delete(place)
    else this.#underWay.set(place, count)
  }
}

function placeOf({ name }: { readonly name: string }): { readonly kind: string; readonly lane: string } {
  return { kind: name.slice(0, name.indexOf('/')), lane: name.slice(0, name.lastIndexOf('/')) }
}
