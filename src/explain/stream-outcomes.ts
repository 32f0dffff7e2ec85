/** What becomes of connections and datagrams that are not about HTTP: shares of them go to clusters, or nowhere. */
import type { envoy } from '../gen/envoy/types.js'
import { explainCluster } from './backends.js'
import type { GroupConfiguration } from './configuration.js'
import type { Outcome } from './explanation.js'
import { shareOf } from './route-match.js'
import { unpack } from './unpack.js'

type TcpProxy = envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
type UdpProxy = envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig
type UdpMatch = NonNullable<UdpProxy['matcher']>['onNoMatch']

const RUNTIME_FRACTION = 'envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction'
const UDP_ROUTE = 'envoy.extensions.filters.udp.udp_proxy.v3.Route'

interface Part {
  readonly cluster: string
  /** From 0 to 1. */
  readonly share: number
}

/** Of connections: what goes nowhere is closed. */
export function connectionOutcomes(configuration: GroupConfiguration, { cluster, weightedClusters }: TcpProxy): readonly Outcome[] {
  const clusters = weightedClusters?.clusters ?? [{ name: cluster ?? '', weight: 1 }]
  const total = clusters.reduce((sum, { weight = 0 }) => sum + weight, 0)
  const parts = clusters.map(({ name = '', weight = 0 }) => ({ cluster: name, share: weight / total }))
  return outcomes(configuration, parts, 'close')
}

/** Of datagrams: what goes nowhere is dropped. */
export function datagramOutcomes(configuration: GroupConfiguration, { matcher }: UdpProxy): readonly Outcome[] {
  const parts: Part[] = []
  let before = 0
  for (const { predicate, onMatch } of matcher?.matcherList?.matchers ?? []) {
    // Each says where its share ends.
    const upTo = shareOf(unpack(RUNTIME_FRACTION, predicate?.singlePredicate?.customMatch?.typedConfig))
    parts.push({ cluster: udpCluster(onMatch), share: upTo - before })
    before = upTo
  }
  return outcomes(configuration, [...parts, { cluster: udpCluster(matcher?.onNoMatch), share: 1 - before }], 'drop')
}

function udpCluster(onMatch: UdpMatch): string {
  return unpack(UDP_ROUTE, onMatch?.action?.typedConfig).cluster ?? ''
}

function outcomes(configuration: GroupConfiguration, parts: readonly Part[], end: 'close' | 'drop'): readonly Outcome[] {
  return parts.map(({ cluster, share }) => {
    const { isThere, ...found } = explainCluster(configuration, cluster)
    const shared = { share, route: undefined, filters: [] }
    if (!isThere) return { ...shared, does: end, because: 'no backend of it can be used' }
    if (found.endpoints.length === 0 && found.foundBy === undefined) return { ...shared, does: end, because: `${cluster} has no endpoints` }
    return { ...shared, does: 'stream', cluster, ...found }
  })
}
