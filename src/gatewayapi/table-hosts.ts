/**
 * Which listener answers for a host, per route table.
 *
 * With TLS each listener has a table of its own, and one that knew all others would make tables of n listeners n² large. So a table always
 * knows who has hosts under its own, because its routes must not serve those. Of all other hosts it knows every one while the port has few
 * listeners. Where it has many, it goes by its certificates: a client asks over a connection only for hosts that the certificate of the
 * connection is valid for (RFC 9110, section 4.3.3).
 */
import type { Collection, Graph, Index, Source, View } from '../incremental/index.js'
import type { Hostname } from '../ir/hostname.js'
import { type ObjectKey, objectKey } from '../util/object-ref.js'
import { covers, toHostname, wildcardsOver } from './hostnames.js'
import type { EffectiveListener, ListenerKey } from './model.js'

/** TLS listeners of a port from which on the tables do not know all of them. */
export const MANY_LISTENERS = 32

/** A host of a route table, and who has it. */
export interface TableHost {
  /** Whose host it is; where only a certificate names it, the listener with the certificate. */
  readonly listener: ListenerKey
  /** The gateway of the listener: those of a port may belong to several. */
  readonly gateway: ObjectKey
  /** Undefined for every host. */
  readonly hostname: Hostname | undefined
  /**
   * `routes`: the table answers. `elsewhere`, TLS only: another connection is for it. `closed`, plain HTTP only: its listener serves nothing,
   * and keeps the host.
   */
  readonly answer: 'routes' | 'elsewhere' | 'closed'
}

/** The hosts of all route tables. */
export interface TableHosts {
  /** By the keys of virtual hosts. */
  readonly hosts: Collection<TableHost>
  /** Which virtual hosts a table has whatever its routes: their keys. */
  readonly keys: Index<ReadonlyMap<string, TableHost>>
  /** By the name of the table: the host of a table that has one only. */
  readonly only: Collection<TableHost>
  /** See `listenersUnder`. */
  readonly under: Index<EffectiveListener>
}

/** Why nothing comes to a route that names no other host, in words. */
export const HOSTS_ELSEWHERE = 'its hosts belong to more specific listeners of the port.'

/** Declares the hosts of route tables. */
export function declareTableHosts(graph: Graph, listeners: Source<EffectiveListener>): TableHosts {
  const byTable = graph.index(listeners, 'listeners by route table', ({ routeTable }) => (routeTable === undefined ? [] : [routeTable]))
  const neighbours = declareNeighbours(graph, listeners)
  const tables = graph.collection<ReadonlyMap<string, TableHost>>('hosts of route tables', {
    keys: byTable,
    compute: (view, table) => {
      const own = view.list(byTable, table)
      const [first] = own
      if (first === undefined) return undefined
      const others = first.protocol === 'HTTPS' ? elsewhere(view, neighbours, first) : closed(view, neighbours, first)
      // Its own come last: they count.
      return new Map([...others, ...own.map((each) => toHost(each, 'routes'))].map((host) => [host.hostname ?? '*', host]))
    },
  })
  const keys = graph.index(tables, 'virtual hosts of listeners', (hosts, table) =>
    [...hosts.keys()].map((domain) => virtualHostKey(table, domain)),
  )
  return {
    keys,
    under: neighbours.under,
    hosts: graph.collection<TableHost>('hosts of listeners', {
      keys,
      compute: (view, key) => {
        const { table, domain } = parseVirtualHostKey(key)
        return view.get(tables, table)?.get(domain)
      },
    }),
    only: graph.collection<TableHost>('only hosts of route tables', {
      keys: tables,
      compute: (view, table) => {
        const [host, ...others] = view.get(tables, table)?.values() ?? []
        return others.length === 0 ? host : undefined
      },
    }),
  }
}

/** Who has a domain of a table: the most specific host that covers it. Undefined if none does. */
export function ownerOf(view: View, { hosts, only }: TableHosts, table: string, domain: Hostname | '*'): TableHost | undefined {
  const alone = view.get(only, table)
  if (alone !== undefined) return isCovered(domain, alone.hostname) ? alone : undefined
  for (const each of domain === '*' ? ['*'] : [domain, ...wildcardsOver(domain), '*']) {
    const host = view.get(hosts, virtualHostKey(table, each))
    if (host !== undefined) return host
  }
  return undefined
}

