/** Which listener answers for a host, per route table. */
import type { Collection, Graph, Index, Source } from '../incremental/index.js'
import type { Hostname } from '../ir/hostname.js'
import { type ObjectKey, objectKey } from '../util/object-ref.js'
import { compareSpecificity, covers } from './hostnames.js'
import type { EffectiveListener, ListenerKey } from './model.js'

/** A listener and its hosts. */
export interface ListenerHost {
  readonly listener: ListenerKey
  /** The gateway of the listener: those of a port may belong to several. */
  readonly gateway: ObjectKey
  /** Undefined for every host. */
  readonly hostname: Hostname | undefined
}

/** The hosts of a route table. */
export interface TableHosts {
  /** Listeners that the table answers for, most specific first. */
  readonly own: readonly ListenerHost[]
  /** TLS only: the other listeners of the port. A request for one of their hosts came over the wrong connection. */
  readonly elsewhere: readonly ListenerHost[]
  /** Plain HTTP only: listeners of the port that serve nothing and keep their hosts. */
  readonly closed: readonly ListenerHost[]
}

/** Declares the hosts of route tables, by the name of the table. */
export function declareTableHosts(graph: Graph, listeners: Source<EffectiveListener>): Collection<TableHosts> {
  const byTable = graph.index(listeners, 'listeners by route table', ({ routeTable }) => (routeTable === undefined ? [] : [routeTable]))
  const byPort = graph.index(listeners, 'listeners with hosts by port', (listener) =>
    listener.routeTable !== undefined || listener.guardsHost ? [portWord(listener)] : [],
  )
  return graph.collection<TableHosts>('hosts of route tables', {
    keys: byTable,
    compute: (view, table) => tableHosts(table, view.list(byTable, table), (listener) => view.list(byPort, portWord(listener))),
  })
}

/** The index of which virtual hosts a table has whatever its routes: one for each hostname of a listener of the port. */
export function indexListenerHosts(graph: Graph, hosts: Source<TableHosts>): Index<TableHosts> {
  return graph.index(hosts, 'virtual hosts of listeners', (found, table) =>
    allHosts(found).map(({ hostname }) => virtualHostKey(table, hostname ?? '*')),
  )
}

/** The listener that answers for a domain: the most specific one that covers it. Undefined if none does. */
export function ownerOf(hosts: TableHosts, domain: Hostname | '*'): ListenerHost | undefined {
  return allHosts(hosts)
    .filter(({ hostname }) => hostname === undefined || (domain !== '*' && covers(hostname, domain)))
    .sort((a, b) => compareSpecificity(a.hostname, b.hostname))[0]
}

/** The key of a virtual host. */
export function virtualHostKey(table: string, domain: string): string {
  return `${table}#${domain}`
}

function allHosts({ own, elsewhere, closed }: TableHosts): readonly ListenerHost[] {
  return [...own, ...elsewhere, ...closed]
}

function tableHosts(
  table: string,
  listeners: readonly EffectiveListener[],
  ofPort: (listener: EffectiveListener) => readonly EffectiveListener[],
): TableHosts | undefined {
  const [first] = listeners
  if (first === undefined) return undefined
  const others = ofPort(first).filter((each) => each.protocol === first.protocol && each.routeTable !== table)
  const hosts = others.map(toHost).sort(bySpecificity)
  return {
    own: listeners.map(toHost).sort(bySpecificity),
    elsewhere: first.protocol === 'HTTPS' ? hosts : [],
    closed: first.protocol === 'HTTPS' ? [] : hosts,
  }
}

function toHost({ key, gateway, hostname }: EffectiveListener): ListenerHost {
  return { listener: key, gateway: objectKey(gateway.namespace, gateway.name), hostname }
}

function bySpecificity(a: ListenerHost, b: ListenerHost): number {
  return compareSpecificity(a.hostname, b.hostname)
}

function portWord({ scope, port }: EffectiveListener): string {
  return `${scope}/${port}`
}
