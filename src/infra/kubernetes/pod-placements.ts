/** Where the Gateways of a cluster listen: in pods of their own, on every address, with the ports below 1024 moved up. */
import type { Placement } from '../../ir/placement.js'

/**
 * Added to ports below 1024, which only root may bind. Port 80 is 10080, 443 is 10443; clients see the Service's ports. Ports from
 * 1024 on stay as they are.
 */
export const PRIVILEGED_PORT_SHIFT = 10_000

/** One fleet per Gateway. */
export class PodPlacements {
  /** Clients use the addresses of the Service, which the provisioner reads. */
  readonly assignsAddresses = false

  place(gateways: readonly string[]): ReadonlyMap<string, Placement> {
    return new Map(gateways.map((gateway) => [gateway, placementOf(gateway)]))
  }
}

/** The group of proxies of a Gateway, by the key of the Gateway. */
export function fleetGroup(gateway: string): string {
  return gateway
}

function placementOf(gateway: string): Placement {
  return { group: fleetGroup(gateway), addresses: ['0.0.0.0'], ports: { privilegedOffset: PRIVILEGED_PORT_SHIFT, offset: 0 } }
}
