import type { envoy, google } from '../../../gen/envoy/types.js'
import type { ClientSettings } from '../../../ir/client.js'
import type { Route, VirtualHost } from '../../../ir/route.js'
import type { Telemetry } from '../../../ir/telemetry.js'
import { type ResourceReference, TYPE_URL } from '../../resource.js'
import { ADS } from '../config-source.js'
import { API_KEY_AUTH } from './api-key-auth.js'
import { AUTHORIZATION } from './authorization.js'
import { BASIC_AUTH } from './basic-auth.js'
import { CORS } from './cors.js'
import { CREDENTIAL_INJECTOR } from './credential-injector.js'
import { CSRF } from './csrf.js'
import { EXT_AUTHZ } from './ext-authz.js'
import { EXTENSIONS } from './extensions.js'
import { FAULT } from './fault.js'
import { type FilterGroup, filterGroup, SWITCHED_ON } from './filter-group.js'
import { GEO_IP } from './geo-ip.js'
import { GRPC_STATS } from './grpc-stats.js'
import { GRPC_WEB } from './grpc-web.js'
import type { HttpFilter } from './http-filter.js'
import { JWT_AUTHN } from './jwt-authn.js'
import { LISTENER_FILTERS, listenerFilterConfig } from './listener-filters.js'
import { OAUTH2 } from './oauth2.js'
import { presentFilterGroups } from './present-filters.js'
import { ROUTER, ROUTER_WITH_HEADERS } from './router.js'
import { SCOPE_SEARCH } from './scope-search.js'
import { STATEFUL_SESSION } from './stateful-session.js'
import { ANSWERS, BODIES, REQUESTS, WHOLE_BODIES } from './traffic.js'

/**
 * The filters in the order in which a request passes them; this is the only place that says so.
 *
 * Filters of listeners are first, because they run before a route is looked for. CORS is the first of the others: preflight requests carry
 * no credentials and must be answered before anybody asks for some. Authorization comes behind whoever finds out who is asking, and other
 * services are asked only about requests whose tokens are good. Programs of users see only what may pass; credentials for the backend come
 * behind them, so that nobody may see them.
 */
export const HTTP_FILTERS: readonly HttpFilter[] = [
  ...LISTENER_FILTERS,
  ANSWERS,
  FAULT,
  CORS,
  CSRF,
  GRPC_WEB,
  GEO_IP,
  API_KEY_AUTH,
  BASIC_AUTH,
  OAUTH2,
  JWT_AUTHN,
  EXT_AUTHZ,
  AUTHORIZATION,
  REQUESTS,
  BODIES,
  WHOLE_BODIES,
  ...EXTENSIONS,
  CREDENTIAL_INJECTOR,
  STATEFUL_SESSION,
  ROUTER,
]

/**
 * Filters that stand in the chain as one: those of listeners, because hosts that have one have all, the two places
 * for bodies, because a limit needs both, and the places of programs from the third on.
 */
const GROUPS: readonly FilterGroup[] = [
  filterGroup('headgate.listener_filters', LISTENER_FILTERS),
  filterGroup('headgate.all_bodies', [BODIES, WHOLE_BODIES]),
  filterGroup('headgate.extensions.2', EXTENSIONS.slice(2, 4)),
  filterGroup('headgate.extensions.4', EXTENSIONS.slice(4)),
]

type FilterConfigs = Readonly<Record<string, google.protobuf.Any>>
type ChainFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter

/** What of a Gateway, and of nothing that is attached to it, changes the chain. */
export interface ChainSettings {
  readonly envoyHeaders: ClientSettings['envoyHeaders']
  readonly countsGrpcCalls: Telemetry['countsGrpcCalls'] | undefined
}

/** The filters that a request has whose scope is searched. */
const PRESENT_GROUPS = presentFilterGroups(HTTP_FILTERS)

/** What scopes of hosts switch off, because a request that finds its scope at once has the filters that its route configures. */
export const SEARCHED_FILTERS: readonly string[] = [
  SCOPE_SEARCH.name,
  ...PRESENT_GROUPS.map(({ name }) => name),
  ...HTTP_FILTERS.filter(isOnlyDiscovered).map(({ name }) => name),
]

/** What arrives for a group of proxies cannot be part of a group of filters. */
function isOnlyDiscovered({ config, disabled }: HttpFilter): boolean {
  return disabled && 'discovered' in config
}

/**
 * The chain of every HTTP listener. A request whose scope has to be searched gets its filters before its route, so a filter that only the
 * route enables would be skipped: with scoped routes they stand there a second time, in groups that nobody has to enable. Scopes that are
 * found at once disable the groups, and what cannot be in one.
 */
