/**
 * Virtual hosts and how they are packed, as a part of the graph. An edit of one route costs one virtual host, and one concatenation of all
 * of them (`rds`) or one scope (`scoped`).
 */
import type { Collection, Graph, Source } from '../../incremental/index.js'
import type { RouteTable, RouteTableFrame } from '../../ir/route.js'
import type { EncodedResource, ResourceReference } from '../resource.js'
import type { IrCollections } from './collections.js'
import { isExact } from './domain.js'
import { sameResource } from './encoded.js'
import { declareHooked, type HookInputs } from './extension-hooks/declare-hooked.js'
import { type HookQuestion, hooksOf } from './extension-hooks/hook.js'
import { VIRTUAL_HOST_HOOK } from './extension-hooks/hookables.js'
import { type RoutePacking, type TablePacking, tablePacking } from './packing.js'
import { parseResourceKey, resourceKey } from './resource-key.js'
import { encodeRouteConfiguration } from './routes/route-configuration.js'
import { type EncodedVirtualHost, encodeVirtualHost } from './routes/virtual-host.js'
import { type EncodedScope, encodeFallbackScope, encodeHostScope, scopeAround } from './scopes/scope.js'
import { FALLBACK, parseScopeName, scopeName } from './scopes/scope-key.js'

/** What `declareRoutes` adds to the graph. */
export interface RouteCollections {
  /** By the keys of the virtual hosts. */
  readonly virtualHostBytes: Collection<EncodedVirtualHost>
  /** How each route table is packed, by its name. */
  readonly packings: Collection<TablePacking>
  /** Route tables without origins, by name. */
  readonly frames: Collection<RouteTableFrame>
  /** By name. */
  readonly routeConfigurations: Collection<EncodedResource>
  /** By name. */
  readonly scopes: Collection<EncodedScope>
  /** What an extension server has to be asked. */
  readonly questions: readonly Collection<HookQuestion>[]
}

/** How the virtual hosts of a route table come to proxies. */
interface HostPlace {
  readonly frame: RouteTableFrame
  /** In its RouteConfiguration. */
  readonly inTable: boolean
  readonly inScopes: boolean
}

/** A route table and something that its virtual hosts name. */
interface RouteTableUse {
  readonly routeTable: string
  readonly reference: ResourceReference
}

type RouteSources = Pick<IrCollections, 'routeTables' | 'virtualHosts'>

/** Declares what is made of route tables and virtual hosts. */
export function declareRoutes(graph: Graph, ir: RouteSources, packing: RoutePacking, hooks?: HookInputs): RouteCollections {
  const packings = declarePackings(graph, ir, packing)
  const frames = graph.collection<RouteTableFrame>('xds frames of route tables', {
    keys: ir.routeTables,
    compute: (view, name) => {
      const table = view.get(ir.routeTables, name)
      if (table === undefined) return undefined
      const { origins: _, ...frame } = table
      return frame
    },
  })
  const places = graph.collection<HostPlace>('places of virtual hosts', {
    keys: ir.routeTables,
    compute: (view, name) => {
      const [frame, how] = [view.get(frames, name), view.get(packings, name)]
      return frame === undefined || how === undefined ? undefined : { frame, inTable: how.rds, inScopes: how.scopes }
    },
  })
  const hooked = hooksOf(hooks, 'VirtualHost')
  const plainHosts = graph.collection<EncodedVirtualHost>('virtual host bytes', {
    keys: ir.virtualHosts,
    compute: (view, key) => {
      const host = view.get(ir.virtualHosts, key)
      const place = host && view.get(places, host.routeTable)
      if (host === undefined || place === undefined) return undefined
      const { frame, inTable, inScopes } = place
      // What an extension server changes gets a scope of its own afterwards.
      const hasScope = hooked === undefined && inScopes && isExact(host.domain)
      return encodeVirtualHost(host, { group: frame.group, inTable, ...(hasScope ? { scope: scopeAround(frame) } : {}) })
    },
  })
  const { resources: virtualHostBytes, questions } =
    hooked === undefined
      ? { resources: plainHosts, questions: undefined }
      : declareHooked(graph, 'hooked virtual hosts', plainHosts, hooked, VIRTUAL_HOST_HOOK)
  const hostsByTable = graph.index(virtualHostBytes, 'virtual hosts by route table', ({ routeTable }) => [routeTable])

  // An index and a fragment per use: a virtual host that names another cluster costs that cluster, not all that the table names.
  const useWords = graph.index(virtualHostBytes, 'uses by virtual host', ({ routeTable, references, inTable }) =>
    inTable ? references.map((reference) => resourceKey(routeTable, reference)) : [],
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
      if (table === undefined || view.get(packings, name)?.rds !== true) return undefined
      return encodeRouteConfiguration(table, view.list(hostsByTable, name), view.get(references, name) ?? [])
    },
    equal: sameResource,
  })
  return {
    virtualHostBytes,
    packings,
    frames,
    routeConfigurations,
    scopes: declareScopes(graph, { tables: ir.routeTables, frames }, virtualHostBytes, packings, hooked !== undefined),
    questions: questions === undefined ? [] : [questions],
  }
}

function declarePackings(graph: Graph, { routeTables, virtualHosts }: RouteSources, packing: RoutePacking): Collection<TablePacking> {
  // Only a limit needs the number.
  const exactHosts = graph.index(virtualHosts, 'exact hosts by route table', ({ routeTable, domain }) =>
    typeof packing === 'object' && isExact(domain) ? [routeTable] : [],
  )
  return graph.collection<TablePacking>('packings of route tables', {
    keys: routeTables,
    compute: (view, name) => tablePacking(packing, () => view.count(exactHosts, name)),
  })
}

/** @param areHooked whether an extension server changes virtual hosts: then they were not made as a part of their scopes */
function declareScopes(
  graph: Graph,
  { tables, frames }: { readonly tables: Source<RouteTable>; readonly frames: Source<RouteTableFrame> },
  virtualHosts: Source<EncodedVirtualHost>,
  packings: Source<TablePacking>,
  areHooked: boolean,
): Collection<EncodedScope> {
  const fallbacks = graph.index(packings, 'fallback scopes', ({ scopes }, name) => (scopes ? [scopeName(name, FALLBACK)] : []))
  const others = graph.index(virtualHosts, 'wildcards by route table', ({ routeTable, domain }) => (isExact(domain) ? [] : [routeTable]))
  const exact = graph.index(virtualHosts, 'exact hosts', ({ routeTable, domain, scope }) =>
    scope !== undefined || (areHooked && isExact(domain)) ? [scopeName(routeTable, domain)] : [],
  )
  return graph.collection<EncodedScope>('scopes', {
    keys: [fallbacks, exact],
    compute: (view, name) => {
      const { routeTable, host } = parseScopeName(name)
      const [virtualHost] = host === FALLBACK ? [] : view.list(exact, name)
      // Nothing else to look at: it was made as a part of its scope.
      if (virtualHost?.scope !== undefined) return encodeHostScope(virtualHost.scope, virtualHost)
      if (view.get(packings, routeTable)?.scopes !== true) return undefined
      if (host === FALLBACK) {
        const table = view.get(tables, routeTable)
        return table && encodeFallbackScope(table, view.list(others, routeTable))
      }
      const frame = view.get(frames, routeTable)
      return frame === undefined || virtualHost === undefined ? undefined : encodeHostScope(frame, virtualHost)
    },
    equal: sameResource,
  })
}
