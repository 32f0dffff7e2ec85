/** What is put into the API server: a Gateway, routes with hosts of their own, and Services with endpoints that no pod is behind. */
import type { JsonObject } from '../../src/k8s/kube-json.js'
import { type BackendRef, NAMESPACE, routeManifest } from '../bench-cluster/manifests.js'

/** The group of the proxies of the Gateway. */
export const GROUP: string = `${NAMESPACE}/bench`

/** A host that whoever has all configuration knows: its Service has no endpoints, so it answers 503 at once. */
export const LAST_HOST = 'last.bench.example.com'
const LAST_BACKEND: BackendRef = { name: 'last', port: 80 }

/** Namespace, class, Gateway with one listener, and the Service of `LAST_HOST`. */
export function gatewayManifests(port: number): readonly JsonObject[] {
  const apiVersion = 'gateway.networking.k8s.io/v1'
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion, kind: 'GatewayClass', metadata: { name: 'headgate' }, spec: { controllerName: 'headgate.dev/gateway-controller' } },
    {
      apiVersion,
      kind: 'Gateway',
      metadata: { name: 'bench', namespace: NAMESPACE },
      spec: {
        gatewayClassName: 'headgate',
        listeners: [{ name: 'http', port, protocol: 'HTTP' }],
        allowedListeners: { namespaces: { from: 'Same' } },
      },
    },
    serviceManifest(LAST_BACKEND),
  ]
}

/** The Service of route `i` where each has its own. */
export function ownBackend(i: number): BackendRef {
  return { name: `service-${i}`, port: 80 }
}

/** A Service without a selector. */
export function serviceManifest({ name, port }: BackendRef): JsonObject {
  const ports = [{ name: 'http', port, targetPort: 8080 }]
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE }, spec: { ports } }
}

/** Its endpoints; `version` decides about the last byte of an address. Nobody sends requests there. */
export function endpointsManifest({ name }: BackendRef, i: number, version: number): JsonObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: [`10.${100 + (i >> 8)}.${i & 255}.${1 + (version % 200)}`], conditions: { ready: true } }],
  }
}

/** The route of `LAST_HOST`, under a number that no other route has. */
export function lastRouteManifest(i: number): JsonObject {
  const route = routeManifest(i, '1', LAST_BACKEND)
  return { ...route, spec: { ...(route.spec as JsonObject), hostnames: [LAST_HOST] } }
}
