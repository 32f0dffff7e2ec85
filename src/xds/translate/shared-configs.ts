/**
 * Large configurations of filters that routes of a host have in common, such as all keys of clients or a long list of rules: the virtual host
 * brings one once, in place of its routes. A policy about a route is in each of its matches otherwise: 50 KB of passwords were 6.7 MB in
 * each host of a route with 128 matches. Envoy takes what stands nearest to the route, so a route with something else keeps it, and one
 * without says that the filter is without effect.
 *
 * Only for filters that take the nearest configuration and nothing of the others (those of CORS and of ext_authz put them together), and that count
 * nothing: a local limit has a count of its own in each route.
 */
import type { envoy, google } from '../../gen/envoy/types.js'
import { API_KEY_AUTH } from './http-filters/api-key-auth.js'
import { AUTHORIZATION } from './http-filters/authorization.js'
import { BASIC_AUTH } from './http-filters/basic-auth.js'
import { EXTENSIONS } from './http-filters/extensions.js'
import { ANSWERS } from './http-filters/traffic.js'

type Route = envoy.config.route.v3.Route
type Any = google.protobuf.Any

const FILTERS = [API_KEY_AUTH, BASIC_AUTH, AUTHORIZATION, ANSWERS, ...EXTENSIONS]

/** Bytes. What is smaller stays where it is: hosts and routes are easier to read so. */
const LARGE = 4096

/** Routes, and what their host says for them. */
export interface SharedConfigs {
  readonly routes: readonly Route[]
  readonly shared: Readonly<Record<string, Any>>
}

/**
 * Routes without what their host can say once.
 *
 * @param said what the host says already
 */
export function shareConfigs(routes: readonly Route[], said: SharedConfigs['shared']): SharedConfigs {
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
  const kinds: { readonly config: Any; count: number }[] = []
  for (const { typedPerFilterConfig } of routes) {
    const config = typedPerFilterConfig?.[name]
    if (config === undefined || bytesOf(config).length < LARGE) continue
    const known = kinds.find((kind) => isSame(kind.config, config))
    if (known === undefined) kinds.push({ config, count: 1 })
    else known.count++
  }
  const spared = ({ config, count }: (typeof kinds)[number]) => (count - 1) * bytesOf(config).length
  const [most] = kinds.sort((one, other) => spared(other) - spared(one))
  return most !== undefined && most.count > 1 ? most.config : undefined
}

function inherit(route: Route, name: string, config: Any, idle: Any): Route {
  const { [name]: own, ...others } = route.typedPerFilterConfig ?? {}
  if (own === undefined) return { ...route, typedPerFilterConfig: { ...others, [name]: idle } }
  return isSame(own, config) ? { ...route, typedPerFilterConfig: others } : route
}

function isSame(one: Any, other: Any): boolean {
  return one.type_url === other.type_url && Buffer.compare(bytesOf(one), bytesOf(other)) === 0
}

function bytesOf({ value }: Any): Uint8Array {
  return value ?? new Uint8Array()
}
