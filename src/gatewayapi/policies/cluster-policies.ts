/** What BackendTrafficPolicies make of a cluster: those in its name, and those about its backend. */
import type { BackendTrafficSettings } from '../../gen/kinds.js'
import type { Collection, Graph, Keys, Source, View } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import { backendObject } from '../backends/backend-key.js'
import { type ClusterIdentity, type ClusterPolicies, parseClusterName, requestUsage } from '../backends/cluster-names.js'
import { backendFor, type ResolvedBackend } from '../backends/resolved-backend.js'
import { isClusterSetting } from './backend-traffic-kind.js'
import { LEVELS } from './effective-policies.js'
import { layersSaying, mergePolicies } from './merge.js'
import { layersAbout, type Policies } from './policies.js'
import type { Effective, Layer, Loss } from './policy.js'
import { targetWord } from './policy-targets.js'

type Settings = BackendTrafficSettings

/** Declares what policies say about clusters, by the name of the cluster. Clusters without any have no value. */
export function declareClusterPolicies(
  graph: Graph,
  backends: Source<ResolvedBackend>,
  policies: Policies<Settings>,
  keys: readonly Keys[],
): Collection<Effective<Settings>> {
  return graph.collection<Effective<Settings>>('policies of clusters', {
    keys,
    compute: (view, name) => {
      const identity = parseClusterName(name)
      if (identity === undefined) return undefined
      const around = identity.policies.flatMap((layer, level) =>
        layer.flatMap((key): readonly Layer<Settings>[] => {
          const policy = view.get(policies.all, key)
          return policy === undefined ? [] : [{ level: level - identity.policies.length, policy }]
        }),
      )
      const ofBackend = aboutBackend(view, backends, policies, identity)
      const effective = mergePolicies([...around, ...ofBackend], policies.kind.atoms)
      return effective && possible(effective, identity, view.get(backends, identity.key), ofBackend)
    },
  })
}

/** The policies that must be in the name of a cluster: those that make it different from the plain one. */
export function clusterPolicies(effective: Effective<Settings> | undefined): ClusterPolicies {
  if (effective === undefined) return []
  return layersSaying(effective, isClusterSetting).map((layer) => layer.map(({ namespace, name }) => objectKey(namespace, name)))
}

/**
 * Without what cannot be done for a backend. The health service of gRPC is asked over HTTP/2, and Envoy refuses a cluster that has none. What
 * stands behind connections may speak anything: only a policy about it knows that it answers requests.
 */
function possible(
  effective: Effective<Settings>,
  { backend, usage }: ClusterIdentity,
  found: ResolvedBackend | undefined,
  ofBackend: readonly Layer<Settings>[],
): Effective<Settings> {
  const { active, ...otherChecks } = effective.settings.healthCheck ?? {}
  const { 'healthCheck.active': loser, ...origins } = effective.origins
  if (active === undefined || loser === undefined) return effective
  const speaksHttp = requestUsage(usage) !== undefined || ofBackend.some(({ policy }) => policy.object === loser)
  if (active.type === 'TCP' || (active.type === 'HTTP' ? speaksHttp : speaksHttp2(usage, found))) return effective
  const loss: Loss = { loser, field: 'healthCheck.active', winner: { ...backendObject(backend), generation: 0 }, how: 'Unsupported' }
  const settings = { ...effective.settings, healthCheck: otherChecks }
  return { ...effective, settings, origins, losses: [...effective.losses, loss] }
}

function speaksHttp2(usage: ClusterIdentity['usage'], found: ResolvedBackend | undefined): boolean {
  const spoken = requestUsage(usage)
  if (spoken === 'grpc') return true
  if (spoken !== 'http' || found?.usable !== true) return false
  const { http, tls } = found
  return http.protocol === 'http2' || (http.protocol === 'auto' && tls !== undefined)
}

function aboutBackend(
  view: View,
  backends: Source<ResolvedBackend>,
  policies: Policies<Settings>,
  { backend, key, usage }: ClusterIdentity & { readonly key: string },
): readonly Layer<Settings>[] {
  const { kind, namespace, name } = backend
  const target = { kind, namespace, name, sectionName: undefined }
  const ofWhole = layersAbout(view, policies, target, LEVELS.backend)
  if (!policies.mayBeAbout(view, targetWord(target))) return ofWhole
  const found = backendFor(usage, view.get(backends, key))
  const sectionName = found?.usable === true && found.addresses.kind === 'slices' ? found.addresses.portName : undefined
  return [
    ...ofWhole,
    // The only port of a Service may have no name.
    ...(sectionName === undefined || sectionName === '' ? [] : layersAbout(view, policies, { ...target, sectionName }, LEVELS.port)),
  ]
}