export function httpFilters(scoped: boolean, { envoyHeaders, countsGrpcCalls }: ChainSettings): readonly ChainFilter[] {
  const filters = countsGrpcCalls === true ? HTTP_FILTERS.toSpliced(HTTP_FILTERS.indexOf(ROUTER), 0, GRPC_STATS) : HTTP_FILTERS
  const filterOf = (filter: HttpFilter): ChainFilter => {
    const { name, config, disabled } = filter
    return {
      name,
      ...configOf(envoyHeaders === true && name === ROUTER.name ? ROUTER_WITH_HEADERS : config),
      ...(disabled && !(scoped && isOnlyDiscovered(filter)) ? { disabled } : {}),
    }
  }
  const absent = (filter: HttpFilter): readonly ChainFilter[] => groupAt(filter) ?? [filterOf(filter)]
  if (!scoped) return filters.flatMap(absent)
  return [
    { name: SCOPE_SEARCH.name, typedConfig: SCOPE_SEARCH.config },
    ...filters.flatMap((filter) => {
      const group = PRESENT_GROUPS.find(({ first }) => first === filter)
      return [...(group === undefined ? [] : [{ name: group.name, typedConfig: group.config }]), ...absent(filter)]
    }),
  ]
}

/** What stands for a filter that is in a group: the group for the first of it, and nothing for the others. Undefined for all other filters. */
function groupAt(filter: HttpFilter): readonly ChainFilter[] | undefined {
  const group = GROUPS.find(({ filters }) => filters.includes(filter))
  if (group === undefined) return undefined
  return group.filters[0] === filter ? [{ name: group.name, typedConfig: group.config, disabled: true }] : []
}

const REFERRING = HTTP_FILTERS.filter(({ references }) => references !== undefined)

/** What the chain of every HTTP listener names: configuration that arrives for the group of its proxies. */
export const CHAIN_EXTENSIONS: readonly ResourceReference[] = HTTP_FILTERS.flatMap(({ name, config }) =>
  'discovered' in config ? [{ typeUrl: TYPE_URL.extensionConfig, name }] : [],
)

type ChainConfig = { readonly typedConfig: google.protobuf.Any } | { readonly configDiscovery: envoy.config.core.v3.ExtensionConfigSource }

/** Without a default: until the configuration is there, requests get 500. Envoy takes the name of the filter for that of its configuration. */
function configOf(config: HttpFilter['config']): ChainConfig {
  if (!('discovered' in config)) return { typedConfig: config }
  return { configDiscovery: { configSource: ADS, typeUrls: [`type.googleapis.com/${config.discovered}`] } }
}

/** What a route tells the filters; undefined when it tells none of them anything. */
export function perFilterConfig(route: Route): FilterConfigs | undefined {
  let configs: Record<string, google.protobuf.Any> | undefined
  for (const filter of HTTP_FILTERS) {
    const config = filter.perRoute(route)
    // Nearly all of them, on nearly all routes.
    if (config === undefined) continue
    configs ??= {}
    // With its group: without it, the filter would not be there.
    for (const { name, filters } of GROUPS) if (filters.includes(filter)) configs[name] = SWITCHED_ON
    configs[filter.name] = config
  }
  return configs
}

/**
 * What routes with programs say to the filters behind these that they do not configure and other routes of their host do; undefined where
 * there are none. A program may lead a request to such a route, and what is absent when a request begins stays absent.
 */
export function filtersBehindPrograms(routes: readonly Route[]): FilterConfigs | undefined {
  const places = routes.reduce((most, { extensions = [] }) => Math.max(most, extensions.length), 0)
  if (places === 0) return undefined
  const filters = [
    ...EXTENSIONS.slice(1, places),
    ...(routes.some(({ credential }) => credential !== undefined) ? [CREDENTIAL_INJECTOR] : []),
    ...(routes.some(keepsSessions) ? [STATEFUL_SESSION] : []),
  ]
  const groups = GROUPS.filter((group) => group.filters.some((filter) => filters.includes(filter)))
  return Object.fromEntries([
    ...groups.map(({ name }) => [name, SWITCHED_ON] as const),
    ...filters.flatMap(({ name, idle }) => (idle === undefined ? [] : [[name, idle] as const])),
  ])
}

function keepsSessions({ action }: Route): boolean {
  return action.kind === 'forward' && action.sessionPersistence !== undefined
}

/**
 * What a virtual host tells the filters; undefined when it tells none of them anything. With filters of its listener it keeps every filter
 * in the chain: a route is looked for again behind them.
 */
export function hostFilterConfig(host: VirtualHost): FilterConfigs | undefined {
  if (host.listenerFilters.length === 0) return undefined
  const idle = HTTP_FILTERS.flatMap(({ name, idle }) => (idle === undefined ? [] : [[name, idle] as const]))
  const groups = GROUPS.map(({ name }) => [name, SWITCHED_ON] as const)
  return { ...Object.fromEntries([...groups, ...idle]), ...listenerFilterConfig(host) }
}

/** What the filters of a route name. */
export function filterReferences(route: Route): readonly ResourceReference[] {
  return REFERRING.flatMap((filter) => filter.references?.(route) ?? [])
}
