/**
 * Requests for another protocol: upgrades such as WebSockets, and CONNECT.
 *
 * Such a request has no end, and what follows it is the other protocol. Envoy holds that back until the backend has agreed, so there is no body
 * that anybody could wait for; it takes the header `upgrade` away from all other requests, and answers 403 where a route takes no upgrade.
 */
import type { TextMatch } from '../../../ir/client.js'
import { any } from '../../message.js'
import { inputIs, type Predicate } from '../matching.js'

/** True of them. */
export const IS_TUNNEL: Predicate = {
  orMatcher: {
    predicate: [headerIs('upgrade', { kind: 'regex', value: '.+' }), headerIs(':method', { kind: 'exact', value: 'CONNECT' })],
  },
}

function headerIs(headerName: string, match: TextMatch): Predicate {
  return inputIs({ name: headerName, typedConfig: any('envoy.type.matcher.v3.HttpRequestHeaderMatchInput', { headerName }) }, match)
}
