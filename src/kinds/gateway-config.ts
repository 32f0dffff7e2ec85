/** GatewayConfig (headgate.dev): how the Envoys of Gateways run. Named by the `parametersRef` of a GatewayClass or of a Gateway. */
import type { GatewayAutoscaling, GatewayConfigSpec } from '../gen/kinds.js'
import { boolean, int32, list, mapOf, object, oneOf, optional, required, rule, string, unknown } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { jsonPatchOperation } from './envoy-patch-policy.js'
import { accessLog, metrics, tracing } from './gateway-telemetry.js'

const seconds = int32({ minimum: 0, maximum: 3600 })
const texts = mapOf(string({ maxLength: 4096 }), { maxProperties: 64 })

const logLevel = oneOf(['trace', 'debug', 'info', 'warn', 'error', 'critical', 'off'], { name: 'EnvoyLogLevel' })

const drain: ObjectSchema = object('GatewayDrain', 'How an Envoy that ends says good-bye.', {
  minimumSeconds: optional(seconds, 'It goes on accepting connections for so long: load balancers notice with a delay.'),
  maximumSeconds: optional(seconds, 'It waits at most so long for its clients to finish.'),
  healthCheckFailureDelaySeconds: optional(
    seconds,
    'It stays ready for so long while it already asks clients to leave, for load balancers that cut connections to what is unready; 0 when left out.',
  ),
})

const service: ObjectSchema = object('GatewayService', 'The Service in front of the Envoys.', {
  type: optional(oneOf(['LoadBalancer', 'ClusterIP', 'NodePort'], { name: 'GatewayServiceType' }), 'Its type; LoadBalancer when left out.'),
  annotations: optional(texts, 'Annotations, such as those that a load balancer of a cloud reads.'),
  externalTrafficPolicy: optional(
    oneOf(['Cluster', 'Local'], { name: 'TrafficPolicy' }),
    'As in a Service: `Local` keeps client addresses.',
  ),
  internalTrafficPolicy: optional(oneOf(['Cluster', 'Local'], { name: 'TrafficPolicy' }), 'As in a Service.'),
  trafficDistribution: optional(string({ maxLength: 63 }), 'As in a Service, such as `PreferSameZone`.'),
  loadBalancerClass: optional(string({ maxLength: 253 }), 'As in a Service.'),
  loadBalancerSourceRanges: optional(list(string({ maxLength: 43 }), { maxItems: 64 }), 'As in a Service: who may connect.'),
  allocateLoadBalancerNodePorts: optional(boolean(), 'As in a Service.'),
  ipFamilyPolicy: optional(oneOf(['SingleStack', 'PreferDualStack', 'RequireDualStack'], { name: 'IPFamilyPolicy' }), 'As in a Service.'),
  ipFamilies: optional(list(oneOf(['IPv4', 'IPv6'], { name: 'IPFamily' }), { maxItems: 2 }), 'As in a Service.'),
  sessionAffinity: optional(oneOf(['None', 'ClientIP'], { name: 'SessionAffinity' }), 'As in a Service.'),
})

const NAME = '^[a-z]([-a-z0-9]*[a-z0-9])?$'
const objectName = string({ minLength: 1, maxLength: 63, pattern: NAME })

const names: ObjectSchema = object(
  'GatewayNames',
  'Names of what is made for a Gateway, instead of `headgate-<gateway>`. What exists is never taken over: not what somebody else made, and not what another Gateway has.',
  {
    workload: optional(
      string({ minLength: 1, maxLength: 47, pattern: NAME }),
      'Of the Deployment or DaemonSet; its pods have names that begin so.',
    ),
    service: optional(objectName, 'Of the Service. One of another name gets another address.'),
    serviceAccount: optional(objectName, 'Of the ServiceAccount.'),
    autoscaler: optional(objectName, 'Of the HorizontalPodAutoscaler.'),
    disruptionBudget: optional(objectName, 'Of the PodDisruptionBudget.'),
  },
)

