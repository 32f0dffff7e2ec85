/** The translation to Envoy as a part of the graph. */
import type { Collection, Graph, Source } from '../../incremental/index.js'
import type { SecretMaterial } from '../../ir/tls.js'
import type { EncodedResource } from '../resource.js'
import { encodeCluster } from './clusters/cluster.js'
import { encodeLoadAssignment } from './clusters/load-assignment.js'
import { encodeRateLimitCluster } from './clusters/rate-limit-cluster.js'
import { encodeSecretHolder, holderName } from './clusters/secret-holder.js'
import type { EncodedCollections, IrCollections } from './collections.js'
import { declareDiscoveredFilters } from './declare-discovered-filters.js'
import { declareListeners } from './declare-listeners.js'
import { declareMembers } from './declare-members.js'
import { declareRoutes, type RouteCollections } from './declare-routes.js'
import { sameResource } from './encoded.js'
import { declareHooked, type HookInputs } from './extension-hooks/declare-hooked.js'
import { type HookQuestion, hooksOf } from './extension-hooks/hook.js'
import { resourceHook } from './extension-hooks/hookables.js'
import { DEFAULT_TRANSLATE_OPTIONS, type TranslateOptions } from './options.js'
import type { PatchedResource } from './patches/apply-patches.js'
import { declarePatched } from './patches/declare-patched.js'
import { encodeRateLimitConfig } from './rate-limit-config.js'
import { encodeSecret } from './secret.js'

/** What proxies run. */
export interface XdsCollections extends EncodedCollections, RouteCollections {
  /** What an extension server has to be asked, by `hookKey`, each kind for itself. */
  readonly questions: readonly Collection<HookQuestion>[]
  /** Every resource of every group of proxies, under its `resourceKey`. A group has the clusters and secrets that it refers to. */
  readonly resources: Collection<EncodedResource>
  /** What policies change, by `resourceKey`; undefined where they may not. */
  readonly patched: Collection<PatchedResource> | undefined
}

/** What may differ from `DEFAULT_TRANSLATE_OPTIONS`. */
export type XdsOptions = Partial<TranslateOptions>

/**
 * Declares everything from the IR to `resources`.
 *
 * @param hooks what an extension server changes; undefined without one
 */
export function declareXds(graph: Graph, ir: IrCollections, options: XdsOptions = {}, hooks?: HookInputs): XdsCollections {
  const all = { ...DEFAULT_TRANSLATE_OPTIONS, ...options }
  const routes = declareRoutes(graph, ir, all.packing, hooks)
  const plain = declareEncoded(graph, ir, routes, all)
  const listeners = declareChanged(graph, 'Listener', plain.listeners, hooks)
  const clusters = declareChanged(graph, 'Cluster', plain.clusters, hooks)
  const encoded = {
    ...plain,
    listeners: listeners.resources,
    clusters: clusters.resources,
    extensions: declareDiscoveredFilters(graph, ir, routes),
    ...routes,
    questions: [...routes.questions, ...listeners.questions, ...clusters.questions],
  }
  // Where nobody may patch, nothing stands between a resource and the proxies.
  if (!all.patches) return { ...encoded, resources: declareMembers(graph, ir, encoded, 'resources'), patched: undefined }
  return { ...encoded, ...declarePatched(graph, declareMembers(graph, ir, encoded, 'unpatched resources'), ir.patchPolicies) }
}

/** Resources as an extension server wants them; without one that is asked about them nothing stands behind them. */
function declareChanged(
  graph: Graph,
  kind: 'Cluster' | 'Listener',
  plain: Collection<EncodedResource>,
  hooks: HookInputs | undefined,
): { readonly resources: Collection<EncodedResource>; readonly questions: readonly Collection<HookQuestion>[] } {
  const hooked = hooksOf(hooks, kind)
  if (hooked === undefined) return { resources: plain, questions: [] }
  const { resources, questions } = declareHooked(graph, `hooked ${kind}s`, plain, hooked, resourceHook(kind), sameResource)
  return { resources, questions: [questions] }
}

function declareEncoded(
  graph: Graph,
  ir: IrCollections,
  { packings }: RouteCollections,
  options: TranslateOptions,
): Omit<EncodedCollections, 'extensions'> {
  const encodeEach = <V>(name: string, source: Source<V>, encode: (value: V) => EncodedResource | undefined): Collection<EncodedResource> =>
    graph.collection<EncodedResource>(name, {
      keys: source,
      compute: (view, key) => {
        const value = view.get(source, key)
        return value === undefined ? undefined : encode(value)
      },
      equal: sameResource,
    })
  return {
    listeners: declareListeners(graph, ir.ports, packings, options),
    clusters: encodeEach('encoded clusters', ir.clusters, (cluster) => encodeCluster(cluster, options)),
    secrets: encodeEach('encoded secrets', ir.secrets, encodeSecret),
    rateLimitConfigs:
      ir.rateLimitDomains === undefined ? undefined : encodeEach('rate limit configurations', ir.rateLimitDomains, encodeRateLimitConfig),
    rateLimitCluster: options.rateLimitService === undefined ? undefined : encodeRateLimitCluster(options.rateLimitService),
    secretHolders: declareSecretHolders(graph, ir.secrets),
    loadAssignments: graph.collection<EncodedResource>('load assignments', {
      keys: ir.clusters,
      compute: (view, name) => {
        if (view.get(ir.clusters, name)?.discovery.kind !== 'endpoints') return undefined
        // A cluster waits for its endpoints: none are an answer, silence is not.
        return encodeLoadAssignment(view.get(ir.endpoints, name) ?? { cluster: name, localities: [], origins: [] })
      },
      equal: sameResource,
    }),
  }
}

function declareSecretHolders(graph: Graph, secrets: Source<SecretMaterial>): Collection<EncodedResource> {
  const texts = graph.index(secrets, 'secret texts', (secret) => (secret.kind === 'text' ? [holderName(secret.name)] : []))
  return graph.collection<EncodedResource>('secret holders', {
    keys: texts,
    compute: (view, name) => {
      const [secret] = view.list(texts, name)
      return secret?.kind === 'text' ? encodeSecretHolder(secret) : undefined
    },
    equal: sameResource,
  })
}
