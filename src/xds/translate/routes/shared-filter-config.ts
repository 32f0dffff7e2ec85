/** What the routes of a host have in common, and the virtual host says once: what modules and other large configurations have alike. */
import type { envoy, google } from '../../../gen/envoy/types.js'
import { deepEqual } from '../../../util/deep-equal.js'

type Route = envoy.config.route.v3.Route
type Any = google.protobuf.Any

/** Routes, and what their host says for them. */
export interface SharedFilterConfig {
  readonly routes: readonly Route[]
  readonly shared: Readonly<Record<string, Any>>
}

/** How often each value is there, in the order in which they come first. */
export function countAlike<Value>(values: Iterable<Value>): readonly { readonly value: Value; readonly count: number }[] {
  const kinds: { readonly value: Value; count: number }[] = []
  for (const value of values) {
    const known = kinds.find((kind) => deepEqual(kind.value, value))
    if (known === undefined) kinds.push({ value, count: 1 })
    else known.count++
  }
  return kinds
}

/**
 * A route that inherits a filter's configuration where it would say the same as its host, and says that the filter is without effect where it has
 * nothing.
 */
export function inherit(route: Route, name: string, config: Any, idle: Any): Route {
  const { [name]: own, ...others } = route.typedPerFilterConfig ?? {}
  if (own === undefined) return { ...route, typedPerFilterConfig: { ...others, [name]: idle } }
  return deepEqual(own, config) ? { ...route, typedPerFilterConfig: others } : route
}
