/** How an endpoint of a cluster is chosen. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { BackendTraffic, LoadBalancing, LoadReports } from '../../../ir/cluster.js'
import { duration } from '../../message.js'
import { asPolicy, extension, overrideHost } from './load-balancing-policy.js'

type Cluster = envoy.config.cluster.v3.Cluster

const POLICY = Enum['envoy.config.cluster.v3.Cluster.LbPolicy']

/** Policies that a field of a cluster names; the others are extensions. */
const POLICIES = {
  leastRequest: POLICY.LEAST_REQUEST,
  roundRobin: POLICY.ROUND_ROBIN,
  random: POLICY.RANDOM,
  consistentHash: POLICY.MAGLEV,
} as const satisfies Record<Exclude<LoadBalancing['kind'], 'backendUtilization'>, Cluster['lbPolicy']>

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
  endpointOverride,
  zoneWeights,
  localZone,
}: BackendTraffic): Pick<Cluster, 'lbPolicy' | 'loadBalancingPolicy' | 'commonLbConfig'> & PolicySettings {
  const healthyPanicThreshold = { value: panicThresholdPercent }
  if (endpointOverride !== undefined || how.kind === 'backendUtilization' || localZone !== undefined) {
    const chosen = extension(how, { isWeighted: zoneWeights !== undefined, localZone })
    const policy = endpointOverride === undefined ? chosen : overrideHost(endpointOverride, chosen)
    return { loadBalancingPolicy: asPolicy(policy), commonLbConfig: { healthyPanicThreshold } }
  }
  return {
    lbPolicy: POLICIES[how.kind],
    ...settings(how),
    commonLbConfig: { healthyPanicThreshold, ...(zoneWeights === undefined ? {} : { localityWeightedLbConfig: {} }) },
  }
}

function settings(how: Exclude<LoadBalancing, LoadReports>): PolicySettings {
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
