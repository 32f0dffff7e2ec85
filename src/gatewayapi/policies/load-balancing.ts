/** How an endpoint is chosen, in the words of the IR. */
import type { BackendTrafficSettings, BackendUtilization, PreferLocalZone } from '../../gen/kinds.js'
import type { BackendTraffic, LoadBalancing, LoadReports, LocalZone } from '../../ir/cluster.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { compareText } from '../../util/compare-text.js'

/** Envoy's own size of a Maglev table. */
const TABLE_SIZE = 65_537

type Settings = NonNullable<BackendTrafficSettings['loadBalancer']>

/** Ways to choose that can go to the zone of the Envoy first. */
export const ZONE_AWARE: readonly Settings['type'][] = ['RoundRobin', 'LeastRequest', 'Random']

/**
 * What a load balancer says about a cluster.
 *
 * @param askedZone what the backend itself asks for: it counts where the load balancer can do it and says nothing of zones
 */
export function balancing(
  settings: Settings,
  askedZone: LocalZone | undefined,
): Pick<BackendTraffic, 'loadBalancing' | 'endpointOverride' | 'localZone' | 'zoneWeights'> {
  const { type, endpointOverride, zoneAware } = settings
  const weights = zoneAware?.weightedZones
  const asked = weights === undefined && ZONE_AWARE.includes(type) ? askedZone : undefined
  const local = zoneAware?.preferLocal === undefined ? asked : localZone(zoneAware.preferLocal)
  return {
    loadBalancing: loadBalancing(settings),
    ...(endpointOverride === undefined ? {} : { endpointOverride: endpointOverride.extractFrom.map(({ header }) => header.toLowerCase()) }),
    ...(local === undefined ? {} : { localZone: local }),
    ...(weights === undefined
      ? {}
      : {
          zoneWeights: Object.fromEntries(
            [...weights].sort((a, b) => compareText(a.zone, b.zone)).map(({ zone, weight }) => [zone, weight]),
          ),
        }),
  }
}

function localZone({ force, minEndpointsThreshold, percentageEnabled }: PreferLocalZone): LocalZone {
  const minInZone = force?.minEndpointsInZoneThreshold
  return {
    ...(minInZone === undefined ? {} : { minInZone }),
    ...(minEndpointsThreshold === undefined ? {} : { minInAll: minEndpointsThreshold }),
    ...(percentageEnabled === undefined ? {} : { percent: percentageEnabled }),
  }
}

function loadBalancing({ type, consistentHash, backendUtilization, slowStart }: Settings): LoadBalancing {
  const ramp = slowStart === undefined ? {} : { slowStartMs: durationMilliseconds(slowStart.window) }
  switch (type) {
    case 'LeastRequest':
      return { kind: 'leastRequest', ...ramp }
    case 'RoundRobin':
      return { kind: 'roundRobin', ...ramp }
    case 'Random':
      return { kind: 'random' }
    case 'ConsistentHash':
      return { kind: 'consistentHash', tableSize: consistentHash?.tableSize ?? TABLE_SIZE }
    case 'BackendUtilization':
      return loadReports(backendUtilization ?? {})
  }
}

function loadReports(reports: BackendUtilization): LoadReports {
  const { blackoutPeriod, weightExpirationPeriod, weightUpdatePeriod, errorUtilizationPenaltyPercent, outOfBand } = reports
  return {
    kind: 'backendUtilization',
    ...(blackoutPeriod === undefined ? {} : { blackoutMs: durationMilliseconds(blackoutPeriod) }),
    ...(weightExpirationPeriod === undefined ? {} : { expirationMs: durationMilliseconds(weightExpirationPeriod) }),
    ...(weightUpdatePeriod === undefined ? {} : { updateMs: durationMilliseconds(weightUpdatePeriod) }),
    ...(errorUtilizationPenaltyPercent === undefined ? {} : { errorPenalty: errorUtilizationPenaltyPercent / 100 }),
    metricNames: reports.metricNamesForComputingUtilization ?? [],
    ...(outOfBand === undefined
      ? {}
      : {
          outOfBand: {
            ...(outOfBand.reportingPeriod === undefined ? {} : { periodMs: durationMilliseconds(outOfBand.reportingPeriod) }),
            ...(outOfBand.port === undefined ? {} : { port: outOfBand.port }),
            ...(outOfBand.authority === undefined ? {} : { authority: outOfBand.authority }),
          },
        }),
  }
}
