/** What all replicas say of their proxies: each knows its own. */
import type { AdminSources, OwnSources } from './sources.js'

type ItemOf<What extends keyof OwnSources> = ReturnType<OwnSources[What]>[number]

/** What is known where one asks one of several. */
export interface AllReplicas<Item> {
  readonly found: readonly (Item & { readonly replica: string })[]
  /** Those that did not answer, and why. */
  readonly silent: readonly { readonly address: string; readonly problem: string }[]
}

/** Asks all replicas, this one included. `query` may say `limit`: so many of each replica at most, the last ones. */
export async function askAll<What extends keyof OwnSources>(
  sources: AdminSources,
  what: What,
  query: URLSearchParams,
): Promise<AllReplicas<ItemOf<What>>> {
  const limit = Math.trunc(Math.max(0, Number(query.get('limit') ?? 0))) || 0
  const others = await sources.others(what, limit)
  const answered = [
    { replica: sources.replica, items: lastOf<ItemOf<What>>(sources[what](), limit) },
    ...others.filter((each) => 'replica' in each),
  ]
  return {
    found: answered.flatMap(({ replica, items }) => items.map((item) => ({ ...item, replica }))),
    silent: others.filter((each) => 'problem' in each),
  }
}

/** The last ones, so many at most; 0: all. */
export function lastOf<Item>(items: readonly Item[], limit: number): readonly Item[] {
  return limit === 0 ? items : items.slice(-limit)
}
