import { TYPE_URL } from '../../src/xds/resource.js'
import type { SnapshotCache } from '../../src/xds/snapshot-cache.js'

/** Every resource of a group with its version, sorted. */
export function resourceVersions(snapshots: SnapshotCache, group: string): readonly string[] {
  const types = Object.values(TYPE_URL).map((typeUrl) => snapshots.resources(group, typeUrl))
  return types.flatMap((byName) => [...byName.values()].map(({ typeUrl, name, version }) => `${typeUrl} ${name} ${version}`)).sort()
}
