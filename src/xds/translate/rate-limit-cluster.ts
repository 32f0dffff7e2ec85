/** The rate limit service as Envoys find it. */
import { any, duration } from '../message.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { dnsCluster } from './dns-cluster.js'
import { encodeResource } from './encoded.js'
import { socketAddress } from './load-assignment.js'

/** Its name: no backend is called so. */
export const RATE_LIMIT_CLUSTER = 'headgate_rate_limits'

/** Where the service listens. */
export interface RateLimitService {
  /** An IP address or a DNS name. */
  readonly host: string
  readonly port: number
}

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** The cluster ready for the wire. */
export function encodeRateLimitCluster({ host, port }: RateLimitService): EncodedResource {
  return encodeResource(
    'envoy.config.cluster.v3.Cluster',
    {
      name: RATE_LIMIT_CLUSTER,
      clusterType: dnsCluster({ family: 'IPv6Preferred', respectsTtl: false }),
      connectTimeout: duration(1_000),
      typedExtensionProtocolOptions: { [OPTIONS]: any(OPTIONS, { explicitHttpConfig: { http2ProtocolOptions: {} } }) },
      loadAssignment: {
        clusterName: RATE_LIMIT_CLUSTER,
        endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(host, port) } }] }],
      },
    },
    { typeUrl: TYPE_URL.cluster, name: RATE_LIMIT_CLUSTER, origins: [], references: [] },
  )
}
