/** Which HTTP filters a request meets. Source: envoy/extensions/filters/network/http_connection_manager/v3, `HttpFilter.disabled`. */
import type { envoy, google } from '../gen/envoy/types.js'
import { messageName } from '../xds/message.js'
import { isOf, unpack } from './unpack.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter
type Any = google.protobuf.Any

/** What a route, or something around it, says to filters, by their names. */
export type FilterConfigs = Readonly<Record<string, Any>>

const SWITCH = 'envoy.config.route.v3.FilterConfig'
const CHAIN = 'envoy.extensions.filters.http.filter_chain.v3.FilterChainConfig'
const PLACE = 'envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute'
const EXECUTE = 'envoy.extensions.filters.http.composite.v3.ExecuteFilterAction'

/** Filters of ours that only find the route, or stand for others; and the last one of every chain. */
const HIDDEN = /^(headgate\.(scope_search|present\.\d+)|envoy\.filters\.http\.router)$/

/**
 * Names of filters in the order in which a request passes them: those that a route, its host or its backend configures, and those of the
 * listener that are always on. Of a place that a route fills, the names of what it is filled with.
 *
 * @param configs from the outside in: of the route configuration, of the host, of the route, of the backend
 */
export function filtersInEffect(
  { httpFilters = [] }: HttpConnectionManager,
  configs: readonly (FilterConfigs | undefined)[],
): readonly string[] {
  const said = new Map(configs.flatMap((each) => Object.entries(each ?? {})))
  const chain = httpFilters.flatMap((filter) => [
    { name: filter.name ?? '', isOn: filter.disabled !== true, own: filter.typedConfig },
    ...membersOf(filter),
  ])
  const names = chain.flatMap(({ name, isOn, own }) => {
    const config = said.get(name)
    if (HIDDEN.test(name)) return []
    if (config === undefined) return isOn ? [name] : []
    // What stands in the chain without effect has none by the same words.
    return own !== undefined && !isOn && isSame(own, config) ? [] : effectOf(name, config, own)
  })
  return [...new Set(names)]
}

/** The last word about a filter; undefined where nobody says anything. */
export function configFor(name: string, configs: readonly (FilterConfigs | undefined)[]): Any | undefined {
  return configs.findLast((each) => each?.[name] !== undefined)?.[name]
}

/** Filters that stand in the chain as one. They have an effect where they are configured by their own names. */
function membersOf({ typedConfig }: HttpFilter): readonly { readonly name: string; readonly isOn: false; readonly own: Any | undefined }[] {
  if (!isOf(typedConfig, CHAIN)) return []
  const members = unpack(CHAIN, typedConfig).defaultFilterChain?.filters ?? []
  return members.map((each) => ({ name: each.name ?? '', isOn: false, own: each.typedConfig }))
}

/**
 * The names of what a filter does with this configuration; none for one that does nothing.
 *
 * @param own what it does where it is only switched on
 */
function effectOf(name: string, config: Any, own: Any | undefined): readonly string[] {
  if (isOf(config, SWITCH)) {
    const { disabled = false, config: inner } = unpack(SWITCH, config)
    if (disabled) return []
    if (inner !== undefined && (inner.type_url ?? '') !== '') return effectOf(name, inner, own)
    // A place or a group of ours that is only switched on has nothing in it.
    return name.startsWith('headgate.') || (own !== undefined && isIdle(own)) ? [] : [name]
  }
  if (isOf(config, PLACE)) return placedIn(name, config)
  return isIdle(config) ? [] : [name]
}

function placedIn(name: string, config: Any): readonly string[] {
  const { xdsMatcher } = unpack(PLACE, config)
  const action = xdsMatcher?.onNoMatch?.action?.typedConfig
  if (!isOf(action, EXECUTE)) return xdsMatcher?.matcherList === undefined ? [] : [name]
  const { typedConfig, filterChain } = unpack(EXECUTE, action)
  const placed = typedConfig === undefined ? (filterChain?.typedConfig ?? []) : [typedConfig]
  return placed.map((each) => (each.name?.startsWith('headgate.') === true ? typeName(each.typedConfig) : each.name) ?? name)
}

/** The name that Envoy gives filters of a type: `envoy.filters.http.lua` for `envoy.extensions.filters.http.lua.v3.Lua`. */
function typeName(config: Any | undefined): string | undefined {
  const [, kind] = /envoy\.extensions\.(filters\.http\.\w+)\./.exec(config?.type_url ?? '') ?? []
  return kind === undefined ? undefined : `envoy.${kind}`
}

/** True for a configuration that says that nothing is to be done. */
function isIdle(config: Any): boolean {
  const type = messageName(config.type_url ?? '')
  if (type === undefined) return false
  return bytesOf(config).length === 0 || (unpack(type, config) as { readonly disabled?: unknown }).disabled === true
}

function isSame(a: Any, b: Any): boolean {
  return a.type_url === b.type_url && Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

function bytesOf({ value }: Any): Uint8Array {
  return value ?? new Uint8Array()
}
