/**
 * Where an Envoy is, so that it may prefer endpoints nearby: its zone, and a cluster with itself in it. Envoy compares the zones of endpoints with
 * its own only if it knows a cluster that it is part of (`ClusterManager.local_cluster_name`).
 */
import { Enum } from '../src/gen/envoy/enums.js'
import type { envoy } from '../src/gen/envoy/types.js'
import { encode, toProtoJson } from '../src/xds/message.js'

type Bootstrap = envoy.config.bootstrap.v3.Bootstrap

/** Its name: no backend is called so, and nothing is sent there. */
const LOCAL_CLUSTER = 'headgate_local'

/** The parts of a bootstrap that say it. The rest of the bootstrap has neither a locality nor a cluster manager of its own. */
export function localZone(zone: string): Required<Pick<Bootstrap, 'node' | 'clusterManager' | 'staticResources'>> {
  const locality = { zone }
  const address = { socketAddress: { address: '127.0.0.1', portValue: 1 } }
  return {
    node: { locality },
    clusterManager: { localClusterName: LOCAL_CLUSTER },
    staticResources: {
      clusters: [
        {
          name: LOCAL_CLUSTER,
          type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'].STATIC,
          loadAssignment: { clusterName: LOCAL_CLUSTER, endpoints: [{ locality, lbEndpoints: [{ endpoint: { address } }] }] },
        },
      ],
    },
  }
}

/** The same as JSON in one line, for `--config-yaml`: Envoy merges it with its bootstrap. */
export function printLocalZone(zone: string): string {
  const type = 'envoy.config.bootstrap.v3.Bootstrap'
  return JSON.stringify(toProtoJson(type, encode(type, localZone(zone))))
}
