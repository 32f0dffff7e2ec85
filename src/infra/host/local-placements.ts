/**
 * Where the Gateways of a laptop listen: one Envoy serves all, every Gateway has a loopback address of its own, and ports below 1024
 * are 8000 higher, since binding them needs root.
 */
import { createServer } from 'node:net'
import { addressScope, classScope, type Placement } from '../../ir/placement.js'
import { type AddressInUse, addressInUse } from '../../xds/address-in-use.js'

/** The one group of proxies on a laptop. */
export const LOCAL_GROUP = 'local'

/** Added to ports below 1024. */
export const PRIVILEGED_PORT_SHIFT = 8000

/** Where further loopback addresses do not exist (macOS), Gateways share one and their ports lie this far apart. */
const SHARED_ADDRESS_PORT_STEP = 100

/** A Gateway, as far as its place is concerned. */
interface LocalGateway {
  readonly key: string
  readonly gatewayClass: string
  readonly merging: 'SharedAddress' | 'OwnAddresses' | 'unknown' | undefined
}

/** Places Gateways on this machine. A Gateway keeps its place for as long as it exists, whatever comes and goes beside it. */
export class LocalPlacements {
  /** What is bound on this machine is what its clients use. */
  readonly assignsAddresses = true
  readonly #offset: number
  readonly #ownAddresses: boolean
  /** By what has an address: a Gateway, or a class whose Gateways share theirs. */
  #slots: ReadonlyMap<string, number> = new Map()
  #places: ReadonlyMap<string, Placement> = new Map()
  /** By address, the ports that other programs have. */
  readonly #busy = new Map<string, readonly number[]>()
  readonly #onBusy: (found: AddressInUse) => void

  /**
   * @param offset added to every port, for several Headgates on one machine
   * @param ownAddresses false where only 127.0.0.1 can be bound, see `hasSpareLoopbackAddresses`
   * @param onBusy is told of every port that another program turns out to have
   */
  constructor(offset: number, ownAddresses: boolean, onBusy: (found: AddressInUse) => void = () => {}) {
    this.#offset = offset
    this.#onBusy = onBusy
    this.#ownAddresses = ownAddresses
  }

  /** The placement of every Gateway of now, by key; the order of new ones decides who gets the lower address. */
  place(gateways: readonly LocalGateway[]): ReadonlyMap<string, Placement> {
    const scopes = gateways.map((gateway) => ({ gateway, scope: this.#scopeOf(gateway) }))
    this.#slots = assignSlots(this.#slots, [...new Set(scopes.map(({ scope }) => scope))])
    this.#places = new Map(
      scopes.map(({ gateway: { key, gatewayClass }, scope }) => {
        const placement = this.#placement(this.#slots.get(scope) ?? 0)
        // One Envoy serves all anyway: only a common address makes a difference here.
        return [key, scope === key ? placement : { ...placement, shared: { gatewayClass, addresses: 'shared' } }]
      }),
    )
    return this.#places
  }

  /** A port that another program has is given to nobody again while this one runs: that it is free some day does not move who went elsewhere. */
  isMovedBy(rejected: { readonly name: string; readonly message: string }): boolean {
    const found = addressInUse(rejected)
    if (found === undefined) return false
    const known = this.#busy.get(found.address) ?? []
    if (known.includes(found.port)) return false
    this.#busy.set(found.address, [...known, found.port])
    this.#onBusy(found)
    return true
  }

  /** While nobody knows how a class is merged, its Gateways stay where they are. */
  #scopeOf({ key, gatewayClass, merging }: LocalGateway): string {
    if (merging === 'unknown') return addressScope(key, this.#places.get(key))
    return merging === 'SharedAddress' ? classScope(gatewayClass) : key
  }

  #placement(slot: number): Placement {
    const shared = this.#ownAddresses ? 0 : slot * SHARED_ADDRESS_PORT_STEP
    const address = this.#ownAddresses ? loopbackAddress(slot) : '127.0.0.1'
    const busy = this.#busy.get(address)
    return {
      group: LOCAL_GROUP,
      addresses: [address],
      ports: { privilegedOffset: PRIVILEGED_PORT_SHIFT, offset: this.#offset + shared, ...(busy === undefined ? {} : { busy }) },
      direct: true,
    }
  }
}

/** True where all of 127.0.0.0/8 is this machine, as on Linux. */
export function hasSpareLoopbackAddresses(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(0, '127.0.0.2', () => server.close(() => resolve(true)))
  })
}

/** Whoever was there keeps its slot; the others get the lowest that is free. */
function assignSlots(previous: ReadonlyMap<string, number>, gateways: readonly string[]): ReadonlyMap<string, number> {
  const slots = new Map(gateways.flatMap((key) => (previous.has(key) ? [[key, previous.get(key) ?? 0] as const] : [])))
  const taken = new Set(slots.values())
  let next = 0
  for (const key of gateways.filter((candidate) => !slots.has(candidate))) {
    while (taken.has(next)) next++
    taken.add(next)
    slots.set(key, next)
  }
  return slots
}

/** 127.0.0.1, ..., 127.0.0.255, 127.0.1.0, ... */
function loopbackAddress(slot: number): string {
  const number = slot + 1
  return `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}
