/** What the admin server reads from the rest of the program. It changes nothing. */

import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { EffectiveField } from '../gatewayapi/policies/effective-report.js'
import type { ObjectRef } from '../util/object-ref.js'
import type { ProxyDelivery } from '../xds/delivery.js'
import type { EncodedResource, TypeUrl } from '../xds/resource.js'
import type { RevisionRecord } from '../xds/revision-history.js'

/** The configuration of all groups of proxies; `SnapshotCache` is one. */
export interface SnapshotSource {
  groups(): readonly string[]
  revision(group: string): number
  resources(group: string, typeUrl: TypeUrl): ReadonlyMap<string, EncodedResource>
}

/** Where a listener of a Gateway, or of a ListenerSet on it, really listens. */
export interface ListenerPlace {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string
  /** `namespace/name` of the ListenerSet that has it; undefined: the Gateway itself. */
  readonly listenerSet?: string
  readonly listener: string
  readonly protocol: string
  /** The port in the Gateway. */
  readonly port: number
  /** The port on the proxy; undefined where there is no room for it. */
  readonly boundPort: number | undefined
  readonly addresses: readonly string[]
}

/** Something that keeps an object or a file from counting, and that no status can say: a file that does not parse, an unknown field. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  /** `file:line:column`, or the object. */
  readonly where: string
  /** The object that it is about, where one is known. */
  readonly object?: ObjectRef
  readonly message: string
  /** True where it bears on everything that is shown. */
  readonly isGeneral?: true
}

/** What `/status` and `/leader/status` answer. */
export interface StatusReport {
  readonly objects: readonly ObjectStatus[]
  readonly listeners: readonly ListenerPlace[]
  readonly problems: readonly Problem[]
}

/** What the probes ask. */
export interface Health {
  /** False: only a restart helps. */
  readonly live: boolean
  /** True as soon as proxies can be served. */
  readonly ready: boolean
  /** Why it is not ready, one line each. */
  readonly reasons: readonly string[]
}

/** The bootstrap that the proxies of a group start with. */
export interface GroupBootstrap {
  readonly group: string
  /** ProtoJSON. */
  readonly bootstrap: unknown
}

/** What each replica knows of its own proxies alone. */
export interface OwnSources {
  proxies(): readonly ProxyDelivery[]
  /** The oldest revision first. */
  history(): readonly RevisionRecord[]
}

/** What another replica says of its own, or why it does not. */
export type OtherReplica<Item> =
  | { readonly replica: string; readonly items: readonly Item[] }
  | { readonly address: string; readonly problem: string }

/** Everything that the admin server shows. */
export interface AdminSources extends OwnSources {
  /** The name of this replica; the empty string where there is one alone. */
  readonly replica: string
  /** What the other replicas say, with so many items of each at most, the last ones; 0: all. Never rejects. */
  others<What extends keyof OwnSources>(what: What, limit: number): Promise<readonly OtherReplica<ReturnType<OwnSources[What]>[number]>[]>
  /** What the leader says of objects; undefined where it is this replica, or where there is none to ask. Rejects when it does not answer. */
  leaderStatus(): Promise<StatusReport | undefined>
  readonly snapshots: SnapshotSource
  statuses(): Iterable<ObjectStatus>
  places(): readonly ListenerPlace[]
  problems(): readonly Problem[]
  /** `file:line:column` of a part of an object, where objects come from files. */
  whereIs(object: ObjectRef, path: readonly (string | number)[]): string | undefined
  /**
   * What policies come to for a route.
   *
   * @param route `<kind>/<namespace>/<name>`, the kind in any case; undefined: for all routes
   */
  effectivePolicies(route: string | undefined): readonly EffectiveField[]
  bootstraps(): readonly GroupBootstrap[]
  health(): Health
  /** The metrics in the text format of Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
}
