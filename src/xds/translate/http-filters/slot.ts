/** An empty place in the chain that a route fills with whole filters: for those that cannot be configured per route, or not in all their parts. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { Route } from '../../../ir/route.js'
import { any } from '../../message.js'
import type { ResourceReference } from '../../resource.js'
import { EMPTY_PLACE, IDLE_PLACE } from './composite.js'
import type { HttpFilter } from './http-filter.js'

/** A filter that a route brings along. */
export type RouteFilter = envoy.config.core.v3.TypedExtensionConfig

/**
 * A place for filters of routes.
 *
 * @param filtersOf the filters in the order in which a request passes them
 */
export function slot(
  name: string,
  filtersOf: (route: Route) => readonly RouteFilter[],
  references: (route: Route) => readonly ResourceReference[] = () => [],
): HttpFilter {
  return {
    name,
    config: EMPTY_PLACE,
    disabled: true,
    idle: IDLE_PLACE,
    perRoute: (route) => {
      const filters = filtersOf(route)
      if (filters.length === 0) return undefined
      const execute = any('envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', { filterChain: { typedConfig: filters } })
      return any('envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute', {
        xdsMatcher: { onNoMatch: { action: { name: 'execute', typedConfig: execute } } },
      })
    },
    references,
  }
}
