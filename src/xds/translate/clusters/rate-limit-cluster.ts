/** The rate limit service as Envoys find it. */
import { duration } from '../../message.js'
import { type EncodedResource, TYPE_URL } from '../../resource.js'
import { encodeResource } from '../encoded.js'
import { circuitBreakers } from './circuit-breakers.js'
import { dnsCluster } from './dns-cluster.js'
import { httpProtocolOptions } from './http-protocol-options.js'
import { socketAddress } from './load-assignment.js'

/** Its name: no backend is called so. */
export const RATE_LIMIT_CLUSTER = 'headgate_rate_limits'

/** Where the service listens. */
export interface RateLimitService {
  /** An IP address or a DNS name. */
  readonly host: string
  readonly port: number
}

/**
 * Every so often the service is asked whether it is there, and a connection without an answer in time is closed: of a node that is gone
 * nobody says so, and TCP would keep its connection for a quarter of an hour, in which every request waits in vain.
 */
const PING_MS = 10_000
const PING_ANSWER_MS = 5_000

const connectionKeepalive = { interval: duration(PING_MS), timeout: duration(PING_ANSWER_MS) }

/** The cluster ready for the wire. */
export function encodeRateLimitCluster({ host, port }: RateLimitService): EncodedResource {
  return encodeResource(
    'envoy.config.cluster.v3.Cluster',
    {
      name: RATE_LIMIT_CLUSTER,
      clusterType: dnsCluster({ family: 'IPv6Preferred', respectsTtl: false }),
      connectTimeout: duration(1_000),
      circuitBreakers: circuitBreakers('http2', undefined),
      ...httpProtocolOptions({ explicitHttpConfig: { http2ProtocolOptions: { connectionKeepalive } } }),
      loadAssignment: {
        clusterName: RATE_LIMIT_CLUSTER,
        endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(host, port) } }] }],
      },
    },
    { typeUrl: TYPE_URL.cluster, name: RATE_LIMIT_CLUSTER, origins: [], references: [] },
  )
}
