/** Which endpoints are well, in the words of the IR. */
import type { ActiveHealthCheck as ActiveSpec, BackendTrafficSettings, HealthCheckPayload } from '../../gen/kinds.js'
import type { ActiveHealthCheck, HealthCheckBytes, PassiveHealthCheck } from '../../ir/cluster.js'
import { durationMilliseconds } from '../../kinds/duration.js'

/**
 * Asks endpoints how they are.
 *
 * @param host that is asked for where the check names none
 */
export function activeHealthCheck(check: ActiveSpec, host: string): ActiveHealthCheck {
  return {
    host: check.http?.hostname ?? host,
    timeoutMs: durationMilliseconds(check.timeout),
    intervalMs: durationMilliseconds(check.interval),
    unhealthyThreshold: check.unhealthyThreshold,
    healthyThreshold: check.healthyThreshold,
    ...(check.initialJitter === undefined ? {} : { initialJitterMs: durationMilliseconds(check.initialJitter) }),
    ...(check.overrides === undefined ? {} : { port: check.overrides.port }),
    ...(check.healthCheckLog === undefined
      ? {}
      : {
          log: {
            failures: check.healthCheckLog.matches.includes('Failure'),
            successes: check.healthCheckLog.matches.includes('Success'),
            path: check.healthCheckLog.sink?.file?.path ?? '/dev/stdout',
          },
        }),
    question: question(check),
  }
}

function question({ type, http, tcp, grpc }: ActiveSpec): ActiveHealthCheck['question'] {
  switch (type) {
    case 'HTTP':
      return {
        kind: 'http',
        path: http?.path ?? '/',
        method: http?.method ?? 'GET',
        expectedStatuses: [...(http?.expectedStatuses ?? [200])].sort((a, b) => a - b),
        ...(http?.retriableStatuses === undefined ? {} : { retriableStatuses: [...http.retriableStatuses].sort((a, b) => a - b) }),
        ...(http?.requestBody === undefined ? {} : { body: hexadecimal(http.requestBody) }),
        ...(http?.expectedResponse === undefined ? {} : { expectedBody: hexadecimal(http.expectedResponse) }),
      }
    case 'TCP':
      return {
        kind: 'tcp',
        ...(tcp?.send === undefined ? {} : { send: hexadecimal(tcp.send) }),
        ...(tcp?.receive === undefined ? {} : { receive: hexadecimal(tcp.receive) }),
      }
    case 'GRPC':
      return { kind: 'grpc', ...(grpc?.service === undefined ? {} : { service: grpc.service }) }
  }
}

/** Leaves out endpoints that fail. */
export function passiveHealthCheck(check: NonNullable<NonNullable<BackendTrafficSettings['healthCheck']>['passive']>): PassiveHealthCheck {
  // Envoy's own number, where they only count apart.
  const local = check.consecutiveLocalOriginFailures ?? (check.splitExternalLocalOriginErrors === true ? 5 : undefined)
  return {
    intervalMs: durationMilliseconds(check.interval ?? '3s'),
    baseEjectionMs: durationMilliseconds(check.baseEjectionTime ?? '30s'),
    maxEjectionPercent: check.maxEjectionPercent ?? 10,
    // Envoy's own no would leave out nobody of fewer than ten endpoints.
    mayEjectOne: check.alwaysEjectOneEndpoint ?? true,
    consecutive5xx: check.consecutive5XxErrors ?? 5,
    consecutiveGatewayFailures: check.consecutiveGatewayErrors ?? 0,
    ...(local === undefined ? {} : { consecutiveLocalFailures: local }),
    ...(check.failurePercentageThreshold === undefined ? {} : { failurePercent: check.failurePercentageThreshold }),
  }
}

function hexadecimal({ text, binary }: HealthCheckPayload): HealthCheckBytes {
  return (text === undefined ? Buffer.from(binary ?? '', 'base64') : Buffer.from(text, 'utf8')).toString('hex')
}
