/**
 * Requests for another protocol: upgrades such as WebSockets, and CONNECT.
 *
 * Such a request has no end, and what follows it is the other protocol. Envoy holds that back until the backend has agreed, so there is no body
 * that anybody could wait for; it takes the header `upgrade` away from all other requests, and answers 403 where a route takes no upgrade.
 */
import type { xds } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'

type Predicate = xds.type.matcher.v3.Matcher.MatcherList.Predicate
type StringMatcher = xds.type.matcher.v3.StringMatcher

/** True of them. */
export const IS_TUNNEL: Predicate = {
  orMatcher: { predicate: [headerIs('upgrade', { safeRegex: { googleRe2: {}, regex: '.+' } }), headerIs(':method', { exact: 'CONNECT' })] },
}

function headerIs(headerName: string, valueMatch: StringMatcher): Predicate {
  const input = { name: headerName, typedConfig: any('envoy.type.matcher.v3.HttpRequestHeaderMatchInput', { headerName }) }
  return { singlePredicate: { input, valueMatch } }
}
