import type { envoy } from '../../gen/envoy/types.js'
import type { HashSource } from '../../ir/forward.js'
import { duration } from '../message.js'

/** What of a request decides among the endpoints of a cluster that balances by a hash. */
export function hashPolicy(source: HashSource): envoy.config.route.v3.RouteAction.HashPolicy {
  switch (source.kind) {
    case 'sourceIp':
      return { connectionProperties: { sourceIp: true } }
    case 'header':
      return { header: { headerName: source.name } }
    case 'queryParameter':
      return { queryParameter: { name: source.name } }
    case 'cookie':
      return { cookie: { name: source.name, ...(source.ttlMs === undefined ? {} : { path: '/', ttl: duration(source.ttlMs) }) } }
  }
}
