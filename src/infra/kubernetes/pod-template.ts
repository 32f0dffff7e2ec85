/** The pod of an Envoy: what the "restricted" Pod Security Standard asks for, and a life cycle that loses no request. */
import { hash } from 'node:crypto'
import { PER_CPU_CACHES } from '../../../envoy/allocator-caches.js'
import { printLocalZone } from '../../../envoy/local-zone.js'
import { DRAIN_KEY_HEADER } from '../../../envoy/pod-listener.js'
import { ADMIN_SOCKET } from '../../ir/admin-socket.js'
import type { GatewayInfra } from '../../ir/infra.js'
import { isJsonObject, type JsonObject } from '../../k8s/kube-json.js'
import { XDS_TOKEN_AUDIENCE } from '../../k8s/token-review.js'
import type { FleetPlace } from './fleet-place.js'
import { objectAnnotations, objectLabels, selectorLabels } from './labels.js'
import type { ProxySettings } from './proxy-settings.js'

/** Where things are within the pod. */
export const POD_PATHS = {
  /** The ConfigMap. Envoy watches the folder: a new authority arrives without a restart. */
  config: '/etc/headgate',
  bootstrap: '/etc/headgate/bootstrap.json',
  authority: '/etc/headgate/ca.crt',
  authoritySecret: '/etc/headgate/authority.json',
  tokenSecret: '/etc/headgate/token.json',
  tokenFolder: '/var/run/secrets/headgate',
  token: '/var/run/secrets/headgate/token',
  /** Writable, in memory: Envoy's admin sockets. */
  run: '/var/run/envoy',
  adminSocket: `/var/run/envoy/${ADMIN_SOCKET}` as string,
} as const

/** The name of the port of probes, the drain hook and metrics. */
const POD_PORT_NAME = 'metrics'

const POD_PORT = 64_001
/** Ports from `POD_PORT` on of which each fleet on the network of nodes has one. */
const NODE_PORTS = 1_000
const USER = 65_532

/** After the drain hook, Envoy needs a moment to end; after that the kubelet ends it. */
const GRACE_AFTER_DRAIN_SECONDS = 10

/** The kubelet renews the token when 80 % of this are over. */
const TOKEN_SECONDS = 3_600

/**
 * The pod's own port: one that no listener of the Gateway uses. On the network of nodes it depends on the name of the fleet, so that two
 * can be on one node.
 */
export function podPort({ ports }: Pick<GatewayInfra, 'ports'>, { key }: Pick<FleetPlace, 'key'>, { podSpec }: ProxySettings): number {
  const taken = new Set(ports.map(({ boundPort }) => boundPort))
  let port = POD_PORT + (podSpec.hostNetwork === true ? hash('sha256', key, 'buffer').readUInt32BE() % NODE_PORTS : 0)
  while (taken.has(port)) port++
  return port
}

/** What pods have of the bootstrap that they start with. */
export interface PodStart {
  /** Changes when pods must be replaced because their bootstrap has changed. */
  readonly bootstrapHash: string
  /** Of this bootstrap. */
  readonly drainKey: string
}

/** The template of the pods. */
export function podTemplate(
  infra: GatewayInfra,
  place: FleetPlace,
  settings: ProxySettings,
  { bootstrapHash, drainKey }: PodStart,
): JsonObject {
  const annotations = objectAnnotations(place.key, infra, { ...settings.podAnnotations, 'headgate.dev/bootstrap': bootstrapHash })
  return {
    metadata: { labels: { ...settings.podLabels, ...objectLabels(infra) }, annotations },
    spec: {
      ...settings.podSpec,
      ...spread(infra, settings),
      // The controller is found by a name that the resolver of a node does not know.
      ...(settings.podSpec.hostNetwork === true ? { dnsPolicy: 'ClusterFirstWithHostNet' } : {}),
      serviceAccountName: place.names.serviceAccount,
      // Only the token for the controller is mounted: an Envoy that is taken over cannot talk to the API server.
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: settings.drain.maximumSeconds + GRACE_AFTER_DRAIN_SECONDS,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
        ...lowPorts(settings),
      },
      containers: [envoyContainer(infra, place, settings, drainKey)],
      volumes: [
        { name: 'config', configMap: { name: place.name } },
        {
          name: 'token',
          projected: {
            sources: [{ serviceAccountToken: { path: 'token', audience: XDS_TOKEN_AUDIENCE, expirationSeconds: TOKEN_SECONDS } }],
          },
        },
        { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
      ],
    },
  }
}

