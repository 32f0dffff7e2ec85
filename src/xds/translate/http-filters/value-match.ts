/** Whether a header or a query parameter is as it should be, as a value of a descriptor. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { RateLimitPart } from '../../../ir/request-traffic.js'
import { bool } from '../../message.js'

type Action = envoy.config.route.v3.RateLimit.Action
type ValuePart = Pick<Extract<RateLimitPart, { readonly kind: 'header' | 'queryParameter' }>, 'kind' | 'name'>
type How = { readonly stringMatch: envoy.type.matcher.v3.StringMatcher } | { readonly presentMatch: true }

interface Named {
  readonly descriptorKey: string
  readonly descriptorValue: string
}

/**
 * Adds the key and the value to a descriptor where it is so; where it is not, there is no descriptor.
 *
 * @param expected false: where it is not so, and also where it is not there at all
 */
export function valueMatch({ kind, name }: ValuePart, how: How, expected: boolean, named: Named): Action {
  const expectMatch = bool(expected)
  return kind === 'header'
    ? { headerValueMatch: { ...named, expectMatch, headers: [{ name, ...how }] } }
    : { queryParameterValueMatch: { ...named, expectMatch, queryParameters: [{ name, ...how }] } }
}
