/** Who may send which requests. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { Authorization } from '../../../ir/route.js'
import { any } from '../../message.js'
import { firstMatch } from '../rbac.js'
import { principal } from './authorization-principals.js'
import type { HttpFilter } from './http-filter.js'

const NAME = 'envoy.filters.http.rbac'

/** Answers 403 to requests that may not pass. Without rules everything passes. */
export const AUTHORIZATION: HttpFilter = {
  name: NAME,
  config: any('envoy.extensions.filters.http.rbac.v3.RBAC', {}),
  disabled: true,
  idle: any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', {}),
  perRoute: ({ authorization }) =>
    authorization === undefined
      ? undefined
      : any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', { rbac: { rules: rulesOf(authorization) } }),
}

function rulesOf({ rules, otherwise }: Authorization): envoy.config.rbac.v3.RBAC {
  return firstMatch(rules, otherwise, principal)
}
