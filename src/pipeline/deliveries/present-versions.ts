/** The versions of resources that proxies are to have now, and what is known of those that some of them reject. */
import { describeObject, type ObjectVersion } from '../../util/object-ref.js'
import type { Fleet, RejectedVersion, RejectedVersions } from '../../xds/rejected-versions.js'
import type { ResourceChange } from '../../xds/resource.js'
import type { SnapshotCache } from '../../xds/snapshot-cache.js'
import type { PresentResources } from './deliveries.js'
import { isTakenElsewhere } from './taken-elsewhere.js'

/** What they are read from. */
export interface PresentVersionsOptions {
  readonly snapshots: SnapshotCache
  /** Versions that proxies are known to reject; undefined where none are kept. */
  readonly rejected?: RejectedVersions | undefined
  /** The image that the proxies of a group are to be of; undefined where nobody knows. What proxies of another one refuse holds nothing back. */
  readonly imageOf?: ((group: string) => string | undefined) | undefined
}

/** Reads them as they are when it is asked. */
export class PresentVersions implements PresentResources {
  readonly #snapshots: SnapshotCache
  readonly #rejected: PresentVersionsOptions['rejected']
  readonly #imageOf: PresentVersionsOptions['imageOf']

  constructor({ snapshots, rejected, imageOf }: PresentVersionsOptions) {
    this.#snapshots = snapshots
    this.#rejected = rejected
    this.#imageOf = imageOf
  }

  revisionOf(group: string): number {
    return this.#snapshots.revision(group)
  }

  isCurrent(rejected: RejectedVersion): boolean {
    if (!this.isOfWantedImage(rejected)) return false
    const groups = rejected.by === undefined ? this.#snapshots.groups() : [rejected.by.group]
    return groups.some((group) => this.#snapshots.resource(group, rejected)?.version === rejected.version)
  }

  isTakenElsewhere(object: ObjectVersion, rejected: RejectedVersion): boolean {
    return isTakenElsewhere(
      this.#snapshots,
      object,
      rejected,
      (resource, group) => this.#rejected?.has(resource, this.#fleetOf(group)) === true,
    )
  }

  /** False for what a proxy said that is being replaced by one of another image. */
  isOfWantedImage({ by }: RejectedVersion): boolean {
    const wanted = by && this.#imageOf?.(by.group)
    return wanted === undefined || wanted === by?.image
  }

  /** True if proxies of one of these groups are known to have rejected something. */
  isRejectedByAny(groups: ReadonlySet<string>): boolean {
    return this.#rejected?.list().some(({ by }) => by !== undefined && groups.has(by.group)) ?? false
  }

  /** A rejection with the objects that the version was made from: what is kept of one, and told to other replicas, leaves them out. */
  withOrigins(rejected: RejectedVersion): RejectedVersion {
    return rejected.origins.length > 0 ? rejected : { ...rejected, origins: this.#originsOf(rejected) }
  }

  /** Of what a group is to have now, the versions that its proxies are known to reject, with those of their present objects that are suspects. */
  *knownRejections(group: string, changes: readonly ResourceChange[]): Iterable<RejectedVersion> {
    if (this.#rejected === undefined || this.#rejected.isEmpty) return
    const fleet = this.#fleetOf(group)
    for (const { resource } of changes) {
      const known = resource === undefined ? undefined : this.#rejected.get(resource, resource.version, fleet)
      if (resource === undefined || known === undefined) continue
      // Generations count anew after a restart without a cluster: the names are what stays.
      const names = new Set(this.#culpritsOf(known).map(describeObject))
      const { origins } = resource
      yield { ...known, origins, suspects: origins.filter((origin) => names.has(describeObject(origin))) }
    }
  }

  /** Who rejects what proxies of this group reject; undefined where it counts for everybody. */
  #fleetOf(group: string): Fleet | undefined {
    return this.#imageOf && { group, image: this.#imageOf(group) ?? '' }
  }

  #originsOf(rejected: RejectedVersion): RejectedVersion['origins'] {
    for (const group of this.#snapshots.groups()) {
      const resource = this.#snapshots.resource(group, rejected)
      if (resource?.version === rejected.version) return resource.origins
    }
    return rejected.suspects
  }

  /** The suspects of a version; where they were too many to be kept, those that the search ended with. */
  #culpritsOf({ typeUrl, name, suspects }: RejectedVersion): RejectedVersion['suspects'] {
    if (suspects.length > 0) return suspects
    const others = (this.#rejected?.list() ?? []).filter((other) => other.typeUrl === typeUrl && other.name === name)
    return others.flatMap((other) => (other.suspects.length === 1 ? other.suspects : []))
  }
}