function envoyContainer(infra: GatewayInfra, place: FleetPlace, settings: ProxySettings, drainKey: string): JsonObject {
  const { maximumSeconds } = settings.drain
  return {
    name: 'envoy',
    image: settings.image,
    imagePullPolicy: 'IfNotPresent',
    args: [
      ...['--config-path', POD_PATHS.bootstrap],
      // The ConfigMap is the same for all pods; each pod has a name of its own.
      ...['--service-node', '$(POD_NAMESPACE)/$(POD_NAME)'],
      // So has each a zone, which the API server writes on pods (since Kubernetes 1.35); empty where it does not.
      ...['--config-yaml', printLocalZone('$(POD_ZONE)')],
      ...['--log-level', settings.logLevel],
      ...componentLevels(settings.logLevels),
      ...(settings.concurrency === undefined ? [] : ['--concurrency', String(settings.concurrency)]),
      // Connections are asked to leave over the time that the drain hook takes.
      ...['--drain-time-s', String(maximumSeconds), '--drain-strategy', 'immediate'],
      '--disable-hot-restart',
    ],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } } },
      { name: 'POD_ZONE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } } },
      ...(settings.hasPerCpuCaches ? [PER_CPU_CACHES] : []),
    ],
    ports: [
      ...namedPorts(infra, settings).map(({ name, boundPort, protocol }) => ({ name, containerPort: boundPort, protocol })),
      { name: POD_PORT_NAME, containerPort: podPort(infra, place, settings), protocol: 'TCP' },
    ],
    resources: settings.resources,
    // Ready is true only with a complete configuration: before, Envoy does not open the port. There is no liveness probe: an Envoy
    // that waits for a controller that is away is alive, and one that hangs is ended by its own watchdog.
    readinessProbe: {
      httpGet: { path: '/ready', port: POD_PORT_NAME, scheme: 'HTTP' },
      periodSeconds: 2,
      failureThreshold: 2,
      timeoutSeconds: 2,
    },
    lifecycle: {
      preStop: {
        httpGet: {
          path: drainPath(settings.drain),
          port: POD_PORT_NAME,
          scheme: 'HTTP',
          httpHeaders: [{ name: DRAIN_KEY_HEADER, value: drainKey }],
        },
      },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'config', mountPath: POD_PATHS.config, readOnly: true },
      { name: 'token', mountPath: POD_PATHS.tokenFolder, readOnly: true },
      { name: 'run', mountPath: POD_PATHS.run },
    ],
  }
}

/** Kubernetes counts this setting among the safe ones, but for pods that share the network of their node. */
function lowPorts({ bindsLowPorts, podSpec }: ProxySettings): JsonObject {
  return bindsLowPorts && podSpec.hostNetwork !== true ? { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] } : {}
}

function drainPath({ minimumSeconds, maximumSeconds, healthCheckFailureDelaySeconds }: ProxySettings['drain']): string {
  const path = `/drain?minimum=${minimumSeconds}&maximum=${maximumSeconds}`
  // A path that says what goes without saying would replace pods.
  return healthCheckFailureDelaySeconds === 0 ? path : `${path}&unready=${healthCheckFailureDelaySeconds}`
}

function componentLevels(levels: Readonly<Record<string, string>>): readonly string[] {
  const all = Object.entries(levels).map(([component, level]) => `${component}:${level}`)
  return all.length === 0 ? [] : ['--component-log-level', all.sort().join(',')]
}

/**
 * Only where pods take ports of their node, so that the scheduler keeps two of them apart. Elsewhere they would say nothing, and a
 * template that changes replaces the pods: listeners come and go without that.
 */
function namedPorts({ ports }: GatewayInfra, { podSpec }: ProxySettings): GatewayInfra['ports'] {
  return podSpec.hostNetwork === true ? ports : []
}

/** A constraint is about the Envoys of the Gateway where it selects no others: a class cannot name them, and without a selector it would be about no pod. */
function spread(infra: GatewayInfra, { podSpec }: ProxySettings): JsonObject {
  const constraints = podSpec.topologySpreadConstraints
  // Then Kubernetes spreads them over nodes, and over zones where there are some.
  if (!Array.isArray(constraints)) return {}
  const labelSelector = { matchLabels: selectorLabels(infra) }
  const all: readonly unknown[] = constraints
  return { topologySpreadConstraints: all.map((each) => (isJsonObject(each) ? { labelSelector, ...each } : each)) }
}
