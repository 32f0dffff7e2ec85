import type { envoy } from '../../../gen/envoy/types.js'
import type { HashSource } from '../../../ir/forward.js'
import { duration } from '../../message.js'

type HashPolicy = envoy.config.route.v3.RouteAction.HashPolicy

/** What of a request decides among the endpoints of a cluster that balances by a hash: all of it together. */
export function hashPolicies(source: HashSource): readonly HashPolicy[] {
  switch (source.kind) {
    case 'sourceIp':
      return [{ connectionProperties: { sourceIp: true } }]
    case 'headers':
      return source.names.map((headerName) => ({ header: { headerName } }))
    case 'queryParameters':
      return source.names.map((name) => ({ queryParameter: { name } }))
    case 'cookie':
      return [{ cookie: cookie(source) }]
  }
}

/** Without a time to live Envoy sets no cookie, so what it would carry does not matter. */
function cookie({
  name,
  ttlMs,
  attributes,
}: Extract<HashSource, { readonly kind: 'cookie' }>): envoy.config.route.v3.RouteAction.HashPolicy.Cookie {
  if (ttlMs === undefined) return { name }
  return { name, path: '/', ttl: duration(ttlMs), ...(attributes.length === 0 ? {} : { attributes: [...attributes] }) }
}
