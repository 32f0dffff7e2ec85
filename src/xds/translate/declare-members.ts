/**
 * Which group of proxies gets which resource: listeners and route tables belong to a group, and what they name goes with them, and what
 * that names in turn. The index of who names what counts references, so a resource leaves a group with the last that named it.
 */
import type { Collection, Graph, Index, Keys, Source, View } from '../../incremental/index.js'
import { RATE_LIMIT_GROUP } from '../rate-limit-group.js'
import { type EncodedResource, type ResourceReference, TYPE_URL, type TypeUrl } from '../resource.js'
import { RATE_LIMIT_CLUSTER } from './clusters/rate-limit-cluster.js'
import type { EncodedCollections, IrCollections } from './collections.js'
import type { RouteCollections } from './declare-routes.js'
import { sameResource } from './encoded.js'
import { rateLimitPolicy } from './rate-limit-config.js'
import { parseResourceKey, resourceKey } from './resource-key.js'
import { encodeScopeLoading, SCOPE_LOADING } from './scopes/scope-loader.js'

/** What something in a group brings along. */
interface Members {
  readonly group: string
  readonly references: readonly ResourceReference[]
}

/** Listeners refer to these, and route tables bring them. */
const OF_TABLES: ReadonlySet<TypeUrl> = new Set([TYPE_URL.routeConfiguration, TYPE_URL.scopedRouteConfiguration])

/**
 * Declares the resources of all groups, by `resourceKey`.
 *
 * @param name of the collection
 */
export function declareMembers(
  graph: Graph,
  ir: Pick<IrCollections, 'ports' | 'routeTables'>,
  encoded: EncodedCollections & RouteCollections,
  name: string,
): Collection<EncodedResource> {
  return graph.collection<EncodedResource>(name, {
    keys: declareReferences(graph, ir, encoded),
    compute: resourceLookup(encoded),
    equal: sameResource,
  })
}

/** Who names what: the keys of these indexes are those of all resources. */
function declareReferences(
  graph: Graph,
  { ports, routeTables }: Pick<IrCollections, 'ports' | 'routeTables'>,
  encoded: EncodedCollections & RouteCollections,
): readonly Keys[] {
  const members = (of: string, source: Source<Members>): Index<Members> =>
    graph.index(source, of, ({ group, references }) => references.map((reference) => resourceKey(group, reference)))

  const ofListeners = members(
    'members by listener',
    graph.collection<Members>('members of listeners', {
      keys: encoded.listeners,
      compute: (view, name) => {
        const port = view.get(ports, name)
        const listener = view.get(encoded.listeners, name)
        if (port === undefined || listener === undefined) return undefined
        // Routes come through their tables, which know their group themselves.
        const named = listener.references.filter(({ typeUrl }) => !OF_TABLES.has(typeUrl))
        return { group: port.group, references: [{ typeUrl: TYPE_URL.listener, name }, ...named] }
      },
    }),
  )
  const ofTables = members(
    'members by route table',
    graph.collection<Members>('members of route tables', {
      keys: routeTables,
      compute: (view, name) => {
        const table = view.get(routeTables, name)
        if (table === undefined) return undefined
        const packing = view.get(encoded.packings, name)
        const routes = { typeUrl: TYPE_URL.routeConfiguration, name }
        return { group: table.group, references: [...(packing?.scopes ? SCOPE_LOADING : []), ...(packing?.rds ? [routes] : [])] }
      },
    }),
  )
  const ofScopes = graph.index(encoded.scopes, 'members by scope', (scope) => [resourceKey(scope.group, scope)])
  const ofRoutes = members('members by virtual host', encoded.virtualHostBytes)
  const ofExtensions = graph.index(encoded.extensions, 'members by extension', ({ references }, key) => {
    const group = parseResourceKey(key)?.group
    return group === undefined ? [] : references.map((reference) => resourceKey(group, reference))
  })
  const ofClusters = members(
    'members by cluster',
    graph.collection<Members>('members of clusters', {
      keys: [ofListeners, ofRoutes, ofExtensions],
      compute: (view, key) => {
        const parsed = parseResourceKey(key)
        if (parsed?.reference.typeUrl !== TYPE_URL.cluster) return undefined
        return { group: parsed.group, references: clusterOf(view, encoded, parsed.reference.name)?.references ?? [] }
      },
    }),
  )
  const ofRateLimits =
    encoded.rateLimitConfigs === undefined
      ? []
      : [graph.index(encoded.rateLimitConfigs, 'members of rate limits', (config) => [resourceKey(RATE_LIMIT_GROUP, config)])]
  return [ofListeners, ofTables, ofScopes, ofRoutes, ofExtensions, ofClusters, ...ofRateLimits]
}

/** Finds the resource of a `resourceKey`. */
function resourceLookup(encoded: EncodedCollections & RouteCollections): (view: View, key: string) => EncodedResource | undefined {
  const scopeLoading = encodeScopeLoading()
  return (view, key) => {
    const reference = parseResourceKey(key)?.reference
    if (reference === undefined) return undefined
    const { typeUrl, name } = reference
    const loading = scopeLoading.find((each) => each.typeUrl === typeUrl && each.name === name)
    if (loading !== undefined) return loading
    switch (typeUrl) {
      case TYPE_URL.listener:
        return view.get(encoded.listeners, name)
      case TYPE_URL.routeConfiguration:
        return view.get(encoded.routeConfigurations, name)
      case TYPE_URL.scopedRouteConfiguration:
        return view.get(encoded.scopes, name)
      case TYPE_URL.extensionConfig:
        return view.get(encoded.extensions, key)
      case TYPE_URL.cluster:
        return clusterOf(view, encoded, name)
      case TYPE_URL.clusterLoadAssignment:
        return view.get(encoded.loadAssignments, name)
      case TYPE_URL.secret:
        return view.get(encoded.secrets, name)
      case TYPE_URL.rateLimitConfig:
        return encoded.rateLimitConfigs && view.get(encoded.rateLimitConfigs, rateLimitPolicy(name))
      default:
        return undefined
    }
  }
}

function clusterOf(view: View, encoded: EncodedCollections, name: string): EncodedResource | undefined {
  if (name === RATE_LIMIT_CLUSTER) return encoded.rateLimitCluster
  return view.get(encoded.clusters, name) ?? view.get(encoded.secretHolders, name)
}
