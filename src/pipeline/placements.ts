/** Decides where gateways run. */
import type { Placement } from '../ir/placement.js'

/** A gateway that needs a place. */
export interface UnplacedGateway {
  /** `namespace/name`. */
  readonly key: string
  readonly gatewayClass: string
  /** How the gateways of its class share their proxies; undefined: not at all. `unknown`, as a configuration is missing: whoever has a place keeps it. */
  readonly merging: 'SharedAddress' | 'OwnAddresses' | 'unknown' | undefined
  /** True if proxies in a cluster bind ports below 1024 themselves. */
  readonly keepsPorts: boolean
  /** IP addresses that it asks for, in its order. */
  readonly addresses: readonly string[]
}

/** Places gateways: on a laptop one address each, in Kubernetes pods of their own. */
export interface PlacementPolicy {
  /** True where the bound addresses are those that clients use: the gateway has them at once. Otherwise the infrastructure reports them. */
  readonly assignsAddresses: boolean
  /**
   * The placement of every gateway, by its key. Called with all gateways of now whenever one comes, goes, is merged otherwise or asks for
   * other addresses; one of which nothing of that is true must keep its place.
   *
   * @param gateways in ascending order of their keys
   */
  place(gateways: readonly UnplacedGateway[]): ReadonlyMap<string, Placement>
  /**
   * A proxy rejected a resource, in its words: true if that is about the place, and gateways must be placed anew. No object is to blame then.
   * Absent where places have no part in it.
   */
  isMovedBy?(rejected: { readonly name: string; readonly message: string }): boolean
}
