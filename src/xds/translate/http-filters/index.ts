import type { envoy, google } from '../../../gen/envoy/types.js'
import type { Route } from '../../../ir/route.js'
import type { ResourceReference } from '../../resource.js'
import { CORS } from './cors.js'
import { EXT_AUTHZ } from './ext-authz.js'
import type { HttpFilter } from './http-filter.js'
import { ROUTER } from './router.js'
import { STATEFUL_SESSION } from './stateful-session.js'

/**
 * The filters in the order in which a request passes them; this is the only place that says so.
 *
 * CORS is first: preflight requests carry no credentials and must be answered before anybody asks for some.
 */
export const HTTP_FILTERS: readonly HttpFilter[] = [CORS, EXT_AUTHZ, STATEFUL_SESSION, ROUTER]

/** The chain of every HTTP listener. */
export function httpFilters(): readonly envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter[] {
  return HTTP_FILTERS.map(({ name, config, disabled }) => ({ name, typedConfig: config, ...(disabled ? { disabled } : {}) }))
}

/** What a route tells the filters; undefined when it tells none of them anything. */
export function perFilterConfig(route: Route): Readonly<Record<string, google.protobuf.Any>> | undefined {
  const configured = HTTP_FILTERS.flatMap((filter) => {
    const config = filter.perRoute(route)
    return config === undefined ? [] : [[filter.name, config] as const]
  })
  return configured.length === 0 ? undefined : Object.fromEntries(configured)
}

/** What the filters of a route name. */
export function filterReferences(route: Route): readonly ResourceReference[] {
  return HTTP_FILTERS.flatMap((filter) => filter.references(route))
}