/** The listeners of a port to which a handshake goes although the host of a TLS listener covers its name: theirs is more specific. */
export function listenersUnder(
  view: View,
  { under }: Pick<TableHosts, 'under'>,
  listener: EffectiveListener,
): readonly EffectiveListener[] {
  return view.list(under, wildcardWord(listener, listener.hostname))
}

/** The key of a virtual host. */
export function virtualHostKey(table: string, domain: string): string {
  return `${table}#${domain}`
}

/** The parts of the key of a virtual host. */
export function parseVirtualHostKey(key: string): { readonly table: string; readonly domain: Hostname | '*' } {
  const at = key.lastIndexOf('#')
  const domain = key.slice(at + 1)
  return { table: key.slice(0, at), domain: domain === '*' ? '*' : toHostname(domain) }
}

/** The other listeners of ports. */
interface Neighbours {
  /** For a port, the listeners that have hosts there by the name in the handshake, whatever becomes of the bytes behind it. */
  readonly encrypted: Index<EffectiveListener>
  /** For a port and a wildcard, or `*`: those of them whose host is under it. */
  readonly under: Index<EffectiveListener>
  /** Has ports with many of them. */
  readonly crowded: Collection<true>
  /** For a port, listeners without TLS that serve nothing and keep their hosts. */
  readonly closed: Index<EffectiveListener>
}

function declareNeighbours(graph: Graph, listeners: Source<EffectiveListener>): Neighbours {
  const encrypted = graph.index(listeners, 'TLS listeners by port', (listener) => (hasHostOfTls(listener) ? [portWord(listener)] : []))
  return {
    encrypted,
    under: graph.index(listeners, 'TLS listeners by wildcards over them', (listener) => {
      const { hostname } = listener
      if (hostname === undefined || !hasHostOfTls(listener)) return []
      return [...wildcardsOver(hostname), undefined].map((wildcard) => wildcardWord(listener, wildcard))
    }),
    crowded: graph.collection<true>('ports with many TLS listeners', {
      keys: encrypted,
      compute: (view, port) => (view.count(encrypted, port) > MANY_LISTENERS ? true : undefined),
    }),
    closed: graph.index(listeners, 'closed hosts by port', (listener) =>
      listener.protocol === 'HTTP' && listener.routeTable === undefined && listener.guardsHost ? [portWord(listener)] : [],
    ),
  }
}

/** True where a handshake is for its host: a client may ask for that over the connection to another listener, wherever TLS ends. */
function hasHostOfTls({ protocol, routeTable, guardsHost, serves }: EffectiveListener): boolean {
  if (protocol === 'TLS') return serves || guardsHost
  return protocol === 'HTTPS' && (routeTable !== undefined || guardsHost)
}

function closed(view: View, neighbours: Neighbours, own: EffectiveListener): readonly TableHost[] {
  return view.list(neighbours.closed, portWord(own)).map((each) => toHost(each, 'closed'))
}

function elsewhere(view: View, { encrypted, under, crowded }: Neighbours, own: EffectiveListener): readonly TableHost[] {
  if (view.get(crowded, portWord(own)) === undefined) {
    const others = view.list(encrypted, portWord(own)).filter(({ routeTable }) => routeTable !== own.routeTable)
    return others.map((each) => toHost(each, 'elsewhere'))
  }
  const within = view.list(under, wildcardWord(own, own.hostname)).map((each) => toHost(each, 'elsewhere'))
  const names = own.certificateNames.filter(isDomain).map((name) => (name === '*' ? undefined : toHostname(name)))
  const outside = names.filter((name) => !isCovered(name ?? '*', own.hostname))
  return [...outside.map((hostname): TableHost => ({ ...toHost(own, 'elsewhere'), hostname })), ...within]
}

function toHost({ key, gateway, hostname }: EffectiveListener, answer: TableHost['answer']): TableHost {
  return { listener: key, gateway: objectKey(gateway.namespace, gateway.name), hostname, answer }
}

function isCovered(domain: Hostname | '*', hostname: Hostname | undefined): boolean {
  return hostname === undefined || (domain !== '*' && covers(hostname, domain))
}

/** Names of certificates may be anything: those that Envoy takes as a domain. */
function isDomain(name: string): boolean {
  return name === '*' || /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(name)
}

function portWord({ scope, port }: EffectiveListener): string {
  return `${scope}/${port}`
}

function wildcardWord(listener: EffectiveListener, wildcard: Hostname | undefined): string {
  return `${portWord(listener)}#${wildcard ?? '*'}`
}
