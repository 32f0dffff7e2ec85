import { Enum } from '../../../gen/envoy/enums.js'
import type { Bandwidth } from '../../../ir/request-traffic.js'
import { any } from '../../message.js'
import type { RouteFilter } from './slot.js'

const MODE = Enum['envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit.EnableMode']

/** Makes bodies wait: one filter per direction, because a filter has one number. */
export function bandwidthLimits(bandwidth: Bandwidth | undefined): readonly RouteFilter[] {
  if (bandwidth === undefined) return []
  const { requestKibPerSecond, responseKibPerSecond, trailerPrefix } = bandwidth
  const trailers = trailerPrefix === undefined ? {} : { enableResponseTrailers: true, responseTrailerPrefix: trailerPrefix }
  return [
    ...(requestKibPerSecond === undefined ? [] : [limit('request', requestKibPerSecond, {})]),
    ...(responseKibPerSecond === undefined ? [] : [limit('response', responseKibPerSecond, trailers)]),
  ]
}

function limit(direction: 'request' | 'response', limitKbps: number, trailers: object): RouteFilter {
  return {
    name: `envoy.filters.http.bandwidth_limit.${direction}`,
    typedConfig: any('envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit', {
      statPrefix: `bandwidth_${direction}`,
      enableMode: direction === 'request' ? MODE.REQUEST : MODE.RESPONSE,
      limitKbps: { value: limitKbps },
      ...trailers,
    }),
  }
}