const autoscaling: ObjectSchema = object(
  'GatewayAutoscaling',
  'A HorizontalPodAutoscaler for the Envoys; `replicas` is then its business.',
  {
    minReplicas: optional(int32({ minimum: 1 }), 'At least so many Envoys; 1 when left out.'),
    maxReplicas: optional(
      int32({ minimum: 1 }),
      'At most so many Envoys; nothing is scaled where neither the class nor the Gateway says it.',
    ),
    targetCPUUtilizationPercentage: optional(int32({ minimum: 1 }), 'The CPU use to aim at, in percent of what is requested.'),
    targetMemoryUtilizationPercentage: optional(int32({ minimum: 1 }), 'The memory use to aim at, in percent of what is requested.'),
    metrics: optional(list(unknown(), { maxItems: 16 }), 'Further metrics, as in a HorizontalPodAutoscaler.'),
    behavior: optional(unknown(), 'How fast to scale, as in a HorizontalPodAutoscaler.'),
  },
  {
    rules: [
      rule<GatewayAutoscaling>(
        'min-not-above-max',
        '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
        'minReplicas must not be greater than maxReplicas',
        (self) => self.minReplicas === undefined || self.maxReplicas === undefined || self.minReplicas <= self.maxReplicas,
      ),
    ],
  },
)

const patch: ObjectSchema = object('GatewayPatch', 'A strategic-merge patch on one of the objects that are made for a Gateway.', {
  kind: required(
    oneOf(['ServiceAccount', 'ConfigMap', 'Deployment', 'DaemonSet', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'], {
      name: 'PatchedKind',
    }),
    'The kind of the object.',
  ),
  value: required(unknown(), 'What differs, in the shape of the object.'),
})

const bootstrap: ObjectSchema = object(
  'GatewayBootstrap',
  'Changes of the file that an Envoy starts with (Envoy `Bootstrap`, as ProtoJSON). Where the result is none, or would take the Envoys away from their controller, nothing of it is changed, and the Gateway says so.',
  {
    merge: optional(
      unknown(),
      'Put over it: objects are put together, lists become longer, everything else takes the place of what was there.',
    ),
    jsonPatches: optional(list(jsonPatchOperation, { maxItems: 64 }), 'Operations of JSON Patch, after that.'),
  },
)

