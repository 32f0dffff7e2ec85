/** An empty place in the chain that a route fills with whole filters: for those that cannot be configured per route, or not in all their parts. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { Route } from '../../../ir/route.js'
import type { ResourceReference } from '../../resource.js'
import { EMPTY_PLACE, fillPlaceWith, IDLE_PLACE } from './composite.js'
import type { HttpFilter } from './http-filter.js'

/** A filter that a route brings along. */
export type RouteFilter = envoy.config.core.v3.TypedExtensionConfig

/**
 * A place for filters of routes.
 *
 * @param filtersOf the filters in the order in which a request passes them; one that waits or hands bytes on later must be the last
 * @param maxBodyBytes requests with larger bodies, as far as they are known, get 413 instead
 */
export function slot(
  name: string,
  filtersOf: (route: Route) => readonly RouteFilter[],
  references?: (route: Route) => readonly ResourceReference[],
  maxBodyBytes: (route: Route) => number | undefined = () => undefined,
): HttpFilter {
  return {
    name,
    config: EMPTY_PLACE,
    disabled: true,
    idle: IDLE_PLACE,
    perRoute: (route) => fillPlaceWith(filtersOf(route), { maxBodyBytes: maxBodyBytes(route) }),
    ...(references === undefined ? {} : { references }),
  }
}
