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

/** The port that a proxy binds for a listener's port. */
export function boundPort(mapping: PortMapping, port: number): number {
  return port + mapping.offset + (port < 1024 ? mapping.privilegedOffset : 0)
}
