/** Declares the clusters that something sends to. */
import type { BackendTrafficSettings } from '../../gen/kinds.js'
import type { Collection, Graph, Keys, Source, View } from '../../incremental/index.js'
import type { BackendProtocol, Cluster, Http1PassThrough } from '../../ir/cluster.js'
import { CONNECTION_BALANCING, MIRROR_LIMITS, MIRROR_STREAM_DURATION_MS } from '../../ir/defaults.js'
import { originsOf } from '../origins.js'
import { backendTraffic } from '../policies/backend-traffic.js'
import { clusterStatistics } from '../policies/cluster-statistics.js'
import type { Effective } from '../policies/policy.js'
import { type ClusterIdentity, isMirror, parseClusterName, requestUsage } from './cluster-names.js'
import { backendFor, type ResolvedBackend, type UsableBackend } from './resolved-backend.js'
import { webCluster } from './web-clusters.js'

/**
 * Declares the clusters, by name.
 *
 * @param gatewayCertificates by the key of a gateway: the name of the certificate that it shows to backends
 * @param policies by the name of a cluster: what policies say about it
 * @param keys who refers to clusters: a cluster exists as long as somebody does
 * @param http1Of what of HTTP/1 a cluster must keep because those who send there do
 */
export function declareClusters(
  graph: Graph,
  backends: Source<ResolvedBackend>,
  gatewayCertificates: Source<string>,
  policies: Source<Effective<BackendTrafficSettings>>,
  keys: readonly Keys[],
  http1Of: (view: View, name: string) => Http1PassThrough | undefined = () => undefined,
): Collection<Cluster> {
  return graph.collection<Cluster>('clusters', {
    keys,
    compute: (view, name) => {
      const identity = parseClusterName(name)
      if (identity === undefined) return webCluster(name)
      const backend = backendFor(identity.usage, view.get(backends, identity.key))
      if (backend === undefined || !backend.usable) return undefined
      const certificate = identity.gateway === undefined ? undefined : view.get(gatewayCertificates, identity.gateway)
      const cluster = withPolicies(toCluster(name, identity, backend, certificate), identity, view.get(policies, name))
      return passing(isMirror(identity.usage) ? withoutWaiting(cluster) : cluster, http1Of(view, name))
    },
  })
}

function withPolicies(cluster: Cluster, { backend }: ClusterIdentity, policies: Effective<BackendTrafficSettings> | undefined): Cluster {
  if (policies === undefined) return cluster
  const origins = originsOf([...cluster.origins, ...Object.values(policies.origins)])
  const { settings } = policies
  const traffic = backendTraffic(cluster.traffic, settings, `${backend.name}.${backend.namespace}`)
  return { ...cluster, traffic: { ...traffic, ...clusterStatistics(settings, backend) }, origins }
}

/** Nobody waits for an answer to a copy: those that a backend leaves lying would be held for ever, and the bodies of requests behind theirs. */
function withoutWaiting(cluster: Cluster): Cluster {
  const { limits, http } = cluster.traffic
  const bounded = { limits: { ...MIRROR_LIMITS, ...limits }, http: { ...http, maxStreamDurationMs: MIRROR_STREAM_DURATION_MS } }
  return { ...cluster, traffic: { ...cluster.traffic, ...bounded } }
}

function passing(cluster: Cluster, http1: Http1PassThrough | undefined): Cluster {
  if (http1 === undefined || cluster.protocol === 'tcp' || cluster.protocol === 'udp') return cluster
  return { ...cluster, traffic: { ...cluster.traffic, http: { ...cluster.traffic.http, http1 } } }
}

function toCluster(name: string, { usage }: ClusterIdentity, backend: UsableBackend, certificate: string | undefined): Cluster {
  const { addresses, traffic } = backend
  const tls = usage === 'passthrough' || usage === 'udp' ? undefined : backend.tls
  const ownCertificate = tls?.clientCertificate ?? certificate
  return {
    name,
    protocol: protocolOf(usage, backend),
    discovery: addresses.kind === 'dns' || addresses.kind === 'dynamic' ? addresses : { kind: 'endpoints' },
    ...(tls === undefined ? {} : { tls: { ...tls, ...(ownCertificate === undefined ? {} : { clientCertificate: ownCertificate }) } }),
    traffic: usage === 'tcp' || usage === 'passthrough' ? { ...traffic, loadBalancing: CONNECTION_BALANCING } : traffic,
    origins: originsOf(backend.origins),
  }
}

function protocolOf(usage: ClusterIdentity['usage'], { http }: UsableBackend): BackendProtocol {
  switch (requestUsage(usage)) {
    case 'http':
      return http.protocol === 'unsupported' ? 'http1' : http.protocol
    case 'grpc':
      return 'http2'
    case undefined:
      return usage === 'udp' ? 'udp' : 'tcp'
  }
}
