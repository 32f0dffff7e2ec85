/**
 * Where the Gateways of a laptop listen: one Envoy serves all, every Gateway has a loopback address of its own, the one that it asks for or
 * the lowest that is free, and ports below 1024 are 8000 higher, since binding them needs root.
 */
import { createServer, isIP } from 'node:net'
import { addressScope, classScope, type Placement } from '../../ir/placement.js'
import { isLoopback } from '../../util/loopback.js'
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
  /** IP addresses that it asks for. */
  readonly addresses: readonly string[]
}

/** What has an address: a Gateway, or a class whose Gateways share theirs. */
interface Claimant {
  readonly scope: string
  /** The slots of the addresses that it asks for. */
  readonly wanted: readonly number[]
}

/** Places Gateways on this machine. A Gateway keeps its place for as long as it exists and asks for no other, whatever comes and goes beside it. */
export class LocalPlacements {
  /** What is bound on this machine is what its clients use. */
  readonly assignsAddresses = true
  readonly #offset: number
  readonly #ownAddresses: boolean
  /** By the scope of a claimant. */
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

  /** The placement of every Gateway of now, by key; the order of new ones decides who gets the lower address, or one that several ask for. */
  place(gateways: readonly LocalGateway[]): ReadonlyMap<string, Placement> {
    const scopes = gateways.map((gateway) => ({ gateway, scope: this.#scopeOf(gateway) }))
    const claimants = [...Map.groupBy(scopes, ({ scope }) => scope)].map(
      ([scope, all]): Claimant => ({ scope, wanted: all.flatMap(({ gateway }) => this.#wantedSlots(gateway)) }),
    )
    this.#slots = assignSlots(this.#slots, claimants)
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

  #wantedSlots({ addresses }: LocalGateway): readonly number[] {
    return this.#ownAddresses ? addresses.flatMap(loopbackSlot) : []
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

/** Whoever has a slot and asks for no other keeps it; then each gets one that it asks for, or else the one that it had, or the lowest. */
function assignSlots(previous: ReadonlyMap<string, number>, claimants: readonly Claimant[]): ReadonlyMap<string, number> {
  const slots = new Map<string, number>()
  const taken = new Set<number>()
  const give = (slotFor: (claimant: Claimant) => number | undefined): void => {
    for (const claimant of claimants) {
      const slot = slots.has(claimant.scope) ? undefined : slotFor(claimant)
      if (slot === undefined || taken.has(slot)) continue
      slots.set(claimant.scope, slot)
      taken.add(slot)
    }
  }
  give(({ scope, wanted }) => {
    const before = previous.get(scope)
    return before !== undefined && (wanted.length === 0 || wanted.includes(before)) ? before : undefined
  })
  give(({ wanted }) => wanted.find((slot) => !taken.has(slot)))
  give(({ scope }) => previous.get(scope))
  let lowest = 0
  give(() => {
    while (taken.has(lowest)) lowest++
    return lowest
  })
  return slots
}

/** 127.0.0.1, ..., 127.0.0.255, 127.0.1.0, ... */
function loopbackAddress(slot: number): string {
  const number = slot + 1
  return `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

/** The slot of such an address; none for any other. */
function loopbackSlot(address: string): readonly number[] {
  if (isIP(address) !== 4 || !isLoopback(address)) return []
  const [, ...parts] = address.split('.').map(Number)
  const slot = parts.reduce((number, part) => number * 256 + part, 0) - 1
  return slot < 0 ? [] : [slot]
}
