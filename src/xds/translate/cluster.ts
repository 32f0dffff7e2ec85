/** Where requests of one backend go. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { BackendProtocol, BackendTraffic, Discovery, Cluster as IrCluster, LoadBalancing } from '../../ir/cluster.js'
import { duration, uint32 } from '../message.js'
import { type EncodedResource, type ResourceReference, TYPE_URL } from '../resource.js'
import { circuitBreakers } from './circuit-breakers.js'
import { ADS } from './config-source.js'
import { encodeResource, sortReferences } from './encoded.js'
import { socketAddress } from './load-assignment.js'
import type { TranslateOptions } from './options.js'
import { statName } from './stat-name.js'
import { upstreamProtocol } from './upstream-protocol.js'
import { hostSni, upstreamTlsReferences, upstreamTlsSocket } from './upstream-tls.js'

type Cluster = envoy.config.cluster.v3.Cluster
type DiscoveryType = envoy.config.cluster.v3.Cluster.DiscoveryType

const DISCOVERY = Enum['envoy.config.cluster.v3.Cluster.DiscoveryType']
const POLICY = Enum['envoy.config.cluster.v3.Cluster.LbPolicy']

const POLICIES = {
  leastRequest: POLICY.LEAST_REQUEST,
  roundRobin: POLICY.ROUND_ROBIN,
  random: POLICY.RANDOM,
} as const satisfies Record<LoadBalancing['kind'], Cluster['lbPolicy']>

const ALPN: Readonly<Record<BackendProtocol, readonly string[]>> = {
  http1: ['http/1.1'],
  http2: ['h2'],
  auto: ['h2', 'http/1.1'],
  tcp: [],
  udp: [],
}

/**
 * Below this share of healthy endpoints, in percent, Envoy uses the others as well. Envoy's default of 50 would send requests to draining
 * endpoints in every larger rollout; at 1 they get some only when (nearly) nobody else is there.
 */
const PANIC_THRESHOLD_PERCENT = 1

/** The message. */
export function buildCluster(cluster: IrCluster, options: TranslateOptions): Cluster {
  const { traffic, tls } = cluster
  const statistics = statName(cluster.name)
  return {
    name: cluster.name,
    ...(statistics === cluster.name ? {} : { altStatName: statistics }),
    ...discovery(cluster.name, cluster.discovery),
    ...loadBalancing(traffic),
    connectTimeout: duration(traffic.connectTimeoutMs),
    perConnectionBufferLimitBytes: uint32(traffic.bufferLimitBytes),
    circuitBreakers: circuitBreakers(traffic.retryBudget),
    // What is chosen by ALPN needs TLS to be chosen.
    ...upstreamProtocol(cluster.protocol === 'auto' && tls === undefined ? 'http1' : cluster.protocol, hostSni(tls)),
    ...(tls === undefined ? {} : { transportSocket: upstreamTlsSocket(tls, ALPN[cluster.protocol], options) }),
  }
}

/** The cluster ready for the wire. */
export function encodeCluster(cluster: IrCluster, options: TranslateOptions): EncodedResource {
  const endpoints: readonly ResourceReference[] =
    cluster.discovery.kind === 'endpoints' ? [{ typeUrl: TYPE_URL.clusterLoadAssignment, name: cluster.name }] : []
  return encodeResource('envoy.config.cluster.v3.Cluster', buildCluster(cluster, options), {
    typeUrl: TYPE_URL.cluster,
    name: cluster.name,
    origins: cluster.origins,
    references: sortReferences([...endpoints, ...(cluster.tls === undefined ? [] : upstreamTlsReferences(cluster.tls))]),
  })
}

function discovery(
  name: string,
  how: Discovery,
): Pick<Cluster, 'edsClusterConfig' | 'respectDnsTtl' | 'dnsLookupFamily' | 'loadAssignment'> & { readonly type: DiscoveryType } {
  if (how.kind === 'endpoints') return { type: DISCOVERY.EDS, edsClusterConfig: { edsConfig: ADS } }
  return {
    type: DISCOVERY.STRICT_DNS,
    respectDnsTtl: true,
    dnsLookupFamily: Enum['envoy.config.cluster.v3.Cluster.DnsLookupFamily'].V4_PREFERRED,
    loadAssignment: {
      clusterName: name,
      // Every address of a name has the weight of the name.
      endpoints: how.hosts.map(({ hostname, port, weight }) => ({
        lbEndpoints: [{ endpoint: { hostname, address: socketAddress(hostname, port) }, loadBalancingWeight: uint32(weight) }],
      })),
    },
  }
}

function loadBalancing(traffic: BackendTraffic): Pick<Cluster, 'lbPolicy' | 'commonLbConfig'> {
  return {
    lbPolicy: POLICIES[traffic.loadBalancing.kind],
    commonLbConfig: { healthyPanicThreshold: { value: PANIC_THRESHOLD_PERCENT } },
  }
}
