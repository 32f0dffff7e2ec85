/** What all streams of a server share. */
import type { DeliveryTracker } from '../delivery-tracker.js'
import type { RejectedVersions } from '../rejected-versions.js'
import type { EncodedResource } from '../resource.js'
import type { SnapshotCache } from '../snapshot-cache.js'
import type { Admission } from './admission.js'
import type { Authenticator } from './authentication.js'
import type { Bounds } from './bounds.js'
import type { ServerClock } from './clock.js'
import type { Counters } from './counters.js'
import type { Bridges } from './extension-order.js'
import type { Limits } from './limits.js'
import type { PumpQueue } from './pump-queue.js'
import type { Protocol } from './requests.js'
import type { ResourceEncoder } from './wire.js'

/** Where the server says what people should know. A pino logger is one. */
export interface ServerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Made once by the server. */
export interface StreamContext {
  readonly cache: SnapshotCache
  readonly rejected: RejectedVersions
  /** True where proxies are pods of some image: what a client rejects counts for its own group, also where it does not say which image it is. */
  readonly areFleetsApart: boolean
  readonly tracker: DeliveryTracker
  readonly authenticator: Authenticator
  readonly bounds: Bounds
  readonly limits: Limits
  readonly clock: ServerClock
  readonly log: ServerLog
  readonly counters: Counters
  readonly encoders: Readonly<Record<Protocol, ResourceEncoder>>
  readonly silentClusters: WeakMap<EncodedResource, boolean>
  readonly bridges: Bridges
  readonly queue: PumpQueue
  readonly admission: Admission
}
