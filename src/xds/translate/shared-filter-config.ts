/**
 * Large configuration of filters that several routes of a virtual host bring, such as a WebAssembly module: the host brings it once, in place
 * of its routes. Envoy takes what stands nearest to the route, so a route with something else keeps it, and one without says that its place
 * stays empty.
 *
 * A chain with a name in the filter itself (`Composite.named_filter_chains`) could hold it once for all hosts, but lets requests pass when the name is
 * not there (Envoy 1.40): a refused configuration would open what a module guards. Configuration by name from a route (`dynamic_config`) is refused.
 */
import type { envoy, google } from '../../gen/envoy/types.js'
import { IDLE_PLACE } from './http-filters/composite.js'
import { EXTENSIONS } from './http-filters/extensions.js'

type Route = envoy.config.route.v3.Route
type FilterConfig = Readonly<Record<string, google.protobuf.Any>>

/** Smaller ones stay where they are: hosts and routes are easier to read so, and a route changes without its host. */
const LARGE_BYTES = 4096

/** Routes, and what their host says for them. */
export interface SharedFilterConfig {
  readonly routes: readonly Route[]
  readonly shared: FilterConfig
}

/** Takes from routes what their host can say once. */
export function shareFilterConfig(routes: readonly Route[]): SharedFilterConfig {
  const shared = Object.fromEntries(
    EXTENSIONS.flatMap(({ name }) => {
      const config = mostFrequent(routes.flatMap((route) => configOf(route, name) ?? []))
      return config === undefined ? [] : [[name, config] as const]
    }),
  )
  const names = Object.keys(shared)
  return { shared, routes: names.length === 0 ? routes : routes.map((route) => withoutShared(route, names, shared)) }
}

/** The large configuration that most routes bring, and at least two. */
function mostFrequent(configs: readonly google.protobuf.Any[]): google.protobuf.Any | undefined {
  const kinds: { readonly config: google.protobuf.Any; count: number }[] = []
  for (const config of configs) {
    if (bytesOf(config).length < LARGE_BYTES) continue
    const known = kinds.find((kind) => isSame(kind.config, config))
    if (known === undefined) kinds.push({ config, count: 1 })
    else known.count++
  }
  const [first] = kinds.filter(({ count }) => count > 1).sort((one, other) => other.count - one.count)
  return first?.config
}

function withoutShared(route: Route, names: readonly string[], shared: FilterConfig): Route {
  const own = Object.entries(route.typedPerFilterConfig ?? {}).filter(([name, config]) => {
    const said = shared[name]
    return said === undefined || !isSame(config, said)
  })
  const empty = names.filter((name) => configOf(route, name) === undefined).map((name) => [name, IDLE_PLACE] as const)
  return { ...route, typedPerFilterConfig: Object.fromEntries([...own, ...empty]) }
}

function configOf({ typedPerFilterConfig }: Route, name: string): google.protobuf.Any | undefined {
  return typedPerFilterConfig?.[name]
}

function isSame(a: google.protobuf.Any, b: google.protobuf.Any): boolean {
  return a === b || Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

function bytesOf({ value }: google.protobuf.Any): Uint8Array {
  return value ?? new Uint8Array()
}
