/** Where a gateway runs: decided by the infrastructure, the same for all its ports. */

/** The place of one gateway. */
export interface Placement {
  /** The proxies that serve it; all of a group get the same configuration. One per gateway in Kubernetes, one in all on a laptop. */
  readonly group: string
  /** The addresses that its ports bind, for example `127.0.0.1` on a laptop and `0.0.0.0` in a pod. The first is the main one. */
  readonly addresses: readonly [string, ...string[]]
  /** Which port a proxy binds for a port of the gateway: ports below 1024 need rights that a proxy does not have. */
  readonly ports: PortMapping
  /** True where clients connect to the bound ports themselves: nothing in front maps the ports of listeners to them. */
  readonly direct?: true
  /** Present where the Gateways of a class share their proxies. */
  readonly shared?: SharedFleet
}

/** Proxies that all Gateways of a class share. */
export interface SharedFleet {
  readonly gatewayClass: string
  /**
   * `shared`: the Gateways have their addresses and therefore their ports in common. `own`: each has an address of its own, and what binds
   * the same port for clients binds different ones on the proxies.
   */
  readonly addresses: 'own' | 'shared'
}

/** From the port of a listener to the port that a proxy binds. */
export interface PortMapping {
  /** Added to ports below 1024. */
  readonly privilegedOffset: number
  /** Added to every port. */
  readonly offset: number
  /** Ports that proxies cannot bind, because other programs on their machine have them. */
  readonly busy?: readonly number[]
}

/** Names what the Gateways of a class have in common. No namespace has upper case, so it is the key of no Gateway. */
export function classScope(gatewayClass: string): string {
  return `GatewayClass/${gatewayClass}`
}

/** What has the addresses of a Gateway: listeners of one scope share ports. The key of the Gateway, or the `classScope`. */
export function addressScope(gateway: string, placement: Placement | undefined): string {
  const { shared } = placement ?? {}
  return shared?.addresses === 'shared' ? classScope(shared.gatewayClass) : gateway
}

/** What must not bind the same port twice: the key of the Gateway, or the `classScope` where proxies are shared. */
export function portSpace(gateway: string, placement: Placement | undefined): string {
  return placement?.shared === undefined ? gateway : classScope(placement.shared.gatewayClass)
}

const FIRST_UNPRIVILEGED_PORT = 1024
const LAST_PORT = 65_535
const COLLISION_STEP = 10_000

/**
 * The port that a proxy binds for each port of a gateway and transport. A port that a listener names itself is kept for it: a
 * privileged one that would move there goes 10,000 higher, and so does whatever would bind a busy one. Undefined is a port for which there is
 * no room.
 */
export function boundPorts(mapping: PortMapping, ports: Iterable<number>): ReadonlyMap<number, number | undefined> {
  const distinct = [...new Set(ports)].sort((a, b) => a - b)
  const taken = new Set(distinct.filter((port) => port >= FIRST_UNPRIVILEGED_PORT))
  const moved = distinct.map((port) => {
    let target = port < FIRST_UNPRIVILEGED_PORT ? port + mapping.privilegedOffset : port
    while ((target !== port && taken.has(target)) || mapping.busy?.includes(target + mapping.offset)) target += COLLISION_STEP
    taken.add(target)
    const bound = target + mapping.offset
    return [port, bound >= 1 && bound <= LAST_PORT ? bound : undefined] as const
  })
  return new Map(moved)
}

/** Ports for Gateways that share proxies and have addresses of their own: below those that Linux gives to outgoing connections. */
const SPREAD = { first: 10_240, count: 22_000 }

/** A port that somebody names, and whose it is. */
export interface ScopedPort {
  readonly scope: string
  readonly port: number
}

/** The word of a port of a scope. */
export function scopedPortWord({ scope, port }: ScopedPort): string {
  return `${scope}#${port}`
}

/**
 * The port that a proxy binds for each port of several scopes, by `scopedPortWord`: a number made from the names, so that every replica
 * finds the same one and it stays while others come and go. Of two with the same number the earlier one keeps it.
 *
 * @param ports the oldest first
 */
export function spreadPorts(ports: Iterable<ScopedPort>): ReadonlyMap<string, number | undefined> {
  const bound = new Map<string, number | undefined>()
  const taken = new Set<number>()
  for (const each of ports) {
    const word = scopedPortWord(each)
    if (bound.has(word)) continue
    let slot = hashOf(word) % SPREAD.count
    for (let tries = 0; taken.has(slot) && tries < SPREAD.count; tries++) slot = (slot + 1) % SPREAD.count
    bound.set(word, taken.has(slot) ? undefined : SPREAD.first + slot)
    taken.add(slot)
  }
  return bound
}

/** The port that a proxy binds for a port of a scope as long as no other port, and no other program, is in its way. */
export function usualPort({ ports, shared }: Placement, each: ScopedPort): number | undefined {
  if (shared?.addresses === 'own') return spreadPorts([each]).get(scopedPortWord(each))
  return boundPorts({ ...ports, busy: [] }, [each.port]).get(each.port)
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}
