import type { HTTPRouteTimeouts } from '../../gen/kinds.js'
import type { Timeouts } from '../../ir/forward.js'
import { durationMilliseconds } from '../../kinds/duration.js'

/**
 * Timeouts of a rule.
 *
 * @param otherwise what holds where the rule says nothing
 */
export function timeoutsOf(timeouts: HTTPRouteTimeouts | undefined, otherwise: Timeouts): Timeouts {
  return {
    ...otherwise,
    ...(timeouts?.request === undefined ? {} : { requestMs: durationMilliseconds(timeouts.request) }),
    ...(timeouts?.backendRequest === undefined ? {} : { perTryMs: durationMilliseconds(timeouts.backendRequest) }),
  }
}
