/** Ways to choose an endpoint as extensions of Envoy: where one stands inside another, and those that a cluster has no field for. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { LoadBalancing, LoadReports, LocalZone } from '../../../ir/cluster.js'
import { any, bool, duration, uint32 } from '../../message.js'

type Extension = envoy.config.core.v3.TypedExtensionConfig
type LoadBalancingPolicy = envoy.config.cluster.v3.LoadBalancingPolicy

const PACKAGE = 'envoy.extensions.load_balancing_policies'

/** What a cluster carries. */
export function asPolicy(typedExtensionConfig: Extension): LoadBalancingPolicy {
  return { policies: [{ typedExtensionConfig }] }
}

/** Goes to the endpoint that a header names, and otherwise where `fallback` goes. */
export function overrideHost(headers: readonly string[], fallback: Extension): Extension {
  return {
    name: 'envoy.load_balancing_policies.override_host',
    typedConfig: any(`${PACKAGE}.override_host.v3.OverrideHost`, {
      overrideHostSources: headers.map((header) => ({ header })),
      fallbackPolicy: asPolicy(fallback),
    }),
  }
}

/**
 * A way to choose.
 *
 * @param zones whether they have shares, and whether that of the proxy goes first
 */
export function extension(
  how: LoadBalancing,
  zones: { readonly isWeighted: boolean; readonly localZone: LocalZone | undefined },
): Extension {
  const isZoneWeighted = zones.isWeighted
  const locality = isZoneWeighted
    ? { localityLbConfig: { localityWeightedLbConfig: {} } }
    : zones.localZone === undefined
      ? {}
      : { localityLbConfig: { zoneAwareLbConfig: zoneAware(zones.localZone) } }
  const slowStart =
    (how.kind === 'leastRequest' || how.kind === 'roundRobin') && how.slowStartMs !== undefined
      ? { slowStartConfig: { slowStartWindow: duration(how.slowStartMs) } }
      : {}
  switch (how.kind) {
    case 'leastRequest':
      return named('least_request', any(`${PACKAGE}.least_request.v3.LeastRequest`, { ...locality, ...slowStart }))
    case 'roundRobin':
      return named('round_robin', any(`${PACKAGE}.round_robin.v3.RoundRobin`, { ...locality, ...slowStart }))
    case 'random':
      return named('random', any(`${PACKAGE}.random.v3.Random`, locality))
    case 'consistentHash':
      return named(
        'maglev',
        any(`${PACKAGE}.maglev.v3.Maglev`, {
          tableSize: { value: how.tableSize },
          ...(isZoneWeighted ? { localityWeightedLbConfig: {} } : {}),
        }),
      )
    case 'backendUtilization':
      return named(
        'client_side_weighted_round_robin',
        any(`${PACKAGE}.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin`, weightedByLoad(how)),
      )
  }
}

function zoneAware({
  minInZone,
  minInAll,
  percent,
}: LocalZone): envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig {
  return {
    ...(percent === undefined ? {} : { routingEnabled: { value: percent } }),
    ...(minInAll === undefined ? {} : { minClusterSize: { value: minInAll } }),
    forceLocalZone: minInZone === undefined ? {} : { minSize: uint32(minInZone) },
  }
}

function named(name: string, typedConfig: Extension['typedConfig']): Extension {
  return { name: `envoy.load_balancing_policies.${name}`, ...(typedConfig === undefined ? {} : { typedConfig }) }
}

function weightedByLoad({
  blackoutMs,
  expirationMs,
  updateMs,
  errorPenalty,
  metricNames,
  outOfBand,
}: LoadReports): envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin {
  return {
    ...(blackoutMs === undefined ? {} : { blackoutPeriod: duration(blackoutMs) }),
    ...(expirationMs === undefined ? {} : { weightExpirationPeriod: duration(expirationMs) }),
    ...(updateMs === undefined ? {} : { weightUpdatePeriod: duration(updateMs) }),
    ...(errorPenalty === undefined ? {} : { errorUtilizationPenalty: { value: errorPenalty } }),
    ...(metricNames.length === 0 ? {} : { metricNamesForComputingUtilization: metricNames }),
    ...(outOfBand === undefined
      ? {}
      : {
          enableOobLoadReport: bool(true),
          ...(outOfBand.periodMs === undefined ? {} : { oobReportingPeriod: duration(outOfBand.periodMs) }),
          oobReportingConfig: {
            ...(outOfBand.port === undefined ? {} : { portValue: outOfBand.port }),
            ...(outOfBand.authority === undefined ? {} : { authority: outOfBand.authority }),
          },
        }),
  }
}
