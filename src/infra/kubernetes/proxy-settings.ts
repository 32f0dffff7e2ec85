/** How the Envoys of a Gateway run: the values of its GatewayConfig objects over our defaults. */
import type { BootstrapChanges } from '../../../envoy/bootstrap-changes.js'
import type { ProxyMetrics } from '../../../envoy/metrics.js'
import { fieldAt, type JsonObject, listAt, stringAt } from '../../k8s/kube-json.js'
import type { PatchOperation } from '../../util/json-patch.js'
import { readMetrics } from './metrics-settings.js'
import { numberAt, objectAt, picked, stringsAt } from './setting-values.js'

/** Settings of a fleet. What is undefined is left to the cluster's own defaults. */
export interface ProxySettings {
  readonly image: string
  readonly workload: 'Deployment' | 'DaemonSet'
  /** Undefined: whoever scales the Deployment decides, and at first there is one. */
  readonly replicas: number | undefined
  readonly resources: JsonObject
  readonly logLevel: string
  /** Of single parts, by Envoy's names for them. */
  readonly logLevels: Readonly<Record<string, string>>
  readonly metrics: ProxyMetrics
  /** Client connections of one Envoy; undefined: the default of the bootstrap. */
  readonly maxConnections: number | undefined
  /** Worker threads; undefined is one per CPU of the node, or of the limit. */
  readonly concurrency: number | undefined
  /** Whether freed memory is kept with processors rather than with threads. */
  readonly hasPerCpuCaches: boolean
  readonly drain: {
    readonly minimumSeconds: number
    readonly maximumSeconds: number
    /** Ready for so long while clients are asked to leave. */
    readonly healthCheckFailureDelaySeconds: number
  }
  readonly service: ServiceSettings
  /** Whether the Envoys bind ports below 1024. */
  readonly bindsLowPorts: boolean
  readonly autoscaling: AutoscalingSettings | undefined
  readonly disruptionBudget: JsonObject | undefined
  /** Fields of a pod's spec that are passed on as they are. */
  readonly podSpec: JsonObject
  readonly podLabels: Readonly<Record<string, string>>
  readonly podAnnotations: Readonly<Record<string, string>>
  /** Of the file that an Envoy starts with. */
  readonly bootstrap: BootstrapChanges
  /** Strategic-merge patches, by the kind of object that they change. */
  readonly patches: ReadonlyMap<string, readonly JsonObject[]>
}

/** Settings of the Service. */
export interface ServiceSettings {
  readonly type: 'LoadBalancer' | 'ClusterIP' | 'NodePort'
  readonly annotations: Readonly<Record<string, string>>
  /** Fields of a Service's spec that are passed on as they are. */
  readonly spec: JsonObject
}

/** Settings of a HorizontalPodAutoscaler. */
export interface AutoscalingSettings {
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly targetCpuPercent: number | undefined
  readonly targetMemoryPercent: number | undefined
  readonly metrics: readonly unknown[]
  readonly behavior: JsonObject | undefined
}

/** An idle Envoy needs little, and a cluster has many Gateways; who expects load says so in a GatewayConfig. */
const DEFAULT_RESOURCES: JsonObject = { requests: { cpu: '25m', memory: '64Mi' } }

/** Load balancers need a few seconds to notice; clients with long requests get a minute. */
const DEFAULT_DRAIN = { minimumSeconds: 5, maximumSeconds: 60 }

const POD_FIELDS = [
  'affinity',
  'nodeSelector',
  'tolerations',
  'topologySpreadConstraints',
  'priorityClassName',
  'imagePullSecrets',
  'hostNetwork',
]

const SERVICE_FIELDS = [
  'externalTrafficPolicy',
  'internalTrafficPolicy',
  'trafficDistribution',
  'loadBalancerClass',
  'loadBalancerSourceRanges',
  'allocateLoadBalancerNodePorts',
  'ipFamilyPolicy',
  'ipFamilies',
  'sessionAffinity',
]

/**
 * Reads the settings. The schema of GatewayConfig has checked the values; a value of another type counts as missing.
 *
 * @param defaultImage Envoy's image where no configuration names one
 */
