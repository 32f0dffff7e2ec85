import type { HTTPRouteTimeouts } from '../../gen/kinds.js'
import { DEFAULT_TIMEOUTS } from '../../ir/defaults.js'
import type { Timeouts } from '../../ir/forward.js'
import { durationMilliseconds } from '../../kinds/duration.js'

/**
 * Timeouts of a rule.
 *
 * @param mayBeSilent true for WebSockets and gRPC streams, which are not closed for being silent
 */
export function timeoutsOf(timeouts: HTTPRouteTimeouts | undefined, mayBeSilent: boolean): Timeouts {
  return {
    requestMs: timeouts?.request === undefined ? DEFAULT_TIMEOUTS.requestMs : durationMilliseconds(timeouts.request),
    perTryMs: timeouts?.backendRequest === undefined ? DEFAULT_TIMEOUTS.perTryMs : durationMilliseconds(timeouts.backendRequest),
    ...(mayBeSilent ? { idleMs: 0 } : {}),
  }
}
