/**
 * Scopes: one for each exact host of a route table, and one for everything else (its wildcards and `*`).
 *
 * A scope is only an index. The virtual host in it says for itself which hosts it serves, in the same bytes as in a RouteConfiguration
 * with all hosts, so both packings match hosts by the same code of Envoy: case, ports, dots, wildcards.
 */
import type { google } from '../../gen/envoy/types.js'
import type { RouteTable, RouteTableFrame } from '../../ir/route.js'
import { any, encode } from '../message.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { directResponse } from './direct-response.js'
import { contentHash, sortReferences } from './encoded.js'
import { field, keep } from './field.js'
import { SEARCHED_FILTERS } from './http-filters/index.js'
import { originsOf, routeConfigurationFrame } from './route-configuration.js'
import { FALLBACK, SCOPE_HEADER, scopeKeyPrefix, scopeName } from './scope-key.js'
import { type EncodedVirtualHost, VIRTUAL_HOSTS_FIELD } from './virtual-host.js'

/** A scope and the group of proxies that gets it. */
export interface EncodedScope extends EncodedResource {
  readonly group: string
}

/** envoy/config/route/v3/scoped_route.proto: ScopedRouteConfiguration.route_configuration. */
const ROUTE_CONFIGURATION_FIELD = 5
/** envoy/config/route/v3/route_components.proto: VirtualHost.routes. */
const ROUTES_FIELD = 3

/** What a request gets that no route of its host matches. Without this route, it would look as if its host had no scope. */
const NOT_FOUND = field(ROUTES_FIELD, [
  encode('envoy.config.route.v3.Route', { name: 'not-found', match: { prefix: '/' }, ...directResponse({ statusCode: 404 }) }),
])

/** A request that finds its scope at once needs no search, and only those filters that its route configures. */
const SWITCHED_OFF: Readonly<Record<string, google.protobuf.Any>> = Object.fromEntries(
  SEARCHED_FILTERS.map((name) => [name, any('envoy.config.route.v3.FilterConfig', { disabled: true })]),
)

/** The scope of one exact host. */
export function encodeHostScope(table: RouteTableFrame, host: EncodedVirtualHost): EncodedScope {
  const virtualHost = field(VIRTUAL_HOSTS_FIELD, [host.bytes, NOT_FOUND])
  return encodeScope(table, host.domain, [virtualHost], host)
}

/**
 * The scope of all other hosts. Most requests get here after their filters were put together, and what it says of filters is too late: not
 * so those whose host is written like its key.
 */
export function encodeFallbackScope(table: RouteTable, hosts: readonly EncodedVirtualHost[]): EncodedScope {
  return encodeScope(
    table,
    FALLBACK,
    hosts.map((host) => host.field),
    { origins: originsOf(table, hosts), references: sortReferences(hosts.flatMap(({ references }) => references)) },
  )
}

function encodeScope(
  table: RouteTableFrame,
  host: string,
  virtualHosts: readonly Buffer[],
  { origins, references }: Pick<EncodedResource, 'origins' | 'references'>,
): EncodedScope {
  const name = scopeName(table.name, host)
  const frame = encode('envoy.config.route.v3.RouteConfiguration', {
    ...routeConfigurationFrame(name),
    requestHeadersToRemove: [SCOPE_HEADER],
    typedPerFilterConfig: SWITCHED_OFF,
  })
  const key = { fragments: [{ stringKey: `${scopeKeyPrefix(table.name)}${host}` }] }
  const value = keep([
    encode('envoy.config.route.v3.ScopedRouteConfiguration', { name, key }),
    field(ROUTE_CONFIGURATION_FIELD, [frame, ...virtualHosts]),
  ])
  return {
    typeUrl: TYPE_URL.scopedRouteConfiguration,
    name,
    version: contentHash([value]),
    value,
    origins,
    references,
    group: table.group,
  }
}
