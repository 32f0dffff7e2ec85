/** Connections whose bytes are forwarded as they are. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { ClientSettings } from '../../../ir/client.js'
import type { StreamChain } from '../../../ir/port.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { any, duration, uint32 } from '../../message.js'
import type { TranslateOptions } from '../options.js'
import { accessLogs } from '../telemetry/access-log.js'

type TcpProxy = envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy

/** How often a connection to a backend is tried before the client's is closed: where many come at once, one may try a dead endpoint several times. */
const CONNECT_ATTEMPTS = 8

/** The network filter. The share of invalid backends goes to a cluster that never exists: Envoy closes such connections. */
export function tcpProxy(
  chain: StreamChain,
  client: ClientSettings,
  statPrefix: string,
  options: TranslateOptions,
): envoy.config.listener.v3.Filter {
  const accessLog = accessLogs('connection', chain.telemetry, options)
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
      statPrefix,
      ...clusterSpecifier(chain),
      idleTimeout: duration(client.tcpIdleTimeoutMs),
      maxConnectAttempts: uint32(CONNECT_ATTEMPTS),
      ...(chain.hashesAddress === true ? { hashPolicy: [{ sourceIp: {} }] } : {}),
      ...(accessLog.length === 0 ? {} : { accessLog }),
    }),
  }
}

function clusterSpecifier({ clusters, invalidWeight }: StreamChain): TcpProxy {
  const [first, ...others] = [
    ...clusters.map(({ cluster, weight }) => ({ name: cluster, weight })),
    ...(invalidWeight === 0 ? [] : [{ name: INVALID_BACKEND, weight: invalidWeight }]),
  ]
  if (first === undefined) return { cluster: INVALID_BACKEND }
  return others.length === 0 ? { cluster: first.name } : { weightedClusters: { clusters: [first, ...others] } }
}