export function readProxySettings(config: Readonly<Record<string, unknown>>, defaultImage: string): ProxySettings {
  const drain = fieldAt(config, 'drain')
  return {
    image: proxyImage(config, defaultImage),
    workload: stringAt(config, 'workload') === 'DaemonSet' ? 'DaemonSet' : 'Deployment',
    replicas: numberAt(config, 'replicas'),
    resources: objectAt(config, 'resources') ?? DEFAULT_RESOURCES,
    logLevel: stringAt(config, 'logLevel') || 'warn',
    logLevels: stringsAt(config, 'logLevels'),
    metrics: readMetrics(fieldAt(config, 'metrics')),
    maxConnections: numberAt(config, 'maxConnections'),
    concurrency: numberAt(config, 'concurrency'),
    hasPerCpuCaches: stringAt(config, 'allocatorCaches') === 'PerCPU',
    drain: {
      minimumSeconds: numberAt(drain, 'minimumSeconds') ?? DEFAULT_DRAIN.minimumSeconds,
      maximumSeconds: numberAt(drain, 'maximumSeconds') ?? DEFAULT_DRAIN.maximumSeconds,
      healthCheckFailureDelaySeconds: numberAt(drain, 'healthCheckFailureDelaySeconds') ?? 0,
    },
    service: readService(fieldAt(config, 'service')),
    bindsLowPorts: bindsLowPorts(config),
    autoscaling: readAutoscaling(fieldAt(config, 'autoscaling')),
    disruptionBudget: objectAt(config, 'disruptionBudget'),
    podSpec: picked(config, POD_FIELDS),
    podLabels: stringsAt(config, 'podLabels'),
    podAnnotations: stringsAt(config, 'podAnnotations'),
    bootstrap: readBootstrap(fieldAt(config, 'bootstrap')),
    patches: readPatches(config),
  }
}

/**
 * The image of the Envoys alone.
 *
 * @param defaultImage where no configuration names one
 */
export function proxyImage(config: Readonly<Record<string, unknown>>, defaultImage: string): string {
  return stringAt(config, 'image') || defaultImage
}

/**
 * The image, and what else decides about what Envoys refuse: pods that may bind ports below 1024 do what those of the same image without that right
 * cannot.
 */
export function proxyBuild({ image, bindsLowPorts }: Pick<ProxySettings, 'image' | 'bindsLowPorts'>): string {
  return bindsLowPorts ? `${image} (low ports)` : image
}

/** True if the Envoys bind ports below 1024. */
export function bindsLowPorts(config: Readonly<Record<string, unknown>>): boolean {
  return config.useListenerPortAsContainerPort === true
}

function readBootstrap(bootstrap: unknown): BootstrapChanges {
  const merge = fieldAt(bootstrap, 'merge')
  // The schema has checked each of them.
  const operations = listAt(bootstrap, 'jsonPatches').map((each) => ({ path: '', ...(each as Partial<PatchOperation>) }) as PatchOperation)
  return { ...(merge === undefined ? {} : { merge }), operations }
}

function readService(service: unknown): ServiceSettings {
  const type = stringAt(service, 'type')
  return {
    type: type === 'ClusterIP' || type === 'NodePort' ? type : 'LoadBalancer',
    annotations: stringsAt(service, 'annotations'),
    spec: picked(service, SERVICE_FIELDS),
  }
}

function readAutoscaling(autoscaling: unknown): AutoscalingSettings | undefined {
  const maxReplicas = numberAt(autoscaling, 'maxReplicas')
  if (maxReplicas === undefined) return undefined
  return {
    minReplicas: numberAt(autoscaling, 'minReplicas') ?? 1,
    maxReplicas,
    targetCpuPercent: numberAt(autoscaling, 'targetCPUUtilizationPercentage'),
    targetMemoryPercent: numberAt(autoscaling, 'targetMemoryUtilizationPercentage'),
    metrics: listAt(autoscaling, 'metrics'),
    behavior: objectAt(autoscaling, 'behavior'),
  }
}

function readPatches(config: unknown): ReadonlyMap<string, readonly JsonObject[]> {
  const patches = new Map<string, JsonObject[]>()
  for (const patch of listAt(config, 'patches')) {
    const value = objectAt(patch, 'value')
    const kind = stringAt(patch, 'kind')
    if (value !== undefined) patches.set(kind, [...(patches.get(kind) ?? []), value])
  }
  return patches
}
