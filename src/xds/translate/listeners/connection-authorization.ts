/** Who may connect. Source: Envoy, `envoy.extensions.filters.network.rbac.v3.RBAC`. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { StreamChain } from '../../../ir/port.js'
import { any } from '../../message.js'
import { allOf, firstMatch, inRanges } from '../rbac.js'

const NAME = 'envoy.filters.network.rbac'

/** The network filter that closes connections of others before a byte is forwarded; none where everybody may connect. */
export function connectionAuthorization({ authorization }: StreamChain): readonly envoy.config.listener.v3.Filter[] {
  if (authorization === undefined) return []
  const rules = firstMatch(authorization.rules, authorization.otherwise, ({ clients }) =>
    clients.length === 0 ? allOf([]) : inRanges(clients),
  )
  return [{ name: NAME, typedConfig: any('envoy.extensions.filters.network.rbac.v3.RBAC', { rules, statPrefix: 'authorization' }) }]
}
