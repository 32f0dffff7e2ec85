/** One virtual host: the unit of everything behind it. Encoded once, and copied from there. */

import type { envoy } from '../../../gen/envoy/types.js'
import { forwardedTo } from '../../../ir/forward.js'
import type { ExternalAuth, Route as IrRoute, VirtualHost as IrVirtualHost, RouteTableFrame } from '../../../ir/route.js'
import { inOrder } from '../../../util/in-order.js'
import type { ObjectVersion } from '../../../util/object-ref.js'
import { encode } from '../../message.js'
import { type ResourceReference, TYPE_URL } from '../../resource.js'
import { contentHash, sortReferences } from '../encoded.js'
import { fieldHeader, keep } from '../field.js'
import { FIRST_PROGRAM } from '../http-filters/extensions.js'
import { filterReferences, filtersBehindPrograms, hostFilterConfig } from '../http-filters/index.js'
import { directResponse } from './direct-response.js'
import { keptByHost } from './kept-body.js'
import { DEFAULT_RETRY_POLICY } from './retry-policy.js'
import { buildRoutes } from './route.js'
import { shareConfigs } from './shared-configs.js'
import { shareModules } from './shared-modules.js'

type Route = envoy.config.route.v3.Route

/** envoy/config/route/v3/route.proto: RouteConfiguration.virtual_hosts. */
export const VIRTUAL_HOSTS_FIELD = 2

/** The bytes of a virtual host and what others need to know about them. */
export interface EncodedVirtualHost {
  readonly routeTable: string
  readonly domain: string
  /** The proxies that get it. */
  readonly group: string
  /** True if it stands in the RouteConfiguration of its table. */
  readonly inTable: boolean
  /** Has the encoded envoy.config.route.v3.VirtualHost at `start`: see `bytesOf`. The scope of the host where it has one: so they are there once. */
  readonly memory: Buffer
  readonly start: number
  readonly length: number
  /** What has its scope: `memory` is that scope; undefined without one. */
  readonly scope: RouteTableFrame | undefined
  readonly version: string
  readonly origins: readonly ObjectVersion[]
  readonly references: readonly ResourceReference[]
  /** Names of the token requirements that its routes name, each once, in ascending order. */
  readonly jwtRequirements: readonly string[]
}

/** The message. */
export function buildVirtualHost(host: IrVirtualHost): envoy.config.route.v3.VirtualHost {
  const { domain, routes, otherwise } = host
  const ofHost = hostFilterConfig(host)
  const behind = filtersBehindPrograms(routes)
  const build = (route: IrRoute): readonly Route[] => buildRoutes(route, domain)
  const built = shareModules(routes, behind === undefined ? build : (route) => build(route).map((each) => withFilters(each, behind)), [
    answerAll(otherwise),
  ])
  const { routes: all, shared } = shareConfigs(built.routes, built.shared)
  const typedPerFilterConfig = { ...ofHost, ...shared }
  const saysSomething = Object.keys(typedPerFilterConfig).length > 0
  // Where the host says something to filters: only with a route there is a virtual host for those of listeners, and what routes share is
  // not about requests that none of them matches.
  const answers = otherwise !== 404 || saysSomething
  return {
    name: domain,
    domains: [domain],
    routes: answers ? all : all.slice(0, -1),
    retryPolicy: DEFAULT_RETRY_POLICY,
    ...keptByHost(host),
    ...(saysSomething ? { typedPerFilterConfig } : {}),
  }
}

/** A route with programs, and behind its own filters those that it does not configure. */
function withFilters(route: Route, filters: NonNullable<Route['typedPerFilterConfig']>): Route {
  const { typedPerFilterConfig: own } = route
  return own === undefined || !Object.hasOwn(own, FIRST_PROGRAM)
    ? route
    : { ...route, typedPerFilterConfig: { ...own, ...filters, ...own } }
}

/** The encoded envoy.config.route.v3.VirtualHost. */
export function bytesOf({ memory, start, length }: Pick<EncodedVirtualHost, 'memory' | 'start' | 'length'>): Buffer {
  return memory.subarray(start, start + length)
}

/** The same as parts of a RouteConfiguration: with tag and length in front. */
export function fieldOf(host: EncodedVirtualHost): readonly Buffer[] {
  return [fieldHeader(VIRTUAL_HOSTS_FIELD, host.length), bytesOf(host)]
}

/** What surrounds a virtual host in the scope of its own. */
export interface Surroundings {
  readonly table: RouteTableFrame
  /** What stands before and behind a message of this length. */
  around(domain: string, length: number): { readonly before: readonly Buffer[]; readonly behind: readonly Buffer[] }
}

/** How a virtual host comes to proxies. */
export interface Delivery extends Pick<EncodedVirtualHost, 'group' | 'inTable'> {
  /** Of a host that has a scope of its own. */
  readonly scope?: Surroundings
}

/** The message in its wire form. */
export function encodeVirtualHost(host: IrVirtualHost, { group, inTable, scope }: Delivery): EncodedVirtualHost {
  const message = encode('envoy.config.route.v3.VirtualHost', buildVirtualHost(host))
  const { before, behind } = scope?.around(host.domain, message.length) ?? { before: [], behind: [] }
  return {
    routeTable: host.routeTable,
    domain: host.domain,
    group,
    inTable,
    memory: keep([...before, message, ...behind]),
    start: before.reduce((sum, part) => sum + part.length, 0),
    length: message.length,
    scope: scope?.table,
    version: contentHash(message),
    origins: host.origins,
    references: sortReferences([...host.listenerFilters.flatMap(askedCluster), ...host.routes.flatMap(routeReferences)]),
    jwtRequirements: inOrder(host.routes.flatMap(({ jwt }) => jwt ?? [])),
  }
}

/** The clusters that a route can send requests to. */
function routeReferences(route: IrRoute): readonly ResourceReference[] {
  const { action, isUnreached } = route
  const names = action.kind === 'forward' && isUnreached !== true ? forwardedTo(action) : []
  return [...names.map((name) => ({ typeUrl: TYPE_URL.cluster, name })), ...filterReferences(route)]
}

function askedCluster({ cluster }: ExternalAuth): readonly ResourceReference[] {
  return cluster === undefined ? [] : [{ typeUrl: TYPE_URL.cluster, name: cluster }]
}

const ANSWERS = { 404: 'not-found', 421: 'misdirected', 503: 'unknown' } as const

/** 421 is RFC 9110 §15.5.20: the client shall ask again over another connection. */
function answerAll(statusCode: 404 | 421 | 503): envoy.config.route.v3.Route {
  return { name: ANSWERS[statusCode], match: { prefix: '/' }, ...directResponse({ statusCode }) }
}
