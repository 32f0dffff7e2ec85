/** Decides where gateways run. */
import type { Placement } from '../ir/placement.js'

/** Places gateways: on a laptop one address each, in Kubernetes pods of their own. */
export interface PlacementPolicy {
  /** True where the bound addresses are those that clients use: the gateway has them at once. Otherwise the infrastructure reports them. */
  readonly assignsAddresses: boolean
  /**
   * The placement of every gateway, by its key. Called with all gateways of now whenever one comes or goes; a gateway that stays
   * must keep its place.
   *
   * @param gateways keys in ascending order
   */
  place(gateways: readonly string[]): ReadonlyMap<string, Placement>
}
