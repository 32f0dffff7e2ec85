/**
 * Which group of proxies gets which resource: listeners and route tables belong to a group, and what they name goes with them, and what
 * that names in turn. The index of who names what counts references, so a resource leaves a group with the last that named it.
 */
import type { Collection, Graph, Source, View } from '../../incremental/index.js'
import { RATE_LIMIT_GROUP } from '../rate-limit-group.js'
import { type EncodedResource, type ResourceReference, TYPE_URL, type TypeUrl } from '../resource.js'
import { RATE_LIMIT_CLUSTER } from './clusters/rate-limit-cluster.js'
import type { EncodedCollections, IrCollections } from './collections.js'
import type { RouteCollections } from './declare-routes.js'
import { sameResource } from './encoded.js'
import { rateLimitDomain } from './rate-limit-config.js'
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
  const members = (of: string, source: Source<Members>) =>
    graph.index(source, of, ({ group, references }) => references.map((reference) => resourceKey(group, reference)))

  const ofListeners = members(
    'members by listener',
    graph.collection<Members>('members of listeners', {
      keys: encoded.listeners,
      compute: (view, name) => {
        const port = view.get(ir.ports, name)
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
      keys: ir.routeTables,
      compute: (view, name) => {
        const table = view.get(ir.routeTables, name)
        if (table === undefined) return undefined
        const packing = view.get(encoded.packings, name)
        const routes = { typeUrl: TYPE_URL.routeConfiguration, name }
        return { group: table.group, references: [...(packing?.scopes ? SCOPE_LOADING : []), ...(packing?.rds ? [routes] : [])] }
      },
    }),
  )
  const ofScopes = graph.index(encoded.scopes, 'members by scope', (scope) => [resourceKey(scope.group, scope)])
  const ofRoutes = graph.index(encoded.virtualHostBytes, 'members by virtual host', ({ group, references }) =>
    references.map((reference) => resourceKey(group, reference)),
  )
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

  const scopeLoading = encodeScopeLoading()
  const sources: Readonly<Partial<Record<TypeUrl, Source<EncodedResource>>>> = {
    [TYPE_URL.listener]: encoded.listeners,
    [TYPE_URL.routeConfiguration]: encoded.routeConfigurations,
    [TYPE_URL.scopedRouteConfiguration]: encoded.scopes,
    [TYPE_URL.clusterLoadAssignment]: encoded.loadAssignments,
    [TYPE_URL.secret]: encoded.secrets,
  }
  return graph.collection<EncodedResource>(name, {
    keys: [ofListeners, ofTables, ofScopes, ofRoutes, ofExtensions, ofClusters, ...ofRateLimits],
    compute: (view, key) => {
      const reference = parseResourceKey(key)?.reference
      if (reference?.typeUrl === TYPE_URL.cluster && reference.name === RATE_LIMIT_CLUSTER) return encoded.rateLimitCluster
      if (reference?.typeUrl === TYPE_URL.rateLimitConfig) {
        return encoded.rateLimitConfigs && view.get(encoded.rateLimitConfigs, reference.name.slice(rateLimitDomain('').length))
      }
      const loading = scopeLoading.find(({ typeUrl, name }) => reference?.typeUrl === typeUrl && reference.name === name)
      if (loading !== undefined) return loading
      if (reference?.typeUrl === TYPE_URL.extensionConfig) return view.get(encoded.extensions, key)
      if (reference?.typeUrl === TYPE_URL.cluster) return clusterOf(view, encoded, reference.name)
      const source = reference === undefined ? undefined : sources[reference.typeUrl]
      return reference === undefined || source === undefined ? undefined : view.get(source, reference.name)
    },
    equal: sameResource,
  })
}

function clusterOf(view: View, { clusters, secretHolders }: EncodedCollections, name: string): EncodedResource | undefined {
  return view.get(clusters, name) ?? view.get(secretHolders, name)
}
