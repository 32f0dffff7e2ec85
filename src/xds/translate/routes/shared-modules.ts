/**
 * Large modules of routes: the virtual host brings one once, in place of its routes. Envoy takes what stands nearest to the route, so a route with
 * something else keeps it, and one without says that its place stays empty.
 *
 * A chain with a name in the filter itself (`Composite.named_filter_chains`) could hold it once for all hosts, but lets requests pass when the name is
 * not there (Envoy 1.40): a refused configuration would open what a module guards. Configuration by name from a route (`dynamic_config`) is refused.
 */
import type { envoy, google } from '../../../gen/envoy/types.js'
import type { Extension } from '../../../ir/extension.js'
import type { Route as IrRoute } from '../../../ir/route.js'
import { deepEqual } from '../../../util/deep-equal.js'
import { IDLE_PLACE } from '../http-filters/composite.js'
import { EXTENSIONS, extensionConfig } from '../http-filters/extensions.js'
import { countAlike, inherit, type SharedFilterConfig } from './shared-filter-config.js'

type Route = envoy.config.route.v3.Route

/** Characters of base64. What is smaller stays where it is: hosts and routes are easier to read so. */
const LARGE = 4096

/** A module that the host brings. */
interface SharedModule {
  readonly place: number
  readonly name: string
  readonly extension: Extension
  /** What takes its place while routes are built, and is as small as that: nobody has a module without code. */
  readonly standIn: Extension
  readonly standInConfig: google.protobuf.Any
}

/**
 * Builds routes without what their host can say once.
 *
 * @param build the messages of a route
 * @param others routes that bring no extension
 */
export function shareModules(
  routes: readonly IrRoute[],
  build: (route: IrRoute) => readonly Route[],
  others: readonly Route[],
): SharedFilterConfig {
  const haveExtensions = routes.some(({ extensions }) => extensions !== undefined)
  const modules = !haveExtensions ? [] : EXTENSIONS.flatMap(({ name }, place) => sharedModule(routes, name, place) ?? [])
  if (modules.length === 0) return { routes: [...routes.flatMap(build), ...others], shared: {} }
  const built = [...routes.map((route) => withStandIns(route, modules)).flatMap(build), ...others]
  return {
    routes: built.map((route) => modules.reduce((each, { name, standInConfig }) => inherit(each, name, standInConfig, IDLE_PLACE), route)),
    shared: Object.fromEntries(modules.map(({ name, extension }) => [name, extensionConfig(name, extension)])),
  }
}

/** The large module that most routes have in a place. */
function sharedModule(routes: readonly IrRoute[], name: string, place: number): SharedModule | undefined {
  const large = routes.flatMap(({ extensions }) => extensions?.[place] ?? []).filter(isLarge)
  const [most] = countAlike(large).toSorted((one, other) => other.count - one.count)
  if (most === undefined) return undefined
  const standIn = { ...most.value, code: { kind: 'inline', base64: '' } } as Extension
  return { place, name, extension: most.value, standIn, standInConfig: extensionConfig(name, standIn) }
}

function isLarge(extension: Extension): boolean {
  return extension.kind === 'wasm' && extension.code.kind === 'inline' && extension.code.base64.length >= LARGE
}

function withStandIns(route: IrRoute, modules: readonly SharedModule[]): IrRoute {
  const { extensions } = route
  if (extensions === undefined) return route
  const replaced = extensions.map((extension, place) => {
    const module = modules.find((each) => each.place === place)
    return module !== undefined && deepEqual(module.extension, extension) ? module.standIn : extension
  })
  return { ...route, extensions: replaced }
}
