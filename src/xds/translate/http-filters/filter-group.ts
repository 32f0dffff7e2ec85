/**
 * Filters that a request has together or not at all: Envoy looks at every filter of the chain whether the route has it, and at a group once.
 * It asks nobody about the filters of a group: where the group is there, they all are, and each costs a request about three hundredths
 * of itself, also without effect. So only those belong together that are hardly ever needed alone.
 *
 * Source: envoy/extensions/filters/http/filter_chain/v3 (since Envoy 1.39). The filters of a group have their own names, by which they
 * find their configuration in routes.
 */
import { type Any, any } from '../../message.js'
import type { HttpFilter } from './http-filter.js'

/** Several filters as one that is absent unless a route or a virtual host switches it on. */
export interface FilterGroup {
  readonly name: string
  readonly config: Any
  /** In the order in which a request passes them. */
  readonly filters: readonly HttpFilter[]
}

/** The configuration with which a filter or a group is there, as it stands in the chain. */
export const SWITCHED_ON: Any = any('envoy.config.route.v3.FilterConfig', { config: {} })

/** Makes a group. What arrives for the group of proxies cannot be part of one. */
export function filterGroup(name: string, filters: readonly HttpFilter[]): FilterGroup {
  return { name, config: groupConfig(filters.flatMap(({ name, config }) => ('discovered' in config ? [] : [[name, config]]))), filters }
}

/** The filter of Envoy that stands for these. */
export function groupConfig(filters: readonly (readonly [name: string, config: Any])[]): Any {
  return any('envoy.extensions.filters.http.filter_chain.v3.FilterChainConfig', {
    defaultFilterChain: { filters: filters.map(([name, typedConfig]) => ({ name, typedConfig })) },
  })
}
