/** Which addresses of a name are taken. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { DnsLookups } from '../../ir/cluster.js'

const FAMILY = Enum['envoy.config.cluster.v3.Cluster.DnsLookupFamily']

const FAMILIES = {
  IPv4: FAMILY.V4_ONLY,
  IPv6: FAMILY.V6_ONLY,
  IPv4Preferred: FAMILY.V4_PREFERRED,
  IPv6Preferred: FAMILY.AUTO,
  IPv4AndIPv6: FAMILY.ALL,
} as const satisfies Record<NonNullable<DnsLookups['family']>, number>

/** In the words of Envoy; IPv4 first where nothing is said. */
export function dnsLookupFamily(dns: DnsLookups | undefined): envoy.config.cluster.v3.Cluster.DnsLookupFamily {
  return FAMILIES[dns?.family ?? 'IPv4Preferred']
}
