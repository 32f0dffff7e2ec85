/** Everything that a Gateway needs in the cluster, as the objects that we apply. */
import { createHash } from 'node:crypto'
import { printBootstrap } from '../../../envoy/bootstrap.js'
import { authoritySecret, tokenSecret } from '../../../envoy/xds-secrets.js'
import type { GatewayInfra } from '../../ir/infra.js'
import type { JsonObject, RawMeta, RawObject } from '../../k8s/kube-json.js'
import { objectAnnotations, objectLabels, selectorLabels } from './labels.js'
import { fleetName } from './names.js'
import { POD_PATHS, podPort, podTemplate } from './pod-template.js'
import type { ProxySettings } from './proxy-settings.js'
import { serviceManifest } from './service.js'
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

/** What the manifests are made from, beside the Gateway. */
export interface FleetOptions {
  /** `metadata.uid` of the Gateway: what is made goes when the Gateway goes. */
  readonly gatewayUid: string
  /** The proxies' group: they get the same configuration. */
  readonly group: string
  readonly settings: ProxySettings
  readonly xds: XdsEndpoint
}

/** The objects, in the order in which they are applied. A Gateway without ports needs none. */
export function manifestsOf(infra: GatewayInfra, options: FleetOptions): readonly Manifest[] {
  if (infra.ports.length === 0) return []
  const { settings } = options
  const bootstrap = bootstrapOf(infra, options)
  const owned = (apiVersion: string, kind: string, content: JsonObject, annotations?: Readonly<Record<string, string>>): Manifest => ({
    apiVersion,
    kind,
    metadata: { ...metadataOf(infra, options.gatewayUid), annotations: objectAnnotations(infra, annotations) },
    ...content,
  })
  const manifests = [
    owned('v1', 'ServiceAccount', { automountServiceAccountToken: false }),
    owned('v1', 'ConfigMap', {
      data: {
        'bootstrap.json': bootstrap,
        'ca.crt': options.xds.authorities,
        'authority.json': authoritySecret(POD_PATHS.authority),
        'token.json': tokenSecret(POD_PATHS.token),
      },
    }),
    owned('v1', 'Service', { spec: serviceManifest(infra, settings.service) }, settings.service.annotations),
    owned('apps/v1', settings.workload, { spec: workloadSpec(infra, settings, hashOf(bootstrap)) }),
    ...autoscaler(infra, settings).map((spec) => owned('autoscaling/v2', 'HorizontalPodAutoscaler', { spec })),
    ...disruptionBudget(infra, settings).map((spec) => owned('policy/v1', 'PodDisruptionBudget', { spec })),
  ]
  return manifests.map((manifest) => patched(manifest, settings))
}

function metadataOf({ gateway, ...infra }: GatewayInfra, uid: string): Manifest['metadata'] {
  return {
    name: fleetName(gateway.name),
    namespace: gateway.namespace,
    labels: objectLabels({ gateway, ...infra }),
    ownerReferences: [
      { apiVersion: `${gateway.group}/v1`, kind: 'Gateway', name: gateway.name, uid, controller: true, blockOwnerDeletion: true },
    ],
  }
}

function bootstrapOf(infra: GatewayInfra, { group, xds }: FleetOptions): string {
  return printBootstrap({
    // The pod's name takes the place of the id on the command line.
    node: { id: group, cluster: group },
    xds: {
      host: xds.host,
      port: xds.port,
      tls: { authoritySecretFile: POD_PATHS.authoritySecret, serverName: xds.host, tokenSecretFile: POD_PATHS.tokenSecret },
    },
    adminSocketPath: POD_PATHS.adminSocket,
    podListener: { address: '0.0.0.0', port: podPort(infra) },
  })
}

function workloadSpec(infra: GatewayInfra, settings: ProxySettings, bootstrapHash: string): JsonObject {
  const isDaemonSet = settings.workload === 'DaemonSet'
  // An autoscaler owns the number of replicas: who applies another one fights with it.
  const replicas = isDaemonSet || settings.autoscaling !== undefined ? {} : { replicas: settings.replicas }
  // The new pod is ready before the old one goes.
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 }
  return {
    ...replicas,
    selector: { matchLabels: selectorLabels(infra) },
    [isDaemonSet ? 'updateStrategy' : 'strategy']: { type: 'RollingUpdate', rollingUpdate },
    template: podTemplate(infra, settings, bootstrapHash),
  }
}

function autoscaler(infra: GatewayInfra, { autoscaling, workload }: ProxySettings): readonly JsonObject[] {
  if (autoscaling === undefined || workload === 'DaemonSet') return []
  const { minReplicas, maxReplicas, targetCpuPercent, targetMemoryPercent, metrics, behavior } = autoscaling
  const resource = (name: string, averageUtilization: number | undefined): readonly JsonObject[] =>
    averageUtilization === undefined ? [] : [{ type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } }]
  const all = [...resource('cpu', targetCpuPercent), ...resource('memory', targetMemoryPercent), ...metrics]
  return [
    {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: fleetName(infra.gateway.name) },
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

function patched(manifest: Manifest, settings: ProxySettings): Manifest {
  const { apiVersion, kind, metadata } = manifest
  const merged = (settings.patches.get(kind) ?? []).reduce<JsonObject>(strategicMerge, manifest)
  // A patch may add labels; it may not move the object or set it free.
  const { name, namespace, ownerReferences } = metadata
  const patchedMetadata = typeof merged.metadata === 'object' && merged.metadata !== null ? merged.metadata : {}
  return { ...merged, apiVersion, kind, metadata: { ...patchedMetadata, name, namespace, ownerReferences } }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
