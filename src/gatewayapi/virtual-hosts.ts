/**
 * Virtual hosts: what is served for one domain of one route table.
 *
 * The rules of routes that name the domain come first, then those of routes whose wildcards cover it, then those of routes for every
 * host, because what the rules of one do not match falls through to the next (Gateway API v1.7, GEP-1713 isolation and
 * `GatewayRouteHostnameIntersectionPrecedence`). Only routes that are attached to the listener that answers for the domain count.
 */

import type { Collection, Graph, Source } from '../incremental/index.js'
import type { Hostname } from '../ir/hostname.js'
import type { Route, RouteTable, RouteTableFrame, VirtualHost } from '../ir/route.js'
import { exactly } from '../util/exactly.js'
import type { ObjectVersion } from '../util/object-ref.js'
import { compareSpecificity, covers, wildcardsOver } from './hostnames.js'
import { MISSING_KEY, type Missing } from './inputs.js'
import type { ListenerFilters } from './listeners/listener-filters.js'
import type { Attachment, ListenerKey } from './model.js'
import { originsOf } from './origins.js'
import { compareMatches, type OrderedMatch } from './routes/match-order.js'
import { finishRedirect } from './routes/redirect.js'
import { type RouteRules, routeRulesKey } from './routes/route-rules.js'
import { ownerOf, parseVirtualHostKey, type TableHost, type TableHosts, virtualHostKey } from './table-hosts.js'

/** What virtual hosts are made from. */
export interface VirtualHostSources {
  readonly attachments: Source<Attachment>
  readonly routeRules: Source<RouteRules>
  readonly routeTables: Source<RouteTable>
  readonly tableHosts: TableHosts
  /** By `MISSING_KEY`: nothing is open because of what could not be read. */
  readonly missing: Source<Missing>
  /** For a listener with policies of its own: its key. */
  readonly listenersWithPolicies: Source<ListenerKey>
  readonly listenerFilters: Source<ListenerFilters>
}

/** Declares the virtual hosts, by `<route table>#<domain>`. */
export function declareVirtualHosts(graph: Graph, sources: VirtualHostSources): Collection<VirtualHost> {
  const { attachments, routeRules, routeTables, tableHosts, missing, listenersWithPolicies, listenerFilters } = sources
  const frames = graph.collection<RouteTableFrame>('frames of route tables', {
    keys: routeTables,
    compute: (view, name) => withoutOrigins(view.get(routeTables, name)),
  })
  const ofRoutes = graph.index(attachments, 'virtual hosts of routes', (attachment) =>
    servedHosts(attachment).flatMap(({ table, host }) => (table === undefined ? [] : [virtualHostKey(table, host)])),
  )
  const byHost = graph.index(attachments, 'attachments by host', (attachment) =>
    servedHosts(attachment).map(({ listener, host }) => hostWord(listener, host)),
  )
  return graph.collection<VirtualHost>('virtual hosts', {
    keys: [tableHosts.keys, ofRoutes],
    compute: (view, key) => {
      const { table, domain } = parseVirtualHostKey(key)
      const frame = view.get(frames, table)
      const owner = ownerOf(view, tableHosts, table, domain)
      if (frame === undefined || owner === undefined) return undefined
      const isListeners = (owner.hostname ?? '*') === domain
      if (owner.answer === 'elsewhere') return isListeners ? withoutRoutes(table, domain, 421) : undefined
      if (owner.answer === 'closed') return isListeners ? withoutRoutes(table, domain, 404) : undefined
      const isMissing = view.get(missing, MISSING_KEY)
      if (isMissing === 'anything') return withoutRoutes(table, domain, 503)
      const exact = view.list(byHost, hostWord(owner.listener, domain))
      // A host that only routes of another listener name is served like any other host of its owner.
      if (!isListeners && exact.length === 0) return undefined
      const covering = wordsOver(owner, domain).flatMap((word) => view.list(byHost, word))
      const scope = view.get(listenersWithPolicies, owner.listener)
      const serving = [...new Set([...exact, ...covering])].flatMap((attachment) => {
        const { kind, namespace, name } = attachment.route
        const rules = view.get(routeRules, routeRulesKey(`${kind}/${namespace}/${name}`, owner.gateway, scope))
        return rules === undefined ? [] : [{ rules, hostname: originalHost(attachment, owner.listener, domain) }]
      })
      return virtualHost(frame, domain, serving, isMissing === undefined ? 404 : 503, view.get(listenerFilters, owner.listener))
    },
  })
}

