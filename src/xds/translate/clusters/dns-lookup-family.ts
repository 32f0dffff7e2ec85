/** Which addresses of a name are taken. */
import type { DnsLookups } from '../../../ir/cluster.js'

/** A word of Envoy. It has two enumerations with these, whose numbers differ. */
export type DnsLookupFamily = 'V4_ONLY' | 'V6_ONLY' | 'V4_PREFERRED' | 'AUTO' | 'ALL'

const FAMILIES: Readonly<Record<NonNullable<DnsLookups['family']>, DnsLookupFamily>> = {
  IPv4: 'V4_ONLY',
  IPv6: 'V6_ONLY',
  IPv4Preferred: 'V4_PREFERRED',
  IPv6Preferred: 'AUTO',
  IPv4AndIPv6: 'ALL',
}

/** In the words of Envoy; IPv4 first where nothing is said. */
export function dnsLookupFamily(dns: DnsLookups | undefined): DnsLookupFamily {
  return FAMILIES[dns?.family ?? 'IPv4Preferred']
}
