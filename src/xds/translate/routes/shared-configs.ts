/**
 * Large configurations of filters that routes of a host have in common, such as all keys of clients or a long list of rules: the virtual host
 * brings one once, in place of its routes. A policy about a route is in each of its matches otherwise: 50 KB of passwords were 6.7 MB in
 * each host of a route with 128 matches. Envoy takes what stands nearest to the route, so a route with something else keeps it, and one
 * without says that the filter is without effect.
 *
 * Only for filters that take the nearest configuration and nothing of the others (those of CORS and of ext_authz put them together), and that count
 * nothing: a local limit has a count of its own in each route.
 */
import type { envoy, google } from '../../../gen/envoy/types.js'
import { API_KEY_AUTH } from '../http-filters/api-key-auth.js'
import { AUTHORIZATION } from '../http-filters/authorization.js'
import { BASIC_AUTH } from '../http-filters/basic-auth.js'
import { EXTENSIONS } from '../http-filters/extensions.js'
import { ANSWERS } from '../http-filters/traffic.js'
import { countAlike, inherit, type SharedFilterConfig } from './shared-filter-config.js'

type Route = envoy.config.route.v3.Route
type Any = google.protobuf.Any

const FILTERS = [API_KEY_AUTH, BASIC_AUTH, AUTHORIZATION, ANSWERS, ...EXTENSIONS]

/** Bytes. What is smaller stays where it is: hosts and routes are easier to read so. */
const LARGE = 4096

/**
 * Routes without what their host can say once.
 *
 * @param said what the host says already
 */
export function shareConfigs(routes: readonly Route[], said: SharedFilterConfig['shared']): SharedFilterConfig {
  // As in nearly every host.
  if (!routes.some(({ typedPerFilterConfig }) => Object.values(typedPerFilterConfig ?? {}).some(isLarge))) return { routes, shared: said }
  const shared: Record<string, Any> = {}
  let rest = routes
  for (const { name, idle } of FILTERS) {
    if (idle === undefined || Object.hasOwn(said, name)) continue
    const config = dearest(rest, name)
    if (config === undefined) continue
    shared[name] = config
    rest = rest.map((route) => inherit(route, name, config, idle))
  }
  return { routes: rest, shared: { ...said, ...shared } }
}

/** The large configuration of which most is spared, if several routes have it. */
function dearest(routes: readonly Route[], name: string): Any | undefined {
  const large = routes.flatMap(({ typedPerFilterConfig }) => typedPerFilterConfig?.[name] ?? []).filter(isLarge)
  const spared = ({ value, count }: { readonly value: Any; readonly count: number }): number => (count - 1) * sizeOf(value)
  const [most] = countAlike(large).toSorted((one, other) => spared(other) - spared(one))
  return most !== undefined && most.count > 1 ? most.value : undefined
}

function isLarge(config: Any): boolean {
  return sizeOf(config) >= LARGE
}

function sizeOf({ value }: Any): number {
  return value?.length ?? 0
}
