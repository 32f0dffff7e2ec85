/** Which endpoints of a cluster are well: by asking them, and by watching what they answer. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { ActiveHealthCheck, BackendProtocol, PassiveHealthCheck } from '../../../ir/cluster.js'
import { any, bool, duration, uint32 } from '../../message.js'
import { onlyStatus } from '../statuses.js'

type Cluster = envoy.config.cluster.v3.Cluster
type HealthCheck = envoy.config.core.v3.HealthCheck

const METHODS = Enum['envoy.config.core.v3.RequestMethod']
const { HTTP2 } = Enum['envoy.type.v3.CodecClientType']

/** Envoy's own upper bound of an ejection. */
const MAX_EJECTION_MS = 300_000

/** What a cluster speaks: checks over HTTP speak one version of it, whatever requests would come to. */
export interface SpokenToEndpoints {
  readonly protocol: BackendProtocol
  /** What is offered within TLS; empty without TLS. */
  readonly alpn: readonly string[]
}

/** Envoy asks a cluster that nobody uses only every minute: a cluster that a route begins to use must be known by then. */
export function activeHealthChecks(
  check: ActiveHealthCheck | undefined,
  spoken: SpokenToEndpoints,
): Pick<Cluster, 'healthChecks' | 'ignoreHealthOnHostRemoval'> {
  if (check === undefined) return {}
  const interval = duration(check.intervalMs)
  return {
    healthChecks: [
      {
        timeout: duration(check.timeoutMs),
        interval,
        noTrafficInterval: interval,
        unhealthyThreshold: uint32(check.unhealthyThreshold),
        healthyThreshold: uint32(check.healthyThreshold),
        ...(check.initialJitterMs === undefined ? {} : { initialJitter: duration(check.initialJitterMs) }),
        ...(check.log === undefined ? {} : events(check.log)),
        ...question(check.question, check.host, spoken),
        ...tlsOptions(check.question, spoken),
      },
    ],
    // What Kubernetes has taken away is gone, however well it answers.
    ignoreHealthOnHostRemoval: true,
  }
}

function question(asked: ActiveHealthCheck['question'], host: string, { protocol }: SpokenToEndpoints): HealthCheck {
  switch (asked.kind) {
    case 'http':
      return {
        httpHealthCheck: {
          path: asked.path,
          host,
          method: METHODS[asked.method],
          ...(protocol === 'http2' ? { codecClientType: HTTP2 } : {}),
          expectedStatuses: asked.expectedStatuses.map(onlyStatus),
          ...(asked.retriableStatuses === undefined ? {} : { retriableStatuses: asked.retriableStatuses.map(onlyStatus) }),
          ...(asked.body === undefined ? {} : { send: { text: asked.body } }),
          ...(asked.expectedBody === undefined ? {} : { receive: [{ text: asked.expectedBody }] }),
        },
      }
    case 'tcp':
      return {
        tcpHealthCheck: {
          ...(asked.send === undefined ? {} : { send: { text: asked.send } }),
          ...(asked.receive === undefined ? {} : { receive: [{ text: asked.receive }] }),
        },
      }
    case 'grpc':
      return { grpcHealthCheck: { authority: host, ...(asked.service === undefined ? {} : { serviceName: asked.service }) } }
  }
}

/** A check in HTTP/1.1 must offer nothing else: an endpoint that may choose HTTP/2 would speak it. */
function tlsOptions({ kind }: ActiveHealthCheck['question'], { protocol, alpn }: SpokenToEndpoints): Pick<HealthCheck, 'tlsOptions'> {
  if (kind !== 'http' || protocol === 'http2' || !alpn.includes('h2')) return {}
  return { tlsOptions: { alpnProtocols: ['http/1.1'] } }
}

/** A line of JSON for each event. */
function events({
  failures,
  successes,
  path,
}: NonNullable<ActiveHealthCheck['log']>): Pick<
  HealthCheck,
  'eventLogger' | 'alwaysLogHealthCheckFailures' | 'alwaysLogHealthCheckSuccess'
> {
  return {
    eventLogger: [
      {
        name: 'envoy.health_check.event_sink.file',
        typedConfig: any('envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink', { eventLogPath: path }),
      },
    ],
    ...(failures ? { alwaysLogHealthCheckFailures: true } : {}),
    ...(successes ? { alwaysLogHealthCheckSuccess: true } : {}),
  }
}

/** Leaves out endpoints for the reasons that the check names, and for no others: neither Envoy's success rate nor what it adds by default. */
export function outlierDetection(check: PassiveHealthCheck | undefined): Pick<Cluster, 'outlierDetection'> {
  if (check === undefined) return {}
  const { consecutiveLocalFailures, failurePercent } = check
  const enforced = (threshold: number): ReturnType<typeof uint32> => uint32(threshold === 0 ? 0 : 100)
  return {
    outlierDetection: {
      interval: duration(check.intervalMs),
      baseEjectionTime: duration(check.baseEjectionMs),
      maxEjectionTime: duration(Math.max(check.baseEjectionMs, MAX_EJECTION_MS)),
      maxEjectionPercent: uint32(check.maxEjectionPercent),
      alwaysEjectOneHost: bool(check.mayEjectOne),
      consecutive_5xx: uint32(Math.max(check.consecutive5xx, 1)),
      enforcingConsecutive_5xx: enforced(check.consecutive5xx),
      consecutiveGatewayFailure: uint32(Math.max(check.consecutiveGatewayFailures, 1)),
      enforcingConsecutiveGatewayFailure: enforced(check.consecutiveGatewayFailures),
      enforcingSuccessRate: uint32(0),
      ...(failurePercent === undefined ? {} : failurePercentage(failurePercent, consecutiveLocalFailures !== undefined)),
      ...(consecutiveLocalFailures === undefined
        ? {}
        : {
            splitExternalLocalOriginErrors: true,
            consecutiveLocalOriginFailure: uint32(Math.max(consecutiveLocalFailures, 1)),
            enforcingConsecutiveLocalOriginFailure: enforced(consecutiveLocalFailures),
            enforcingLocalOriginSuccessRate: uint32(0),
          }),
    },
  }
}

/** Envoy would look only at clusters with five endpoints that got fifty requests each. */
function failurePercentage(percent: number, countsLocalApart: boolean): NonNullable<Cluster['outlierDetection']> {
  return {
    failurePercentageThreshold: uint32(percent),
    enforcingFailurePercentage: uint32(100),
    failurePercentageMinimumHosts: uint32(1),
    failurePercentageRequestVolume: uint32(5),
    ...(countsLocalApart ? { enforcingFailurePercentageLocalOrigin: uint32(100) } : {}),
  }
}
