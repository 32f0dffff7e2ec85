/** What a round made, on its way to proxies: one revision of each group, and then the notes about which objects are in it. */
import type { ChangeTrace } from '../xds/change-trace.js'
import type { EncodedResource, ResourceChange } from '../xds/resource.js'
import type { SnapshotCache } from '../xds/snapshot-cache.js'
import { parseResourceKey } from '../xds/translate/resource-key.js'
import type { Deliveries } from './deliveries/deliveries.js'
import type { PresentVersions } from './deliveries/present-versions.js'

/** What a publication works with. */
export interface PublicationOptions {
  readonly snapshots: SnapshotCache
  readonly versions: PresentVersions
  readonly deliveries: Deliveries
  /** Says where a revision that is ready now comes from. */
  readonly trace: () => ChangeTrace
}

/**
 * Publishes resources, and gives way after each step: what concerns all of 5,000 routes takes longer than a turn of the event loop may. Proxies see
 * a group's changes all at once. Until it has ended nothing else may be published, and the translation must not go on.
 *
 * @param resources by resource key; undefined where one is gone
 * @param isAll true unless more comes of what existed at the start
 * @returns true if something was held back or has become known: then what is made of it comes next
 */
export function* publish(
  { snapshots, versions, deliveries, trace }: PublicationOptions,
  resources: ReadonlyMap<string, EncodedResource | undefined>,
  isAll: boolean,
): Generator<void, boolean> {
  const groups = new Map<string, ResourceChange[]>()
  for (const [key, resource] of resources) {
    note(groups, key, resource)
    yield
  }
  for (const [group, changes] of groups) {
    const draft = snapshots.draft(group)
    for (const change of changes) {
      draft.add(change)
      yield
    }
    snapshots.commit(draft, trace())
    yield
  }
  if (isAll) snapshots.markComplete()
  let isNews = yield* deliveries.published()
  for (const [group, changes] of groups) {
    for (const known of versions.knownRejections(group, changes)) {
      // Without a suspect nothing is held back, and proxies go on with what they have: but for a search, which would take it for accepted.
      if (known.suspects.length === 0 && !deliveries.isSearching) continue
      isNews = deliveries.rejected(known) || isNews
      yield
    }
  }
  return isNews
}

function note(groups: Map<string, ResourceChange[]>, key: string, resource: EncodedResource | undefined): void {
  const parsed = parseResourceKey(key)
  if (parsed === undefined) return
  const { group, reference } = parsed
  const changes = groups.get(group)
  const change = { ...reference, resource }
  if (changes === undefined) groups.set(group, [change])
  else changes.push(change)
}
