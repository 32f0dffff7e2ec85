import type { envoy } from '../../../gen/envoy/types.js'
import type { Admission } from '../../../ir/request-traffic.js'
import { any, bool, duration } from '../../message.js'
import { onlyStatus } from '../statuses.js'
import type { RouteFilter } from './slot.js'

type AdmissionControl = envoy.extensions.filters.http.admission_control.v3.AdmissionControl

/** Envoy looks at values of its runtime by these keys, which nobody sets. */
const KEY = 'headgate.admission_control'

/** Turns a share of requests away when too many of the last ones failed. */
export function admissionControl(admission: Admission | undefined): readonly RouteFilter[] {
  if (admission === undefined) return []
  return [
    {
      name: 'envoy.filters.http.admission_control',
      typedConfig: any('envoy.extensions.filters.http.admission_control.v3.AdmissionControl', control(admission)),
    },
  ]
}

function control(admission: Admission): AdmissionControl {
  const { windowSeconds, minSuccessPercent, aggression, minRequestsPerSecond, maxRejectionPercent } = admission
  return {
    enabled: { defaultValue: bool(true), runtimeKey: `${KEY}.enabled` },
    ...(windowSeconds === undefined ? {} : { samplingWindow: duration(windowSeconds * 1_000) }),
    ...(aggression === undefined ? {} : { aggression: { defaultValue: aggression, runtimeKey: `${KEY}.aggression` } }),
    ...(minSuccessPercent === undefined
      ? {}
      : { srThreshold: { defaultValue: { value: minSuccessPercent }, runtimeKey: `${KEY}.sr_threshold` } }),
    ...(minRequestsPerSecond === undefined
      ? {}
      : { rpsThreshold: { defaultValue: minRequestsPerSecond, runtimeKey: `${KEY}.rps_threshold` } }),
    ...(maxRejectionPercent === undefined
      ? {}
      : { maxRejectionProbability: { defaultValue: { value: maxRejectionPercent }, runtimeKey: `${KEY}.max_rejection_probability` } }),
    successCriteria: criteria(admission),
  }
}

function criteria({ goodStatuses, goodGrpcStatuses }: Admission): NonNullable<AdmissionControl['successCriteria']> {
  return {
    ...(goodStatuses === undefined ? {} : { httpCriteria: { httpSuccessStatus: goodStatuses.map(onlyStatus) } }),
    ...(goodGrpcStatuses === undefined ? {} : { grpcCriteria: { grpcSuccessStatus: goodGrpcStatuses } }),
  }
}
