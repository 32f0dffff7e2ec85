/** Everything that a Gateway needs in the cluster, as the objects that we apply. */
import { createHash } from 'node:crypto'
import { printBootstrap } from '../../../envoy/bootstrap.js'
import { type ChangedBootstrap, changeBootstrap } from '../../../envoy/bootstrap-changes.js'
import { authoritySecret, tokenSecret } from '../../../envoy/xds-secrets.js'
import type { GatewayInfra, InfraService } from '../../ir/infra.js'
import type { JsonObject, RawMeta, RawObject } from '../../k8s/kube-json.js'
import type { BindAddresses } from './bind-addresses.js'
import { type FleetPlace, fleetPlace, serviceName } from './fleet-place.js'
import { GATEWAY_ANNOTATION, objectAnnotations, objectLabels, selectorLabels, serviceLabels } from './labels.js'
import { POD_PATHS, type PodStart, podPort, podTemplate } from './pod-template.js'
import { type ProxySettings, proxyBuild } from './proxy-settings.js'
import { serviceManifest } from './service.js'
import { objectAt, picked } from './setting-values.js'
import { strategicMerge } from './strategic-merge.js'

/** An object to apply. */
export interface Manifest extends RawObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: RawMeta & { readonly namespace: string }
}

/** Where the Envoys find the controller. */
export interface XdsEndpoint {
  /** A DNS name that the controller's certificate has. */
  readonly host: string
  readonly port: number
  /** The authorities that its certificate may be signed by, PEM. */
  readonly authorities: string
}

/** What the manifests are made from, beside the Gateways. */
export interface FleetOptions {
  /** `metadata.uid` of the owner: what is made goes when the owner goes. */
  readonly ownerUid: string
  /** The proxies' group: they get the same configuration. */
  readonly group: string
  /** The namespace of the controller, and of the fleets of classes. */
  readonly controllerNamespace: string
  readonly settings: ProxySettings
  /** What the Envoys bind. */
  readonly addresses: BindAddresses
  readonly xds: XdsEndpoint
  /** What the preStop hook shows, see `drainKey`. */
  readonly drainKey: string
}

/** The objects, in the order in which they are applied. A fleet without ports needs none. */
export function manifestsOf(infra: GatewayInfra, options: FleetOptions): readonly Manifest[] {
  if (infra.ports.length === 0) return []
  const { settings, drainKey } = options
  const place = fleetPlace(infra, options.controllerNamespace)
  const { text: bootstrap } = bootstrapOf(infra, options)
  const owned = (apiVersion: string, kind: string, content: JsonObject, name = place.name): Manifest => ({
    apiVersion,
    kind,
    metadata: { ...metadataOf(infra, place, options.ownerUid), name, annotations: objectAnnotations(place.key, infra) },
    ...content,
  })
  const manifests = [
    owned('v1', 'ServiceAccount', { automountServiceAccountToken: false }, place.names.serviceAccount),
    owned('v1', 'ConfigMap', {
      data: {
        'bootstrap.json': bootstrap,
        'ca.crt': options.xds.authorities,
        'authority.json': authoritySecret(POD_PATHS.authority),
        'token.json': tokenSecret(POD_PATHS.token),
      },
    }),
    ...infra.services.flatMap((service) => serviceOf(infra, place, service, options)),
    owned(
      'apps/v1',
      settings.workload,
      { spec: workloadSpec(infra, place, settings, { bootstrapHash: hashOf(bootstrap), drainKey }) },
      place.names.workload,
    ),
    ...autoscaler(place, settings).map((spec) => owned('autoscaling/v2', 'HorizontalPodAutoscaler', { spec }, place.names.autoscaler)),
    ...disruptionBudget(infra, settings).map((spec) => owned('policy/v1', 'PodDisruptionBudget', { spec }, place.names.disruptionBudget)),
  ]
  return manifests.map((manifest) => patched(manifest, infra, settings))
}

/** A Gateway without ports has no Service, and one that cannot be made as it is asked for stays what it is. */
function serviceOf(
  infra: GatewayInfra,
  place: FleetPlace,
  service: InfraService,
  { ownerUid, settings }: FleetOptions,
): readonly Manifest[] {
  if (service.ports.length === 0 || service.problem !== undefined) return []
  const metadata = metadataOf(infra, place, ownerUid)
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...metadata,
        name: serviceName(place, service),
        labels: serviceLabels(infra, service),
        annotations: objectAnnotations(place.key, service, settings.service.annotations),
      },
      spec: serviceManifest(infra, service, settings.service),
    },
  ]
}

