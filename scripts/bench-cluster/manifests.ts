/** What is put into the cluster: one Gateway, one backend, and routes with hostnames of their own. */
import type { JsonObject } from '../../src/k8s/kube-json.js'

/** The namespace of everything that a benchmark makes. */
export const NAMESPACE = 'headgate-bench'

/** The Gateway, and a backend with two Services: the second is for routes that change their backend. */
export function baseManifests(): readonly JsonObject[] {
  const labels = { app: 'backend' }
  const service = (name: string, port: number): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { selector: labels, ports: [{ name: 'http', port, targetPort: 3000 }] },
  })
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'backend', namespace: NAMESPACE },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'backend',
                image: 'registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0',
                imagePullPolicy: 'IfNotPresent',
                readinessProbe: { httpGet: { path: '/health', port: 3000 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    service('backend', 80),
    service('other', 81),
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'bench', namespace: NAMESPACE },
      spec: { gatewayClassName: 'headgate', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    },
  ]
}

/** The host of route `i`. */
export const hostOf = (i: number): string => `host-${i}.bench.example.com`

/** Route `i`: two rules, the second to a Service that does not exist, and a response header that says which version answers. */
export function routeManifest(
  i: number,
  version: string,
  backend: { readonly name: string; readonly port: number } = { name: 'backend', port: 80 },
): JsonObject {
  const header = { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-version', value: version }] } }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: `route-${i}`, namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: 'bench' }],
      hostnames: [hostOf(i)],
      rules: [
        { matches: [{ path: { type: 'PathPrefix', value: '/' } }], filters: [header], backendRefs: [backend] },
        { matches: [{ path: { type: 'PathPrefix', value: '/missing' } }], backendRefs: [{ name: 'missing', port: 80 }] },
      ],
    },
  }
}
