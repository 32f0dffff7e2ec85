/** Datagrams, forwarded by session: those of one client address and port go to one backend. */
import type { envoy, xds } from '../../gen/envoy/types.js'
import type { StreamChain } from '../../ir/port.js'
import { any } from '../message.js'
import { accessLogs } from './access-log.js'
import { INVALID_BACKEND } from './invalid-backend.js'
import type { TranslateOptions } from './options.js'

/** The listener filter of a UDP port. */
export function udpProxy(chain: StreamChain, statPrefix: string, options: TranslateOptions): envoy.config.listener.v3.ListenerFilter {
  const accessLog = accessLogs('connection', options)
  return {
    name: 'envoy.filters.udp_listener.udp_proxy',
    typedConfig: any('envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig', {
      statPrefix,
      matcher: { onNoMatch: toCluster(chain.clusters[0]?.cluster ?? INVALID_BACKEND) },
      ...(accessLog.length === 0 ? {} : { accessLog }),
    }),
  }
}

function toCluster(cluster: string): xds.type.matcher.v3.Matcher.OnMatch {
  return { action: { name: 'route', typedConfig: any('envoy.extensions.filters.udp.udp_proxy.v3.Route', { cluster }) } }
}
