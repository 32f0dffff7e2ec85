/** Clusters without endpoints of their own: each request goes to the host that it names (Envoy's dynamic forward proxy). */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { DnsLookups } from '../../../ir/cluster.js'
import { any, duration } from '../../message.js'
import { cidrRange } from '../address-ranges.js'
import { dnsLookupFamily } from './dns-lookup-family.js'

type Cluster = envoy.config.cluster.v3.Cluster

const { CLUSTER_PROVIDED } = Enum['envoy.config.cluster.v3.Cluster.LbPolicy']
const FAMILY = Enum['envoy.config.cluster.v3.Cluster.DnsLookupFamily']

/**
 * What is no address of the internet. Source: the IANA registries of special-purpose addresses (RFC 6890). Of IPv6 nothing but 2000::/3 is;
 * within it some ranges carry an IPv4 address, which may be any.
 */
const INSIDE: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
]

/** What makes a cluster of this kind. Envoy looks names up itself (`dfp_cluster_resolves_hosts`), so no filter stands in front of it. */
export function dynamicHosts(
  name: string,
  allowsPrivate: boolean,
  dns: DnsLookups | undefined,
): Pick<Cluster, 'lbPolicy'> & { readonly clusterType: envoy.config.cluster.v3.Cluster.CustomClusterType } {
  const dnsLookup = FAMILY[dnsLookupFamily(dns)]
  // Envoy refuses a cache of the same name with other settings, and the old one is still there when the new one comes.
  const cache = [name, dnsLookup, dns?.refreshMs ?? '', allowsPrivate ? 'any' : 'internet'].join(' ')
  return {
    lbPolicy: CLUSTER_PROVIDED,
    clusterType: {
      name: 'envoy.clusters.dynamic_forward_proxy',
      typedConfig: any('envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig', {
        // It is only asked whether SNI and certificates follow the host: with TLS they do, where no name is configured.
        allowInsecureClusterOptions: true,
        dnsCacheConfig: {
          name: cache,
          dnsLookupFamily: dnsLookup,
          ...(dns?.refreshMs === undefined ? {} : { dnsRefreshRate: duration(dns.refreshMs) }),
          ...(allowsPrivate ? {} : { resolvedAddressFilter: { ranges: INSIDE.map(([address, bits]) => cidrRange({ address, bits })) } }),
        },
      }),
    },
  }
}
