/** Virtual hosts and route configurations as a part of the graph. An edit of one route costs one virtual host and one concatenation. */
import type { Collection, Graph } from '../../incremental/index.js'
import type { EncodedResource, ResourceReference } from '../resource.js'
import type { IrCollections } from './declare.js'
import { sameResource } from './encoded.js'
import { parseResourceKey, resourceKey } from './resource-key.js'
import { encodeRouteConfiguration } from './route-configuration.js'
import { type EncodedVirtualHost, encodeVirtualHost } from './virtual-host.js'

/** What `declareRoutes` adds to the graph. */
export interface RouteCollections {
  /** By the keys of the virtual hosts. */
  readonly virtualHostBytes: Collection<EncodedVirtualHost>
  /** By name. */
  readonly routeConfigurations: Collection<EncodedResource>
  /** Every resource that some virtual host of a route table names, once. */
  readonly uses: Collection<RouteTableUse>
}

/** A route table and something that its virtual hosts name. */
export interface RouteTableUse {
  readonly routeTable: string
  readonly reference: ResourceReference
}

/** Declares what is made of route tables and virtual hosts. */
export function declareRoutes(graph: Graph, ir: Pick<IrCollections, 'routeTables' | 'virtualHosts'>): RouteCollections {
  const virtualHostBytes = graph.collection<EncodedVirtualHost>('virtual host bytes', {
    keys: ir.virtualHosts,
    compute: (view, key) => {
      const host = view.get(ir.virtualHosts, key)
      return host === undefined ? undefined : encodeVirtualHost(host)
    },
  })
  const hostsByTable = graph.index(virtualHostBytes, 'virtual hosts by route table', ({ routeTable }) => [routeTable])

  // An index and a fragment per use: a virtual host that names another cluster costs that cluster, not all that the table names.
  const useWords = graph.index(virtualHostBytes, 'uses by virtual host', ({ routeTable, references }) =>
    references.map((reference) => resourceKey(routeTable, reference)),
  )
  const uses = graph.collection<RouteTableUse>('uses of route tables', {
    keys: useWords,
    compute: (_view, word) => {
      const parsed = parseResourceKey(word)
      return parsed === undefined ? undefined : { routeTable: parsed.group, reference: parsed.reference }
    },
  })
  const usesByTable = graph.index(uses, 'uses by route table', ({ routeTable }) => [routeTable])
  const references = graph.collection<readonly ResourceReference[]>('references of route tables', {
    keys: usesByTable,
    compute: (view, routeTable) => view.list(usesByTable, routeTable).map(({ reference }) => reference),
  })

  const routeConfigurations = graph.collection<EncodedResource>('route configurations', {
    keys: ir.routeTables,
    compute: (view, name) => {
      const table = view.get(ir.routeTables, name)
      if (table === undefined) return undefined
      return encodeRouteConfiguration(table, view.list(hostsByTable, name), view.get(references, name) ?? [])
    },
    equal: sameResource,
  })
  return { virtualHostBytes, routeConfigurations, uses }
}
