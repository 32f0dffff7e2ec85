/** Where Gateways run in a cluster: in pods of their own, which bind every address, and ports that need no rights. */
import type { Placement } from '../../ir/placement.js'

/** Added to ports below 1024: the Service maps them back. */
export const PRIVILEGED_PORT_SHIFT = 10_000

/** Places each Gateway in a group of its own. Addresses come from its Service. */
export class PodPlacements {
  readonly assignsAddresses = false

  /** The placement of every Gateway, by its key `namespace/name`. */
  place(gateways: readonly string[]): ReadonlyMap<string, Placement> {
    return new Map(gateways.map((key) => [key, placement(key)]))
  }
}

function placement(gateway: string): Placement {
  return { group: gateway, addresses: ['0.0.0.0'], ports: { privilegedOffset: PRIVILEGED_PORT_SHIFT, offset: 0 } }
}
