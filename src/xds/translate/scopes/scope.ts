/**
 * Scopes: one for each exact host of a route table, and one for everything else (its wildcards and `*`).
 *
 * A scope is only an index. The virtual host in it says for itself which hosts it serves, in the same bytes as in a RouteConfiguration
 * with all hosts, so both packings match hosts by the same code of Envoy: case, ports, dots, wildcards.
 */
import type { google } from '../../../gen/envoy/types.js'
import type { RouteTable, RouteTableFrame } from '../../../ir/route.js'
import { onePiece } from '../../../util/one-piece.js'
import { any, encode } from '../../message.js'
import { type EncodedResource, TYPE_URL } from '../../resource.js'
import { contentHash, sortReferences } from '../encoded.js'
import { field, fieldHeader, keep } from '../field.js'
import { SEARCHED_FILTERS } from '../http-filters/index.js'
import { directResponse } from '../routes/direct-response.js'
import { originsOf, routeConfigurationFrame } from '../routes/route-configuration.js'
import { bytesOf, type EncodedVirtualHost, fieldOf, type Surroundings, VIRTUAL_HOSTS_FIELD } from '../routes/virtual-host.js'
import { FALLBACK, SCOPE_HEADER, scopeKeyPrefix, scopeName } from './scope-key.js'

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

/** What the RouteConfiguration of every scope says, but for its name. */
const { name: _, ...NAMELESS } = routeConfigurationFrame('')
const FRAME = encode('envoy.config.route.v3.RouteConfiguration', {
  ...NAMELESS,
  requestHeadersToRemove: [SCOPE_HEADER],
  typedPerFilterConfig: SWITCHED_OFF,
})

/** What surrounds the virtual host of an exact host in its scope. */
export function scopeAround(table: RouteTableFrame): Surroundings {
  return {
    table,
    around: (host, length) => {
      const { identity, frame } = framesOf(table, host)
      const header = fieldHeader(VIRTUAL_HOSTS_FIELD, length + NOT_FOUND.length)
      const whole = frame.length + header.length + length + NOT_FOUND.length
      return { before: [identity, fieldHeader(ROUTE_CONFIGURATION_FIELD, whole), frame, header], behind: [NOT_FOUND] }
    },
  }
}

/** The scope of one exact host. */
export function encodeHostScope(table: RouteTableFrame, host: EncodedVirtualHost): EncodedScope {
  if (host.scope === table) return toScope(table, host.domain, host.memory, host)
  const { before, behind } = scopeAround(table).around(host.domain, host.length)
  return toScope(table, host.domain, keep([...before, bytesOf(host), ...behind]), host)
}

/**
 * The scope of all other hosts. Most requests get here after their filters were put together, and what it says of filters is too late: not
 * so those whose host is written like its key.
 */
export function encodeFallbackScope(table: RouteTable, hosts: readonly EncodedVirtualHost[]): EncodedScope {
  const { identity, frame } = framesOf(table, FALLBACK)
  const routeConfiguration = field(ROUTE_CONFIGURATION_FIELD, [frame, ...hosts.flatMap(fieldOf)])
  return toScope(table, FALLBACK, keep([identity, routeConfiguration]), {
    origins: originsOf(table, hosts),
    references: sortReferences(hosts.flatMap(({ references }) => references)),
  })
}

/** Everything of a scope but its virtual hosts: its name and key, and what its RouteConfiguration says. */
function framesOf(table: RouteTableFrame, host: string): { readonly identity: Buffer; readonly frame: Buffer } {
  const name = scopeName(table.name, host)
  const key = { fragments: [{ stringKey: `${scopeKeyPrefix(table.name)}${host}` }] }
  return {
    identity: encode('envoy.config.route.v3.ScopedRouteConfiguration', { name, key }),
    frame: Buffer.concat([encode('envoy.config.route.v3.RouteConfiguration', { name }), FRAME]),
  }
}

function toScope(
  table: RouteTableFrame,
  host: string,
  value: Buffer,
  { origins, references }: Pick<EncodedResource, 'origins' | 'references'>,
): EncodedScope {
  return {
    typeUrl: TYPE_URL.scopedRouteConfiguration,
    name: onePiece(scopeName(table.name, host)),
    version: contentHash(value),
    value,
    origins,
    references,
    group: table.group,
    // The one of all wildcards grows with every portion of routes that is translated.
    isPreparation: host !== FALLBACK,
  }
}
