/** The service between replicas, as protos/headgate/replica/v1/replica.proto describes it. */
import type { ServiceDefinition } from '@grpc/grpc-js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { ownService } from '../../xds/own-services.js'
import type { Fleet } from '../../xds/rejected-versions.js'

/** What a follower says. */
export interface DeliveryReport {
  readonly complete: boolean
  readonly objects: readonly ObjectDelivery[]
  readonly rejected: readonly WireRejectedVersion[]
}

/** How far the configuration of one object has come on the proxies of one replica. */
export interface ObjectDelivery {
  readonly object: string
  /** 0 when the object is gone. */
  readonly generation: number
  readonly groups: readonly { readonly group: string; readonly state: 'NO_PROXY' | 'PENDING' | 'ACKNOWLEDGED' }[]
}

/** A version of a resource that a proxy rejected. */
export interface WireRejectedVersion {
  readonly typeUrl: string
  readonly name: string
  readonly version: string
  readonly message: string
  readonly origins: readonly ObjectVersion[]
  readonly suspects: readonly ObjectVersion[]
  readonly at: string
  readonly by?: Fleet | null
}

/** What the leader answers. */
export interface Rejections {
  readonly rejected: readonly WireRejectedVersion[]
}

/** Whether the API server answers a replica. */
export interface Touch {
  readonly replica: string
  readonly inTouch: boolean
}

/** What one wants to see of another one's proxies. */
export interface LookRequest {
  readonly at: 'proxies' | 'history'
  /** So many at most, the last ones; 0: all. */
  readonly limit: number
}

/** What there is to see. */
export interface Sight {
  readonly replica: string
  /** As the admin server of the replica has it. */
  readonly json: string
}

/** The definition for servers and clients; both see messages as the types above. */
export function replicaService(): ServiceDefinition {
  return ownService('headgate.replica.v1.ReplicaService')
}
