/**
 * Whether others can do with what some proxies refuse. Objects are held back from everybody, and one may be a part of what several groups of
 * proxies get: a backend or authorities in another namespace, or authorities of the whole cluster. What one group says of it, which may be of
 * another image than the rest, or say no to everything, must not take it from the others.
 */
import type { ObjectVersion } from '../../util/object-ref.js'
import type { RejectedVersion } from '../../xds/rejected-versions.js'
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../../xds/resource.js'
import type { SnapshotCache } from '../../xds/snapshot-cache.js'

/** Of these an Envoy takes one without another: who refuses one goes without it, or keeps the one before, and has all the rest. */
export const TAKEN_ONE_BY_ONE: ReadonlySet<TypeUrl> = new Set([TYPE_URL.cluster, TYPE_URL.clusterLoadAssignment, TYPE_URL.secret])

/**
 * True if proxies of another group are to have something of the same type that is made of the object, and have not refused it.
 *
 * @param isRefused whether the proxies of a group have refused a resource
 */
export function isTakenElsewhere(
  snapshots: SnapshotCache,
  object: ObjectVersion,
  { typeUrl, by }: Pick<RejectedVersion, 'typeUrl' | 'by'>,
  isRefused: (resource: EncodedResource, group: string) => boolean,
): boolean {
  const takes = (group: string): boolean =>
    snapshots
      .resources(group, typeUrl)
      .values()
      .some((resource) => resource.origins.some((origin) => isSame(origin, object)) && !isRefused(resource, group))
  return snapshots.groups().some((group) => group !== by?.group && takes(group))
}

function isSame(a: ObjectVersion, b: ObjectVersion): boolean {
  return a.name === b.name && a.namespace === b.namespace && a.kind === b.kind
}
