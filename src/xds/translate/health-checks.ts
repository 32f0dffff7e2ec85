/** Which endpoints of a cluster are well: by asking them, and by watching what they answer. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { ActiveHealthCheck, PassiveHealthCheck } from '../../ir/cluster.js'
import { duration, uint32 } from '../message.js'

type Cluster = envoy.config.cluster.v3.Cluster
type HealthCheck = envoy.config.core.v3.HealthCheck

const METHODS = Enum['envoy.config.core.v3.RequestMethod']

/** Envoy asks a cluster that nobody uses only every minute: a cluster that a route begins to use must be known by then. */
export function activeHealthChecks(check: ActiveHealthCheck | undefined): Pick<Cluster, 'healthChecks' | 'ignoreHealthOnHostRemoval'> {
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
        ...question(check.question, check.host),
      },
    ],
    // What Kubernetes has taken away is gone, however well it answers.
    ignoreHealthOnHostRemoval: true,
  }
}

function question(asked: ActiveHealthCheck['question'], host: string): HealthCheck {
  switch (asked.kind) {
    case 'http':
      return {
        httpHealthCheck: {
          path: asked.path,
          host,
          method: METHODS[asked.method],
          // The end of a range is not a part of it.
          expectedStatuses: asked.expectedStatuses.map((status) => ({ start: status, end: status + 1 })),
        },
      }
    case 'tcp':
      return {
        tcpHealthCheck: {
          ...(asked.send === undefined ? {} : { send: payload(asked.send) }),
          ...(asked.receive === undefined ? {} : { receive: [payload(asked.receive)] }),
        },
      }
    case 'grpc':
      return { grpcHealthCheck: { authority: host, ...(asked.service === undefined ? {} : { serviceName: asked.service }) } }
  }
}

function payload(text: string): envoy.config.core.v3.HealthCheck.Payload {
  return { text: Buffer.from(text, 'utf8').toString('hex') }
}

/** Leaves out endpoints for the reasons that the check names, and for no others: neither Envoy's success rate nor what it adds by default. */
export function outlierDetection(check: PassiveHealthCheck | undefined): Pick<Cluster, 'outlierDetection'> {
  if (check === undefined) return {}
  const { consecutiveLocalFailures } = check
  const enforced = (threshold: number): ReturnType<typeof uint32> => uint32(threshold === 0 ? 0 : 100)
  return {
    outlierDetection: {
      interval: duration(check.intervalMs),
      baseEjectionTime: duration(check.baseEjectionMs),
      maxEjectionTime: duration(Math.max(check.baseEjectionMs, MAX_EJECTION_MS)),
      maxEjectionPercent: uint32(check.maxEjectionPercent),
      consecutive_5xx: uint32(Math.max(check.consecutive5xx, 1)),
      enforcingConsecutive_5xx: enforced(check.consecutive5xx),
      consecutiveGatewayFailure: uint32(Math.max(check.consecutiveGatewayFailures, 1)),
      enforcingConsecutiveGatewayFailure: enforced(check.consecutiveGatewayFailures),
      enforcingSuccessRate: uint32(0),
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

/** Envoy's own upper bound of an ejection. */
const MAX_EJECTION_MS = 300_000
