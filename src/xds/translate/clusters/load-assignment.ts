/** The addresses of a cluster. */

import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { Endpoint, Endpoints, Locality } from '../../../ir/cluster.js'
import { exactly } from '../../../util/exactly.js'
import { uint32 } from '../../message.js'
import { type EncodedResource, TYPE_URL } from '../../resource.js'
import { encodeResource } from '../encoded.js'

type Address = envoy.config.core.v3.Address

const HEALTH = Enum['envoy.config.core.v3.HealthStatus']

/** The message. Without endpoints the cluster is complete and answers 503. */
export function buildLoadAssignment(endpoints: Endpoints): envoy.config.endpoint.v3.ClusterLoadAssignment {
  return { clusterName: endpoints.cluster, endpoints: endpoints.localities.map(localityEndpoints) }
}

/** The load assignment ready for the wire. */
export function encodeLoadAssignment(endpoints: Endpoints): EncodedResource {
  return encodeResource('envoy.config.endpoint.v3.ClusterLoadAssignment', buildLoadAssignment(endpoints), {
    typeUrl: TYPE_URL.clusterLoadAssignment,
    name: endpoints.cluster,
    origins: endpoints.origins,
    references: exactly([]),
  })
}

/** An IP address, or for clusters that resolve names a hostname, with a port. */
export function socketAddress(address: string, port: number): Address {
  return { socketAddress: { address, portValue: port } }
}

function localityEndpoints({ endpoints, ...place }: Locality): envoy.config.endpoint.v3.LocalityLbEndpoints {
  return { ...placeOf(place), lbEndpoints: endpoints.map(lbEndpoint) }
}

/** Where endpoints are, and when they are used. */
export function placeOf({
  zone,
  priority,
  weight,
}: Omit<Locality, 'endpoints'>): Pick<envoy.config.endpoint.v3.LocalityLbEndpoints, 'locality' | 'priority' | 'loadBalancingWeight'> {
  return {
    ...(zone === '' ? {} : { locality: { zone } }),
    ...(priority === 0 ? {} : { priority }),
    // Where zones have weights, one without gets nothing.
    ...(weight === undefined || weight === 0 ? {} : { loadBalancingWeight: uint32(weight) }),
  }
}

function lbEndpoint({ address, otherwise, health, weight, knownAs, healthCheckPort }: Endpoint): envoy.config.endpoint.v3.LbEndpoint {
  return {
    endpoint: {
      ...(knownAs === undefined ? {} : { hostname: knownAs }),
      address: address.kind === 'ip' ? socketAddress(address.ip, address.port) : { pipe: { path: address.path } },
      ...(otherwise === undefined ? {} : { additionalAddresses: [{ address: socketAddress(otherwise.ip, otherwise.port) }] }),
      ...(healthCheckPort === undefined ? {} : { healthCheckConfig: { portValue: healthCheckPort } }),
    },
    ...(health === 'draining' ? { healthStatus: HEALTH.DRAINING } : {}),
    // Weights begin at 1, which is also what no weight means.
    ...(weight <= 1 ? {} : { loadBalancingWeight: uint32(weight) }),
  }
}
