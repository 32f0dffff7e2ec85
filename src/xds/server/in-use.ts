/**
 * Make before break, for removals: a name goes when nothing refers to it any more, neither what the client shall have nor what it may still
 * run.
 */
import { once } from '../../util/once.js'
import type { TypeUrl } from '../resource.js'
import type { SnapshotCache } from '../snapshot-cache.js'
import { REFERRERS } from './push-order.js'
import type { Subscription } from './subscription.js'

/** What decides, of one stream. */
export interface UseSources {
  readonly group: string
  readonly cache: SnapshotCache
  readonly subscriptions: ReadonlyMap<TypeUrl, Subscription>
}

/**
 * Tells whether a name of the type is in use. Names that go together may be thousands: what the client may still run is looked at once for
 * all of them, and stays so until the next response.
 */
export function inUse(typeUrl: TypeUrl, { cache, group, subscriptions }: UseSources): (name: string) => boolean {
  const replaced = once(() => replacedReferences(typeUrl, subscriptions))
  return (name) => cache.isReferenced(group, { typeUrl, name }) || (replaced()?.has(name) ?? true)
}

/** Names of the type in resources that were replaced and may still run; undefined where those may refer to any name. */
function replacedReferences(typeUrl: TypeUrl, subscriptions: ReadonlyMap<TypeUrl, Subscription>): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  for (const type of REFERRERS[typeUrl]) {
    for (const { references } of subscriptions.get(type)?.replaced() ?? []) {
      if (references === undefined) {
        // Only its version is known, not what it refers to; clusters that wait for each other would stay for ever.
        if (type !== typeUrl) return undefined
      } else for (const reference of references) if (reference.typeUrl === typeUrl) names.add(reference.name)
    }
  }
  return names
}