function metadataOf(infra: GatewayInfra, { name, namespace }: FleetPlace, uid: string): Manifest['metadata'] {
  const { owner } = infra
  return {
    name,
    namespace,
    labels: objectLabels(infra),
    ownerReferences: [
      // Blocking the deletion of a class would need a right over the whole cluster.
      {
        apiVersion: `${owner.group}/v1`,
        kind: owner.kind,
        name: owner.name,
        uid,
        controller: true,
        blockOwnerDeletion: owner.kind === 'Gateway',
      },
    ],
  }
}

/** The file that the Envoys start with, and why it is not changed as it is asked for. */
export function bootstrapOf(infra: GatewayInfra, options: FleetOptions): ChangedBootstrap {
  const { group, xds, settings, addresses, drainKey } = options
  const port = podPort(infra, fleetPlace(infra, options.controllerNamespace), settings)
  const text = printBootstrap({
    // The pod's name takes the place of the id on the command line.
    node: { id: group, cluster: group, image: proxyBuild(settings) },
    xds: {
      host: xds.host,
      port: xds.port,
      tls: { authoritySecretFile: POD_PATHS.authoritySecret, serverName: xds.host, tokenSecretFile: POD_PATHS.tokenSecret },
    },
    adminSocketPath: POD_PATHS.adminSocket,
    podListener: { addresses, port, drainKey },
    metrics: settings.metrics,
    ...(settings.maxConnections === undefined ? {} : { maxConnections: settings.maxConnections }),
  })
  return changeBootstrap(text, settings.bootstrap)
}

function workloadSpec(infra: GatewayInfra, place: FleetPlace, settings: ProxySettings, started: PodStart): JsonObject {
  const isDaemonSet = settings.workload === 'DaemonSet'
  // A number that nobody asked us for would undo what an autoscaler, KEDA or an operator sets, every time.
  const isOurs = !isDaemonSet && settings.autoscaling === undefined && settings.replicas !== undefined
  const replicas = isOurs ? { replicas: settings.replicas } : {}
  return {
    ...replicas,
    selector: { matchLabels: selectorLabels(infra) },
    [isDaemonSet ? 'updateStrategy' : 'strategy']: { type: 'RollingUpdate', rollingUpdate: rollingUpdate(settings) },
    template: podTemplate(infra, place, settings, started),
  }
}

/** The new pod is ready before the old one goes. Two that take the same ports of a node cannot be there at once: each would wait for the other. */
function rollingUpdate({ workload, replicas = 1, autoscaling, podSpec }: ProxySettings): JsonObject {
  const overlapping = { maxSurge: 1, maxUnavailable: 0 }
  if (podSpec.hostNetwork !== true) return overlapping
  if (workload === 'DaemonSet') return { maxSurge: 0, maxUnavailable: 1 }
  // The only one stays until another node has the new one: better an old Envoy than none.
  return replicas > 1 || autoscaling !== undefined ? { maxSurge: 1, maxUnavailable: 1 } : overlapping
}

function autoscaler(place: FleetPlace, { autoscaling, workload }: ProxySettings): readonly JsonObject[] {
  if (autoscaling === undefined || workload === 'DaemonSet') return []
  const { minReplicas, maxReplicas, targetCpuPercent, targetMemoryPercent, metrics, behavior } = autoscaling
  const resource = (name: string, averageUtilization: number | undefined): readonly JsonObject[] =>
    averageUtilization === undefined ? [] : [{ type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } }]
  const all = [...resource('cpu', targetCpuPercent), ...resource('memory', targetMemoryPercent), ...metrics]
  return [
    {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: place.names.workload },
      minReplicas,
      maxReplicas,
      metrics: all.length > 0 ? all : resource('cpu', 80),
      ...(behavior === undefined ? {} : { behavior }),
    },
  ]
}

function disruptionBudget(infra: GatewayInfra, { disruptionBudget }: ProxySettings): readonly JsonObject[] {
  return disruptionBudget === undefined ? [] : [{ ...disruptionBudget, selector: { matchLabels: selectorLabels(infra) } }]
}

function patched(manifest: Manifest, infra: GatewayInfra, settings: ProxySettings): Manifest {
  const { apiVersion, kind, metadata } = manifest
  const merged = (settings.patches.get(kind) ?? []).reduce<JsonObject>(strategicMerge, manifest)
  // A patch may add labels; it may not move the object, set it free, or give it to another fleet.
  const { name, namespace, ownerReferences } = metadata
  const changed = objectAt(merged, 'metadata')
  // Values that are no text are refused by the API server, which says so.
  const labels = { ...objectAt(changed, 'labels'), ...selectorLabels(infra) } as Words
  const mark = picked(metadata.annotations, [GATEWAY_ANNOTATION])
  const annotations = { ...objectAt(changed, 'annotations'), ...mark } as Words
  return { ...merged, apiVersion, kind, metadata: { ...changed, name, namespace, ownerReferences, labels, annotations } }
}

type Words = Readonly<Record<string, string>>

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
