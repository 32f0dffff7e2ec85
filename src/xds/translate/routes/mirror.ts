import type { envoy } from '../../../gen/envoy/types.js'
import type { Mirror } from '../../../ir/forward.js'
import { MILLION, millionths, requestShare } from '../fraction.js'

type RequestMirrorPolicy = envoy.config.route.v3.RouteAction.RequestMirrorPolicy

/** A mirror: its backend sees the same host, without the suffix that Envoy would add. Undefined for a share of nothing. */
export function mirrorPolicy({ cluster, numerator, denominator }: Mirror): RequestMirrorPolicy | undefined {
  const share = millionths(numerator, denominator)
  if (share === 0) return undefined
  return { cluster, disableShadowHostSuffixAppend: true, ...(share === MILLION ? {} : { runtimeFraction: requestShare(share) }) }
}
