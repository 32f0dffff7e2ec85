/** Where the Gateways of a cluster listen: in pods of their own or of their class, on every address, with the ports below 1024 moved up. */

import { classScope, type Placement, type SharedFleet } from '../../ir/placement.js'
import type { BindAddresses } from './bind-addresses.js'

/**
 * Added to ports below 1024, which only root may bind. Port 80 is 10080, 443 is 10443; clients see the Service's ports. Ports from
 * 1024 on stay as they are.
 */
export const PRIVILEGED_PORT_SHIFT = 10_000

/** A Gateway, as far as its place is concerned. */
interface PodGateway {
  readonly key: string
  readonly gatewayClass: string
  readonly merging: 'SharedAddress' | 'OwnAddresses' | 'unknown' | undefined
  /** True if proxies bind ports below 1024 themselves. */
  readonly keepsPorts: boolean
}

/** One fleet per Gateway, or per class. */
export class PodPlacements {
  /** Clients use the addresses of the Service, which the provisioner reads. */
  readonly assignsAddresses = false
  readonly #addresses: BindAddresses
  #places: ReadonlyMap<string, Placement> = new Map()

  /** @param addresses what proxies bind, see `bindAddresses` */
  constructor(addresses: BindAddresses = ['0.0.0.0']) {
    this.#addresses = addresses
  }

  /** The placement of every Gateway of now, by key. While nobody knows how a class is merged, its Gateways stay where they are. */
  place(gateways: readonly PodGateway[]): ReadonlyMap<string, Placement> {
    const before = this.#places
    this.#places = new Map(gateways.map((gateway) => [gateway.key, placementOf(gateway, before.get(gateway.key), this.#addresses)]))
    return this.#places
  }
}

/** The group of proxies of a Gateway, by the key of the Gateway. */
export function fleetGroup(gateway: string): string {
  return gateway
}

function placementOf(gateway: PodGateway, before: Placement | undefined, addresses: BindAddresses): Placement {
  const { key, gatewayClass, merging, keepsPorts } = gateway
  if (merging === 'unknown' && before !== undefined) return before
  if (merging === undefined || merging === 'unknown') return podPlacement(addresses, keepsPorts, fleetGroup(key))
  const shared: SharedFleet = { gatewayClass, addresses: merging === 'SharedAddress' ? 'shared' : 'own' }
  return podPlacement(addresses, keepsPorts, classScope(gatewayClass), shared)
}

function podPlacement(addresses: BindAddresses, keepsPorts: boolean, group: string, shared?: SharedFleet): Placement {
  return {
    group,
    addresses,
    ports: { privilegedOffset: keepsPorts ? 0 : PRIVILEGED_PORT_SHIFT, offset: 0 },
    ...(shared === undefined ? {} : { shared }),
  }
}
