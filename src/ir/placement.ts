/** Where a gateway runs: decided by the infrastructure, the same for all its ports. */

/** The place of one gateway. */
export interface Placement {
  /** The proxies that serve it; all of a group get the same configuration. One per gateway in Kubernetes, one in all on a laptop. */
  readonly group: string
  /** The addresses that its ports bind, for example `127.0.0.1` on a laptop and `0.0.0.0` in a pod. The first is the main one. */
  readonly addresses: readonly [string, ...string[]]
  /** Which port a proxy binds for a port of the gateway: ports below 1024 need rights that a proxy does not have. */
  readonly ports: PortMapping
}

/** From the port of a listener to the port that a proxy binds. */
export interface PortMapping {
  /** Added to ports below 1024. */
  readonly privilegedOffset: number
  /** Added to every port. */
  readonly offset: number
}

const FIRST_UNPRIVILEGED_PORT = 1024
const LAST_PORT = 65_535
const COLLISION_STEP = 10_000

/**
 * The port that a proxy binds for each port of a gateway and transport. A port that a listener names itself is kept for it: a
 * privileged one that would move there goes 10,000 higher. Undefined is a port for which there is no room.
 */
export function boundPorts(mapping: PortMapping, ports: Iterable<number>): ReadonlyMap<number, number | undefined> {
  const distinct = [...new Set(ports)].sort((a, b) => a - b)
  const taken = new Set(distinct.filter((port) => port >= FIRST_UNPRIVILEGED_PORT))
  const moved = distinct.map((port) => {
    let target = port
    if (port < FIRST_UNPRIVILEGED_PORT) {
      target += mapping.privilegedOffset
      while (mapping.privilegedOffset > 0 && taken.has(target)) target += COLLISION_STEP
      taken.add(target)
    }
    const bound = target + mapping.offset
    return [port, bound >= 1 && bound <= LAST_PORT ? bound : undefined] as const
  })
  return new Map(moved)
}
