/** Datagrams, forwarded by session: those of one client address and port go to one backend. */
import type { envoy, xds } from '../../../gen/envoy/types.js'
import type { StreamChain } from '../../../ir/port.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { any } from '../../message.js'
import { requestShare } from '../fraction.js'
import type { TranslateOptions } from '../options.js'
import { type Share, shares } from '../routes/shares.js'
import { accessLogs } from '../telemetry/access-log.js'

type Matcher = xds.type.matcher.v3.Matcher
type FieldMatcher = xds.type.matcher.v3.Matcher.MatcherList.FieldMatcher

/** For both directions: of what is longer than 1,500 bytes Envoy itself would drop every datagram, without a word. No datagram is longer than this. */
export const UDP_SOCKET: envoy.config.core.v3.UdpSocketConfig = { maxRxDatagramSize: { value: 65_535 } }

/** The listener filter of a UDP port. Datagrams for an invalid backend go to a cluster that never exists: they are dropped. */
export function udpProxy(chain: StreamChain, statPrefix: string, options: TranslateOptions): envoy.config.listener.v3.ListenerFilter {
  const accessLog = accessLogs('connection', chain.telemetry, options)
  return {
    name: 'envoy.filters.udp_listener.udp_proxy',
    typedConfig: any('envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig', {
      statPrefix,
      matcher: matcher(chain),
      upstreamSocketConfig: UDP_SOCKET,
      ...(accessLog.length === 0 ? {} : { accessLog }),
    }),
  }
}

function matcher({ clusters, invalidWeight }: StreamChain): Matcher {
  const invalid = invalidWeight === 0 && clusters.length > 0 ? [] : [{ cluster: INVALID_BACKEND, weight: invalidWeight }]
  const divided = shares([...clusters, ...invalid])
  const matchers = divided.flatMap(fieldMatcher)
  return {
    ...(matchers.length === 0 ? {} : { matcherList: { matchers } }),
    onNoMatch: toCluster(divided.at(-1)?.part.cluster ?? INVALID_BACKEND),
  }
}

/** Envoy has no weights here: a hash of the client's port, the same for all matchers, decides. */
function fieldMatcher({ part, upTo }: Share<{ readonly cluster: string; readonly weight: number }>): readonly FieldMatcher[] {
  if (upTo === undefined) return []
  return [
    {
      predicate: {
        singlePredicate: {
          input: { name: 'source port', typedConfig: any('envoy.extensions.matching.common_inputs.network.v3.SourcePortInput', {}) },
          customMatch: {
            name: 'share',
            typedConfig: any('envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction', {
              runtimeFraction: requestShare(upTo),
            }),
          },
        },
      },
      onMatch: toCluster(part.cluster),
    },
  ]
}

function toCluster(cluster: string): xds.type.matcher.v3.Matcher.OnMatch {
  return { action: { name: 'route', typedConfig: any('envoy.extensions.filters.udp.udp_proxy.v3.Route', { cluster }) } }
}
