/** Where requests of one backend go. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { BackendProtocol, BackendTraffic, Discovery, Cluster as IrCluster, Preconnect } from '../../../ir/cluster.js'
import { duration, uint32 } from '../../message.js'
import { type EncodedResource, type ResourceReference, TYPE_URL } from '../../resource.js'
import { ADS } from '../config-source.js'
import { encodeResource, sortReferences } from '../encoded.js'
import type { TranslateOptions } from '../options.js'
import { statName } from '../stat-name.js'
import { tcpKeepalive } from '../tcp-keepalive.js'
import { circuitBreakers } from './circuit-breakers.js'
import { dnsCluster } from './dns-cluster.js'
import { dynamicHosts } from './dynamic-hosts.js'
import { activeHealthChecks, outlierDetection, type SpokenToEndpoints } from './health-checks.js'
import { placeOf, socketAddress } from './load-assignment.js'
import { loadBalancing } from './load-balancing.js'
import { proxyProtocolSocket } from './proxy-protocol.js'
import { upstreamProtocol } from './upstream-protocol.js'
import { hostSni, upstreamTlsReferences, upstreamTlsSocket } from './upstream-tls.js'

type Cluster = envoy.config.cluster.v3.Cluster
type Present<Field extends keyof Cluster> = NonNullable<Cluster[Field]>

const DISCOVERY = Enum['envoy.config.cluster.v3.Cluster.DiscoveryType']

const ALPN: Readonly<Record<BackendProtocol, readonly string[]>> = {
  http1: ['http/1.1'],
  http2: ['h2'],
  auto: ['h2', 'http/1.1'],
  tcp: [],
  udp: [],
}

/** The message. */
export function buildCluster(cluster: IrCluster, options: TranslateOptions): Cluster {
  const { traffic, tls } = cluster
  const { perEndpoint, sizes, name: counted = cluster.name } = traffic.statistics ?? {}
  const statistics = statName(counted)
  return {
    name: cluster.name,
    ...(statistics === cluster.name ? {} : { altStatName: statistics }),
    ...(cluster.discovery.kind === 'dynamic'
      ? dynamicHosts(cluster.name, cluster.discovery.allowsPrivate, traffic.dns)
      : { ...discovery(cluster.name, cluster.discovery, traffic), ...loadBalancing(traffic) }),
    ...(perEndpoint === true || sizes === true
      ? { trackClusterStats: { perEndpointStats: perEndpoint === true, requestResponseSizes: sizes === true } }
      : {}),
    connectTimeout: duration(traffic.connectTimeoutMs),
    perConnectionBufferLimitBytes: uint32(traffic.bufferLimitBytes),
    circuitBreakers: circuitBreakers(cluster.protocol, traffic.retryBudget, traffic.limits),
    // There is nobody to ask before a request names one.
    ...(cluster.discovery.kind === 'dynamic' ? {} : activeHealthChecks(traffic.activeHealthCheck, spokenTo(cluster))),
    ...outlierDetection(traffic.passiveHealthCheck),
    ...(traffic.tcpKeepalive === undefined || cluster.protocol === 'udp'
      ? {}
      : { upstreamConnectionOptions: { tcpKeepalive: tcpKeepalive(traffic.tcpKeepalive) } }),
    // What is chosen by ALPN needs TLS to be chosen.
    ...upstreamProtocol(
      cluster.protocol === 'auto' && tls === undefined ? 'http1' : cluster.protocol,
      cluster.discovery.kind,
      hostSni(tls),
      traffic.http,
    ),
    ...(traffic.preconnect === undefined ? {} : { preconnectPolicy: preconnect(traffic.preconnect) }),
    ...transportSocket(cluster, options),
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
  how: Exclude<Discovery, { readonly kind: 'dynamic' }>,
  { dns, activeHealthCheck, zoneWeights }: BackendTraffic,
):
  | { readonly type: Present<'type'>; readonly edsClusterConfig: Present<'edsClusterConfig'> }
  | { readonly clusterType: Present<'clusterType'>; readonly loadAssignment: Present<'loadAssignment'> } {
  if (how.kind === 'endpoints') return { type: DISCOVERY.EDS, edsClusterConfig: { edsConfig: ADS } }
  return {
    clusterType: dnsCluster(dns),
    loadAssignment: {
      clusterName: name,
      // Every address of a name has the weight of the name.
      endpoints: how.hosts.map(({ hostname, port, weight, zone = '', priority = 0, knownAs = hostname }) => ({
        ...placeOf({ zone, priority, ...(zoneWeights === undefined ? {} : { weight: zoneWeights[zone] ?? 1 }) }),
        lbEndpoints: [
          {
            endpoint: {
              hostname: knownAs,
              address: socketAddress(hostname, port),
              ...(activeHealthCheck?.port === undefined ? {} : { healthCheckConfig: { portValue: activeHealthCheck.port } }),
            },
            loadBalancingWeight: uint32(weight),
          },
        ],
      })),
    },
  }
}

/** What is spoken there. A list of ours would be offered whatever version of HTTP is spoken; without one Envoy offers what it speaks. */
function spokenTo({ tls, protocol, traffic }: IrCluster): SpokenToEndpoints {
  const ofProtocol = traffic.http?.followsClient === true ? [] : ALPN[protocol]
  return { protocol, alpn: tls === undefined ? [] : (tls.alpn ?? ofProtocol) }
}

/** TLS where it is spoken, and in front of it, in the clear, whose connection it is. */
function transportSocket(cluster: IrCluster, options: TranslateOptions): Pick<Cluster, 'transportSocket'> {
  const { tls, protocol, traffic } = cluster
  const { alpn } = spokenTo(cluster)
  const socket = tls === undefined ? undefined : upstreamTlsSocket(tls, alpn, options)
  if (traffic.proxyProtocol !== undefined && protocol !== 'udp')
    return { transportSocket: proxyProtocolSocket(traffic.proxyProtocol, socket) }
  return socket === undefined ? {} : { transportSocket: socket }
}

function preconnect({ perEndpointRatio, predictiveRatio }: Preconnect): NonNullable<Cluster['preconnectPolicy']> {
  return {
    ...(perEndpointRatio === undefined ? {} : { perUpstreamPreconnectRatio: { value: perEndpointRatio } }),
    ...(predictiveRatio === undefined ? {} : { predictivePreconnectRatio: { value: predictiveRatio } }),
  }
}
