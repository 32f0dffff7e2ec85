/**
 * Where the listeners of a Gateway are reachable on a laptop: every Gateway has a loopback address of its own, and ports below
 * 1024 are moved up, since binding them needs root.
 */

/** Ports below this belong to root. */
const FIRST_UNPRIVILEGED_PORT = 1024
const PRIVILEGED_PORT_SHIFT = 8000
const LAST_PORT = 65_535
/** Where further loopback addresses do not exist (macOS), Gateways share one and their ports lie this far apart. */
const SHARED_ADDRESS_PORT_STEP = 100

/** Where a Gateway listens on this machine. */
export interface LocalAddress {
  readonly address: string
  /** Added to every port after the mapping below; 0 where the Gateway has an address of its own. */
  readonly portOffset: number
}

/**
 * The local port of each of a Gateway's ports: 80 becomes 8080, 443 becomes 8443, ports from 1024 on stay. When a listener asks for
 * the target port itself, it keeps it, and the moved one goes 10,000 higher. Undefined is a port for which there is no room.
 *
 * @param ports the ports of one Gateway and one transport (TCP or UDP)
 * @param offset added to every result, for several Headgates on one machine
 */
export function mapPorts(ports: readonly number[], offset = 0): ReadonlyMap<number, number | undefined> {
  const distinct = [...new Set(ports)].sort((a, b) => a - b)
  const kept = distinct.filter((port) => port >= FIRST_UNPRIVILEGED_PORT)
  const taken = new Set(kept)
  const local = new Map<number, number>(kept.map((port) => [port, port]))
  for (const port of distinct.filter((candidate) => candidate < FIRST_UNPRIVILEGED_PORT)) {
    let moved = port + PRIVILEGED_PORT_SHIFT
    while (taken.has(moved)) moved += 10_000
    taken.add(moved)
    local.set(port, moved)
  }
  return new Map(distinct.map((port) => [port, withOffset(local.get(port) ?? port, offset)]))
}

/**
 * Gives each Gateway a loopback address: the first 127.0.0.1, each further one the lowest 127.0.0.N that is free. A Gateway keeps
 * its address for as long as it exists, whatever comes and goes beside it.
 *
 * @param previous the result for the Gateways before
 * @param gateways keys of the Gateways now, the order decides who gets the lower number
 * @param ownAddresses false where only 127.0.0.1 can be bound: Gateways then share it with a port offset each
 */
export function assignLocalAddresses(
  previous: ReadonlyMap<string, LocalAddress>,
  gateways: readonly string[],
  ownAddresses = true,
): ReadonlyMap<string, LocalAddress> {
  const kept = gateways.flatMap((key) => {
    const address = previous.get(key)
    return address === undefined ? [] : [[key, address] as const]
  })
  const assigned = new Map(kept)
  const taken = new Set(kept.map(([, { address, portOffset }]) => `${address}+${portOffset}`))
  let next = 0
  for (const key of gateways.filter((candidate) => !assigned.has(candidate))) {
    while (taken.has(identity(localAddress(next, ownAddresses)))) next++
    const address = localAddress(next, ownAddresses)
    taken.add(identity(address))
    assigned.set(key, address)
  }
  return assigned
}

function localAddress(index: number, ownAddresses: boolean): LocalAddress {
  if (!ownAddresses) return { address: '127.0.0.1', portOffset: index * SHARED_ADDRESS_PORT_STEP }
  // 127.0.0.0/8 without the network's own number: 127.0.0.1, ..., 127.0.0.255, 127.0.1.0, ...
  const number = index + 1
  return { address: `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`, portOffset: 0 }
}

const identity = ({ address, portOffset }: LocalAddress): string => `${address}+${portOffset}`

function withOffset(port: number, offset: number): number | undefined {
  const shifted = port + offset
  return shifted >= 1 && shifted <= LAST_PORT ? shifted : undefined
}
