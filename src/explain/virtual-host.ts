/**
 * The virtual host that serves a host, with either packing of a route table.
 *
 * Source: envoy/config/route/v3/route_components.proto, VirtualHost.domains: an exact name, then the longest `*.suffix`, then `*`.
 */
import type { envoy } from '../gen/envoy/types.js'
import { decode } from '../xds/message.js'
import { TYPE_URL } from '../xds/resource.js'
import type { GroupConfiguration } from './configuration.js'
import { earlyMutations } from './early-headers.js'
import type { FilterConfigs } from './filters.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type RouteConfiguration = envoy.config.route.v3.RouteConfiguration
type VirtualHost = envoy.config.route.v3.VirtualHost

/** Where a host leads. */
export interface FoundHost {
  readonly virtualHost: VirtualHost | undefined
  /** What is said to filters for all hosts that came with it. */
  readonly ofAll: FilterConfigs
  /** Domains that serve the host as well, and less closely, the closest first. */
  readonly covering: readonly string[]
  /** Domains that there are, where none serves the host; at most `MOST_DOMAINS`. */
  readonly others: readonly string[]
}

/** How many domains are named where none serves the host. */
const MOST_DOMAINS = 20

/** What stands for the host in the name of the scope of everything that is no exact host. */
const EVERY_OTHER = '*'

/** @param host see `hostOf` */
export function findVirtualHost(configuration: GroupConfiguration, manager: HttpConnectionManager, host: string): FoundHost {
  const table = manager.rds === undefined ? undefined : (manager.rds.routeConfigName ?? '')
  return table === undefined ? findScope(configuration, scopePrefix(manager), host) : findInTable(configuration, table, host)
}

/** The host that a request names, as domains are compared: in lower case and without port. */
export function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '').toLowerCase()
}

function findInTable(configuration: GroupConfiguration, table: string, host: string): FoundHost {
  const resource = configuration.find(TYPE_URL.routeConfiguration, table)
  if (resource === undefined) return { virtualHost: undefined, ofAll: {}, covering: [], others: [] }
  // Thousands of hosts may be there, of which one is read.
  if (resource.parts !== undefined) {
    const parts = new Map(resource.parts.map((part) => [part.name, part.value]))
    return choose([...parts.keys()], host, (domain) => decode('envoy.config.route.v3.VirtualHost', parts.get(domain) ?? Buffer.alloc(0)))
  }
  return chooseAmong(decode('envoy.config.route.v3.RouteConfiguration', resource.value), host)
}

/** A host that has a scope of its own is served by that, and every other one by the scope of wildcards. */
function findScope(configuration: GroupConfiguration, prefix: string, host: string): FoundHost {
  const others = scopeOf(configuration, `${prefix}${EVERY_OTHER}`)
  const own = scopeOf(configuration, `${prefix}${host}`)
  if ((own.virtualHosts ?? []).length === 0) {
    const found = chooseAmong(others, host)
    if (found.virtualHost !== undefined) return found
    return { ...found, others: [...configuration.scopedHosts(prefix, MOST_DOMAINS), ...found.others].slice(0, MOST_DOMAINS) }
  }
  return { ...chooseAmong(own, host), covering: coveringDomains((others.virtualHosts ?? []).filter(hasRoutes).flatMap(domainsOf), host) }
}

function scopeOf(configuration: GroupConfiguration, name: string): RouteConfiguration {
  const resource = configuration.find(TYPE_URL.scopedRouteConfiguration, name)
  if (resource === undefined) return {}
  return decode('envoy.config.route.v3.ScopedRouteConfiguration', resource.value).routeConfiguration ?? {}
}

function chooseAmong({ virtualHosts = [], typedPerFilterConfig = {} }: RouteConfiguration, host: string): FoundHost {
  const byDomain = new Map(virtualHosts.flatMap((each) => domainsOf(each).map((domain) => [domain, each])))
  return { ...choose([...byDomain.keys()], host, (domain) => byDomain.get(domain)), ofAll: typedPerFilterConfig }
}

function choose(domains: readonly string[], host: string, hostOfDomain: (domain: string) => VirtualHost | undefined): FoundHost {
  const [closest, ...further] = coveringDomains(domains, host)
  const virtualHost = closest === undefined ? undefined : hostOfDomain(closest)
  const covering = further.filter((domain) => hasRoutes(hostOfDomain(domain)))
  if (hasRoutes(virtualHost)) return { virtualHost, ofAll: {}, covering, others: [] }
  return { virtualHost: undefined, ofAll: {}, covering: [], others: domains.filter((domain) => domain !== closest).slice(0, MOST_DOMAINS) }
}

/** The closest first. */
function coveringDomains(domains: readonly string[], host: string): readonly string[] {
  const covers = (domain: string): boolean =>
    domain === '*' ||
    domain.toLowerCase() === host ||
    (domain.startsWith('*') && host.length >= domain.length && host.endsWith(domain.slice(1)))
  const closeness = (domain: string): number => (domain.startsWith('*') ? domain.length : Number.MAX_SAFE_INTEGER)
  return domains.filter(covers).sort((a, b) => closeness(b) - closeness(a))
}

/** A host without routes answers like none. */
function hasRoutes(host: VirtualHost | undefined): boolean {
  return (host?.routes ?? []).length > 0
}

const domainsOf = ({ domains = [] }: VirtualHost): readonly string[] => domains

/** What precedes the host in the names of scopes: the header that finds the scope says it. */
function scopePrefix(manager: HttpConnectionManager): string {
  const values = earlyMutations(manager).map(({ append }) => append?.header?.value ?? '')
  const last = values.findLast((value) => value.endsWith(AUTHORITY)) ?? ''
  return last.slice(0, -AUTHORITY.length).replaceAll('%%', '%')
}

const AUTHORITY = '%REQ(:AUTHORITY)%'
