import { isIP } from 'node:net'

/** The addresses that a proxy binds: all of IPv4, all of IPv6, or both. The first is the main one. */
export type BindAddresses = readonly [string, ...string[]]

/**
 * What proxies bind in a cluster, where all pods have addresses of the same families.
 *
 * @param podAddresses those of the controller's own pod; empty where they are not known
 */
export function bindAddresses(podAddresses: readonly string[]): BindAddresses {
  const hasIPv6 = podAddresses.some((address) => isIP(address) === 6)
  const hasIPv4 = podAddresses.some((address) => isIP(address) === 4)
  if (!hasIPv6) return ['0.0.0.0']
  return hasIPv4 ? ['0.0.0.0', '::'] : ['::']
}
