/** Where a cluster sends requests to, as far as the control plane knows. */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy } from '../gen/envoy/types.js'
import { decode } from '../xds/message.js'
import { TYPE_URL } from '../xds/resource.js'
import type { GroupConfiguration } from './configuration.js'

type Cluster = envoy.config.cluster.v3.Cluster
type ClusterLoadAssignment = envoy.config.endpoint.v3.ClusterLoadAssignment

/** An endpoint of a cluster. */
export interface ExplainedEndpoint {
  /** `address:port`, or the path of a socket. */
  readonly address: string
  /** What the control plane says: whether health checks of the proxies find it well, only they know. */
  readonly health: 'healthy' | 'draining' | 'unhealthy'
  /** Endpoints of a higher number get requests only where those of lower ones are gone. */
  readonly priority: number
}

/** A cluster as it is there. */
export interface ExplainedCluster {
  readonly isThere: boolean
  readonly isTls: boolean
  readonly endpoints: readonly ExplainedEndpoint[]
  /** Where endpoints are not listed, who finds them. */
  readonly foundBy: 'dns' | 'request' | undefined
}

const HEALTH = Enum['envoy.config.core.v3.HealthStatus']

/** Reads a cluster and its endpoints. */
export function explainCluster(configuration: GroupConfiguration, name: string): ExplainedCluster {
  const resource = configuration.find(TYPE_URL.cluster, name)
  if (resource === undefined) return { isThere: false, isTls: false, endpoints: [], foundBy: undefined }
  const cluster = decode('envoy.config.cluster.v3.Cluster', resource.value)
  return {
    isThere: true,
    isTls: cluster.transportSocket !== undefined || (cluster.transportSocketMatches ?? []).length > 0,
    endpoints: endpointsOf(assignmentOf(configuration, cluster, name)),
    foundBy: foundBy(cluster),
  }
}

function foundBy({ clusterType, type }: Cluster): ExplainedCluster['foundBy'] {
  const types = Enum['envoy.config.cluster.v3.Cluster.DiscoveryType']
  if (clusterType?.name?.includes('dynamic_forward_proxy') === true) return 'request'
  if (clusterType?.name?.includes('dns') === true || type === types.STRICT_DNS || type === types.LOGICAL_DNS) return 'dns'
  return undefined
}

function assignmentOf(configuration: GroupConfiguration, cluster: Cluster, name: string): ClusterLoadAssignment {
  if (cluster.loadAssignment !== undefined) return cluster.loadAssignment
  const own = cluster.edsClusterConfig?.serviceName ?? ''
  const resource = configuration.find(TYPE_URL.clusterLoadAssignment, own === '' ? name : own)
  return resource === undefined ? {} : decode('envoy.config.endpoint.v3.ClusterLoadAssignment', resource.value)
}

function endpointsOf({ endpoints = [] }: ClusterLoadAssignment): readonly ExplainedEndpoint[] {
  return endpoints.flatMap(({ lbEndpoints = [], priority = 0 }) =>
    lbEndpoints.map(({ endpoint, healthStatus = HEALTH.UNKNOWN }) => ({
      address: addressText(endpoint?.address),
      health: healthOf(healthStatus),
      priority,
    })),
  )
}

function healthOf(status: number): ExplainedEndpoint['health'] {
  if (status === HEALTH.UNKNOWN || status === HEALTH.HEALTHY) return 'healthy'
  return status === HEALTH.DRAINING ? 'draining' : 'unhealthy'
}

/** An address as people write it. */
export function addressText(address: envoy.config.core.v3.Address | undefined): string {
  if (address?.pipe !== undefined) return address.pipe.path ?? ''
  const { address: ip = '', portValue = 0 } = address?.socketAddress ?? {}
  return ip.includes(':') ? `[${ip}]:${portValue}` : `${ip}:${portValue}`
}
