/**
 * Declares the endpoints of clusters whose addresses we know.
 *
 * Source: Kubernetes, `discovery/v1` EndpointSlice and its well-known labels.
 */
import type { EndpointSlice, Endpoint as SliceEndpoint } from '../../gen/kinds.js'
import type { Collection, Graph, Index, Source, View } from '../../incremental/index.js'
import type { Cluster, Endpoint, Endpoints, Locality } from '../../ir/cluster.js'
import { isIP } from '../../schema/ip.js'
import { objectVersion } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import { originsOf } from '../origins.js'
import type { BackendRef } from './backend-key.js'
import { parseClusterName } from './cluster-names.js'
import { joinFamilies, type PodEndpoint } from './join-families.js'
import { toLocalities } from './localities.js'
import { type BackendAddresses, backendFor, type ResolvedBackend } from './resolved-backend.js'
import { X_BACKEND_LABEL } from './selected-pods.js'

/** The label of an EndpointSlice that names its Service. Source: Kubernetes, well-known labels. */
export const SERVICE_LABEL = 'kubernetes.io/service-name'

/** Labels of an EndpointSlice that name the object that it belongs to, by the kind of that object. */
const OWNER_LABELS = {
  Service: SERVICE_LABEL,
  ServiceImport: 'multicluster.kubernetes.io/service-name',
  XBackend: X_BACKEND_LABEL,
} as const

/** EndpointSlices by the objects that they belong to. */
export function indexSlices(graph: Graph, inputs: Inputs): Index<EndpointSlice> {
  return graph.index(inputs.kind('EndpointSlice'), 'endpoint slices by owner', sliceOwners)
}

/** Declares the endpoints, by the name of their cluster. A change of an EndpointSlice touches nothing else. */
export function declareEndpoints(
  graph: Graph,
  slicesByOwner: Index<EndpointSlice>,
  clusters: Collection<Cluster>,
  backends: Source<ResolvedBackend>,
): Collection<Endpoints> {
  const keys = graph.index(clusters, 'clusters with endpoints', ({ name, discovery }) => (discovery.kind === 'endpoints' ? [name] : []))
  return graph.collection<Endpoints>('endpoints', {
    keys,
    compute: (view, cluster) => {
      const found = endpointsOf(view, cluster)
      const made = found && view.get(clusters, cluster)
      return found === undefined || made === undefined ? found : asTrafficWants(found, made)
    },
  })

  function endpointsOf(view: View, cluster: string): Endpoints | undefined {
    const identity = parseClusterName(cluster)
    const backend = identity && backendFor(identity.usage, view.get(backends, identity.key))
    if (identity === undefined || backend === undefined || !backend.usable) return undefined
    const { addresses, origins } = backend
    if (addresses.kind === 'dns' || addresses.kind === 'dynamic') return undefined
    if (addresses.kind === 'fixed') return { cluster, localities: addresses.localities, origins: originsOf(origins) }
    const slices = view.list(slicesByOwner, addresses.owner)
    return {
      cluster,
      localities: localitiesOf(slices, identity.backend, addresses),
      origins: originsOf([...origins, ...slices.map(objectVersion)]),
    }
  }
}

/** With what policies of the cluster say about its endpoints, which come from these policies then as well. */
function asTrafficWants(found: Endpoints, { traffic: { zoneWeights, activeHealthCheck }, origins }: Cluster): Endpoints {
  const port = activeHealthCheck?.port
  if (zoneWeights === undefined && port === undefined) return found
  const localities = found.localities.map((locality) => ({
    ...locality,
    ...(zoneWeights === undefined ? {} : { weight: zoneWeights[locality.zone] ?? 1 }),
    ...(port === undefined ? {} : { endpoints: locality.endpoints.map((endpoint) => askedAt(endpoint, port)) }),
  }))
  return { ...found, localities, origins: originsOf([...found.origins, ...origins]) }
}

/** A socket has no port: Envoy refuses all endpoints with one that does. */
function askedAt(endpoint: Endpoint, healthCheckPort: number): Endpoint {
  return endpoint.address.kind === 'ip' ? { ...endpoint, healthCheckPort } : endpoint
}

/** The objects that a slice belongs to, as `<Kind>/<namespace>/<name>`. */
function sliceOwners({ metadata: { namespace, labels = {} } }: EndpointSlice): readonly string[] {
  return Object.entries(OWNER_LABELS).flatMap(([kind, label]) =>
    Object.hasOwn(labels, label) ? [`${kind}/${namespace}/${labels[label] ?? ''}`] : [],
  )
}

type SliceAddresses = Extract<BackendAddresses, { readonly kind: 'slices' }>

/** Where the endpoints of a backend are. */
export function localitiesOf(slices: readonly EndpointSlice[], ref: BackendRef, addresses: SliceAddresses): readonly Locality[] {
  const placed = slices.flatMap((slice) => placedEndpoints(slice, ref, addresses))
  // An address that one slice has as healthy and another, older one as draining is healthy.
  placed.sort((a, b) => Number(a.endpoint.health === 'draining') - Number(b.endpoint.health === 'draining'))
  return toLocalities(joinFamilies(placed))
}

function placedEndpoints(slice: EndpointSlice, ref: BackendRef, addresses: SliceAddresses): PodEndpoint[] {
  const port = (slice.ports ?? []).find((each) => each.name === addresses.portName && each.protocol === ref.transport)?.port
  if (port === undefined || slice.addressType === 'FQDN') return []
  // The API server writes null for an empty list, which our own reader does not let through.
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const health = addresses.publishNotReady ? 'healthy' : healthOf(endpoint)
    if (health === undefined) return []
    return endpoint.addresses.filter(isIP).map(
      (ip): PodEndpoint => ({
        uid: endpoint.targetRef?.uid,
        zone: endpoint.zone ?? '',
        priority: 0,
        endpoint: { address: { kind: 'ip', ip, port }, health, weight: 1 },
      }),
    )
  })
}

/** Conditions that are not said count as true, except that an endpoint is not going away. Undefined: gets no requests at all. */
function healthOf({ conditions }: SliceEndpoint): 'healthy' | 'draining' | undefined {
  const ready = conditions.ready ?? true
  if (ready) return 'healthy'
  return (conditions.terminating ?? false) && (conditions.serving ?? false) ? 'draining' : undefined
}