const spec: ObjectSchema = object(
  'GatewayConfigSpec',
  'How the Envoys run.',
  {
    image: optional(string({ minLength: 1, maxLength: 512 }), 'The image of Envoy; that of the controller when left out.'),
    workload: optional(
      oneOf(['Deployment', 'DaemonSet'], { name: 'GatewayWorkload' }),
      'What runs the Envoys; a Deployment when left out.',
    ),
    replicas: optional(
      int32({ minimum: 0 }),
      'How many Envoys a Deployment has. When left out, one at first, and then as many as others scale it to: an autoscaler of yours, `kubectl scale`.',
    ),
    resources: optional(unknown(), 'Requests and limits, as in a container.'),
    logLevel: optional(logLevel, 'How much Envoy logs about itself; `warn` when left out.'),
    logLevels: optional(
      mapOf(logLevel, { maxProperties: 64 }),
      'The same for single parts of it, by the names that Envoy has for them, such as `upstream`, `http2` or `ext_authz`.',
    ),
    metrics: optional(metrics, 'What the Envoys count, and who is told.'),
    maxConnections: optional(
      int32({ minimum: 1 }),
      'Client connections that one Envoy accepts; further ones are refused rather than memory exhausted. 50000 when left out.',
    ),
    accessLogs: optional(
      list(accessLog, { maxItems: 8 }),
      'What is written about requests, connections and handshakes. When left out, JSON on standard output about those that went wrong; nothing when empty.',
    ),
    tracing: optional(tracing, 'Which requests are traced; none when left out.'),
    concurrency: optional(int32({ minimum: 1, maximum: 256 }), 'Worker threads of an Envoy; one per CPU when left out.'),
    allocatorCaches: optional(
      oneOf(['PerThread', 'PerCPU'], { name: 'AllocatorCaches' }),
      'With whom an Envoy keeps freed memory for the next request; its threads when left out. `PerCPU` takes less processor time for each request and up to 1.5 MiB more for each CPU of the node. It is only for nodes with Linux before 6.19, or with its fix of May 2026 for TCMalloc: in between, memory of an Envoy gets overwritten.',
    ),
    drain: optional(drain, 'How an Envoy that ends says good-bye.'),
    service: optional(service, 'The Service in front of the Envoys.'),
    useListenerPortAsContainerPort: optional(
      boolean(),
      'Envoys bind the ports of listeners themselves, also those below 1024, rather than ports that are 10000 higher. Say it before the Gateway serves anybody: Envoys that run without it cannot bind such ports, and until they are replaced requests fail. With `hostNetwork`, the nodes must allow it.',
    ),
    names: optional(names, 'Names of what is made.'),
    autoscaling: optional(autoscaling, 'Scales the Envoys with their load.'),
    disruptionBudget: optional(unknown(), 'The spec of a PodDisruptionBudget, without its selector.'),
    affinity: optional(unknown(), 'As in a pod.'),
    nodeSelector: optional(texts, 'As in a pod.'),
    tolerations: optional(list(unknown(), { maxItems: 64 }), 'As in a pod.'),
    topologySpreadConstraints: optional(
      list(unknown(), { maxItems: 16 }),
      'As in a pod; one without `labelSelector` is about the Envoys of the Gateway. When left out, Kubernetes spreads several Envoys over nodes and zones.',
    ),
    priorityClassName: optional(string({ maxLength: 253 }), 'As in a pod.'),
    imagePullSecrets: optional(list(unknown(), { maxItems: 16 }), 'As in a pod.'),
    hostNetwork: optional(boolean(), 'As in a pod.'),
    podLabels: optional(texts, 'Further labels of the pods.'),
    podAnnotations: optional(texts, 'Further annotations of the pods.'),
    mergeGateways: optional(
      oneOf(['SharedAddress', 'OwnAddresses'], { name: 'GatewayMerging' }),
      'All Gateways of the class share one fleet of Envoys, in the namespace of the controller; only in the GatewayConfig of a GatewayClass. `SharedAddress`: one Service and its addresses for all, so that their listeners share ports and the older Gateway wins conflicts. `OwnAddresses`: a Service for each Gateway.',
    ),
    mergeType: optional(
      oneOf(['Merge', 'Replace'], { name: 'GatewayConfigMergeType' }),
      'In the GatewayConfig of a Gateway: whether what it leaves out comes from that of the class, field by field, or from nowhere. `Merge` when left out.',
    ),
    bootstrap: optional(bootstrap, 'Changes of the file that an Envoy starts with; pods are replaced one after the other.'),
    patches: optional(list(patch, { maxItems: 32 }), 'For what nothing above says: changes to the objects that are made.'),
  },
  {
    rules: [
      rule<GatewayConfigSpec>(
        'daemonset-has-no-replicas',
        "!(has(self.workload) && self.workload == 'DaemonSet' && (has(self.replicas) || has(self.autoscaling)))",
        'a DaemonSet has one Envoy per node: replicas and autoscaling go with a Deployment',
        (self) => !(self.workload === 'DaemonSet' && (self.replicas !== undefined || self.autoscaling !== undefined)),
      ),
    ],
  },
)

/** GatewayConfig: how the Envoys of Gateways run. */
export const gatewayConfig: KindDefinition = {
  kind: 'GatewayConfig',
  group: 'headgate.dev',
  versions: ['v1alpha1'],
  plural: 'gatewayconfigs',
  namespaced: true,
  hasGeneration: true,
  hasStatus: false,
  isOwn: true,
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  schema: object('GatewayConfig', 'How the Envoys of Gateways run: named by the parametersRef of a GatewayClass or of a Gateway.', {
    spec: required(spec, 'How the Envoys run.'),
  }),
}
