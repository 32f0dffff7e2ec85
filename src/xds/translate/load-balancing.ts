/** How an endpoint of a cluster is chosen. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { BackendTraffic, LoadBalancing } from '../../ir/cluster.js'
import { duration } from '../message.js'

type Cluster = envoy.config.cluster.v3.Cluster

const POLICY = Enum['envoy.config.cluster.v3.Cluster.LbPolicy']

const POLICIES = {
  leastRequest: POLICY.LEAST_REQUEST,
  roundRobin: POLICY.ROUND_ROBIN,
  random: POLICY.RANDOM,
  consistentHash: POLICY.MAGLEV,
} as const satisfies Record<LoadBalancing['kind'], Cluster['lbPolicy']>

/** At most one of them: a union in Envoy. */
type PolicySettings =
  | Readonly<Record<never, never>>
  | { readonly leastRequestLbConfig: envoy.config.cluster.v3.Cluster.LeastRequestLbConfig }
  | { readonly roundRobinLbConfig: envoy.config.cluster.v3.Cluster.RoundRobinLbConfig }
  | { readonly maglevLbConfig: envoy.config.cluster.v3.Cluster.MaglevLbConfig }

/**
 * Below this share of healthy endpoints, in percent, Envoy uses the others as well. Envoy's default of 50 would send requests to draining
 * endpoints in every larger rollout; at 1 they get some only when (nearly) nobody else is there.
 */
const PANIC_THRESHOLD_PERCENT = 1

/** The fields of a cluster that choose. */
export function loadBalancing({
  loadBalancing: how,
  panicThresholdPercent = PANIC_THRESHOLD_PERCENT,
}: BackendTraffic): Pick<Cluster, 'lbPolicy' | 'commonLbConfig'> & PolicySettings {
  return {
    lbPolicy: POLICIES[how.kind],
    ...settings(how),
    commonLbConfig: { healthyPanicThreshold: { value: panicThresholdPercent } },
  }
}

function settings(how: LoadBalancing): PolicySettings {
  switch (how.kind) {
    case 'leastRequest':
      return how.slowStartMs === undefined ? {} : { leastRequestLbConfig: { slowStartConfig: slowStart(how.slowStartMs) } }
    case 'roundRobin':
      return how.slowStartMs === undefined ? {} : { roundRobinLbConfig: { slowStartConfig: slowStart(how.slowStartMs) } }
    case 'consistentHash':
      return { maglevLbConfig: { tableSize: { value: how.tableSize } } }
    case 'random':
      return {}
  }
}

function slowStart(windowMs: number): envoy.config.cluster.v3.Cluster.SlowStartConfig {
  return { slowStartWindow: duration(windowMs) }
}
