/** Clusters whose hosts are names that Envoy looks up: each address of a name is an endpoint. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { DnsLookups } from '../../../ir/cluster.js'
import { any, duration } from '../../message.js'
import { dnsLookupFamily } from './dns-lookup-family.js'

const FAMILY = Enum['envoy.extensions.clusters.common.dns.v3.DnsLookupFamily']

/**
 * What makes a cluster look up the hosts of its load assignment, in the place of `type: STRICT_DNS`, whose settings (`respect_dns_ttl` and
 * its neighbours) Envoy calls deprecated and counts. IPv4 first, and again when the records expire, where nothing is said.
 *
 * Source: envoy/extensions/clusters/dns/v3/dns_cluster.proto.
 */
export function dnsCluster(dns: DnsLookups | undefined): envoy.config.cluster.v3.Cluster.CustomClusterType {
  return {
    name: 'envoy.clusters.dns',
    typedConfig: any('envoy.extensions.clusters.dns.v3.DnsCluster', {
      ...(dns?.refreshMs === undefined ? {} : { dnsRefreshRate: duration(dns.refreshMs) }),
      respectDnsTtl: dns?.respectsTtl ?? true,
      dnsLookupFamily: FAMILY[dnsLookupFamily(dns)],
    }),
  }
}