/** A route that serves a domain, and the name of its own by which it does. */
interface ServingRoute {
  readonly rules: RouteRules
  readonly hostname: Hostname | undefined
}

function virtualHost(
  table: RouteTableFrame,
  domain: Hostname | '*',
  serving: readonly ServingRoute[],
  otherwise: VirtualHost['otherwise'],
  filters: ListenerFilters | undefined,
): VirtualHost {
  const ordered = serving.flatMap(({ rules, hostname }) =>
    rules.matches.map((each): OrderedMatch & { readonly route: Route } => ({
      hostname,
      specificity: each.specificity,
      creationTimestamp: rules.creationTimestamp,
      routeName: `${rules.route.namespace}/${rules.route.name} ${rules.route.kind}`,
      rule: each.rule,
      match: each.match,
      route: each.route,
    })),
  )
  ordered.sort(compareMatches)
  const origins: readonly ObjectVersion[] = serving.flatMap(({ rules }) => [rules.route, ...rules.policies])
  const ofListener = filters === undefined ? [] : [filters.parent]
  return {
    routeTable: table.name,
    domain,
    routes: ordered.map(({ route }) =>
      route.action.kind === 'redirect' ? { ...route, action: finishRedirect(route.action, table) } : route,
    ),
    otherwise,
    listenerFilters: exactly(filters?.externalAuth ?? []),
    ...(table.keptBodyBytes === undefined ? {} : { keptBodyBytes: table.keptBodyBytes }),
    origins: originsOf([...ofListener, ...origins]),
  }
}

function withoutOrigins(table: RouteTable | undefined): RouteTableFrame | undefined {
  if (table === undefined) return undefined
  const { origins: _, ...frame } = table
  return frame
}

function withoutRoutes(routeTable: string, domain: Hostname | '*', otherwise: VirtualHost['otherwise']): VirtualHost {
  return { routeTable, domain, routes: [], otherwise, listenerFilters: [], origins: [] }
}

/** Where a route serves what; the word for every host is `*`. */
function servedHosts(
  attachment: Attachment,
): readonly { readonly listener: ListenerKey; readonly table: string | undefined; readonly host: string }[] {
  return attachment.parents.flatMap((parent) =>
    parent.listeners.flatMap(({ listener, routeTable, hosts }) =>
      (hosts === 'all' ? ['*'] : hosts.map((each) => each.host)).map((host) => ({ listener, table: routeTable, host })),
    ),
  )
}

/** The most specific of the route's own names that covers a domain on a listener. */
function originalHost(attachment: Attachment, listener: ListenerKey, domain: Hostname | '*'): Hostname | undefined {
  const originals = attachment.parents.flatMap((parent) =>
    parent.listeners.flatMap((each) => {
      if (each.listener !== listener || each.hosts === 'all') return []
      return each.hosts.filter(({ host }) => domain !== '*' && covers(host, domain)).flatMap(({ original }) => original ?? [])
    }),
  )
  return originals.sort(compareSpecificity)[0]
}

/** The words of hosts that cover a domain on its listener, other than the domain itself. */
function wordsOver({ listener, hostname }: TableHost, domain: Hostname | '*'): readonly string[] {
  if (domain === '*') return []
  const wildcards = wildcardsOver(domain).filter((each) => hostname === undefined || covers(hostname, each))
  return [...wildcards, '*'].map((host) => hostWord(listener, host))
}

function hostWord(listener: ListenerKey, host: string): string {
  return `${listener}#${host}`
}
