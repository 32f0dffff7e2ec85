/** What is put into the cluster: one Gateway, one backend with several Services, and routes with hostnames of their own. */
import type { JsonObject } from '../../src/k8s/kube-json.js'

/** The namespace of everything that a benchmark makes. */
export const NAMESPACE = 'headgate-bench'

/** A backend of a route. */
export interface BackendRef {
  readonly name: string
  readonly port: number
}

/** The backend of every route that says nothing else. */
export const BACKEND: BackendRef = { name: 'backend', port: 80 }

/** The Service that flips turn to and back from. */
export const OTHER: BackendRef = { name: 'other', port: 81 }

/** Services that no route names until a flip turns to them: each is a new cluster to an Envoy. */
export const FRESH: readonly BackendRef[] = Array.from({ length: 50 }, (_, i) => ({ name: `fresh-${i}`, port: 80 }))

/** A Service whose endpoints are written by the benchmark. */
const CHURNING: BackendRef = { name: 'churning', port: 80 }

/** The Service that was made for flip `i`. */
export const passing = (i: number): BackendRef => ({ name: `passing-${i}`, port: 80 })

/** The host of route `i`. */
export const hostOf = (i: number): string => `host-${i}.bench.example.com`

/** The name of route `i`. */
export const routeName = (i: number): string => `route-${i}`

const labels = { app: 'backend' }

/** The backend: two pods, which go on for a moment after they were told to end, as every careful Deployment does. */
export function backendManifests(): readonly JsonObject[] {
  const container = {
    name: 'backend',
    image: 'registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0',
    imagePullPolicy: 'IfNotPresent',
    readinessProbe: { httpGet: { path: '/health', port: 3000 }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  }
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'backend', namespace: NAMESPACE },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
    },
    ...[BACKEND, OTHER, ...FRESH].map(service),
    ownService(CHURNING, [])[0],
    churningEndpoints(0),
  ]
}

/** The Gateway, with a listener for the routes; ListenerSets may bring more. */
export function gatewayManifest(gatewayClassName: string, hasListenerSets: boolean): JsonObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'bench', namespace: NAMESPACE },
    spec: {
      gatewayClassName,
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
      ...(hasListenerSets ? { allowedListeners: { namespaces: { from: 'Same' } } } : {}),
    },
  }
}

/** Route `i`: its own host, one backend, and a response header that says which version of it answers. */
export function routeManifest(i: number, version: string, backend: BackendRef = BACKEND): JsonObject {
  const header = { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-version', value: version }] } }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: routeName(i), namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: 'bench' }],
      hostnames: [hostOf(i)],
      rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], filters: [header], backendRefs: [backend] }],
    },
  }
}

/** The endpoints of the churning Service in their version `i`: two addresses, of which one changes. Nobody sends requests there. */
export function churningEndpoints(i: number): JsonObject {
  return endpointSlice(CHURNING, ['10.244.3.1', `10.244.3.${2 + (i % 200)}`])
}

/** A Service whose endpoints are written beside it: it serves at once, whatever else the cluster has to do. */
export function ownService({ name, port }: BackendRef, addresses: readonly string[]): readonly [JsonObject, JsonObject] {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { ports: [{ name: 'http', port, targetPort: 3000 }] },
  }
  return [service, endpointSlice({ name, port }, addresses)]
}

/** The name of the endpoints that {@link ownService} writes. */
export const sliceName = (service: BackendRef): string => `${service.name}-1`

function endpointSlice(service: BackendRef, addresses: readonly string[]): JsonObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: sliceName(service), namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': service.name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 3000, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  }
}

function service({ name, port }: BackendRef): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { selector: labels, ports: [{ name: 'http', port, targetPort: 3000 }] },
  }
}
