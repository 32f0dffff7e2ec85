/** Objects for measurements: N HTTPRoutes with own hostnames, N Services, one Gateway with HTTP and HTTPS. */
import type { Change, KubeObject } from '../../src/provider/provider.js'
import { objectKey } from '../../src/util/object-ref.js'

const CREATED = '2026-01-01T00:00:00Z'

/** A change that sets an object. Objects are as a provider hands them over: defaulted. */
export function change(object: KubeObject): Change {
  return { kind: object.kind, key: objectKey(object.metadata.namespace, object.metadata.name), object }
}

/** The class, a namespace, a Gateway with two listeners and its certificate. */
export function gatewayObjects(certificate: { readonly certificate: string; readonly privateKey: string }): readonly KubeObject[] {
  const allowedRoutes = { namespaces: { from: 'All' } }
  return [
    object('GatewayClass', 'gateway.networking.k8s.io/v1', '', 'headgate', { spec: { controllerName: 'headgate.dev/gateway-controller' } }),
    object('Namespace', 'v1', '', 'bench', {}),
    certificateObject(certificate, 1),
    object('Gateway', 'gateway.networking.k8s.io/v1', 'bench', 'gw', {
      spec: {
        gatewayClassName: 'headgate',
        allowedListeners: { namespaces: { from: 'Same' } },
        listeners: [
          { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes },
          {
            name: 'https',
            port: 443,
            protocol: 'HTTPS',
            hostname: '*.secure.example.com',
            tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: 'certificate' }] },
            allowedRoutes,
          },
        ],
      },
    }),
  ]
}

/** The Secret of the HTTPS listener. */
export function certificateObject(pair: { readonly certificate: string; readonly privateKey: string }, version: number): KubeObject {
  const data = { 'tls.crt': base64(pair.certificate), 'tls.key': base64(pair.privateKey) }
  return object('Secret', 'v1', 'bench', 'certificate', { type: 'kubernetes.io/tls', data }, version)
}

/** Route `i`: its own hostname, two rules, a response header, Service `i`. */
export function routeObject(i: number, generation = 1): KubeObject {
  return routeWith(i, generation, { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: backendRefs(i) })
}

/** The same, but its second rule redirects to `edit-<edit>.example.com`: whoever asks sees at once which version is running. */
export function redirectRouteObject(i: number, edit: number): KubeObject {
  const requestRedirect = { hostname: `edit-${edit}.example.com`, statusCode: 302 }
  const filters = [{ type: 'RequestRedirect', requestRedirect }]
  return routeWith(i, edit + 1, { matches: [{ path: { type: 'PathPrefix', value: '/' } }], filters })
}

function backendRefs(i: number): readonly object[] {
  return [{ group: '', kind: 'Service', name: `service-${i}`, port: 80, weight: 1 }]
}

function routeWith(i: number, generation: number, secondRule: object): KubeObject {
  const header = { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-generation', value: String(generation) }] } }
  return object(
    'HTTPRoute',
    'gateway.networking.k8s.io/v1',
    'bench',
    `route-${i}`,
    {
      spec: {
        parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw', sectionName: 'http' }],
        hostnames: [`host-${i}.example.com`],
        rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/a' } }], filters: [header], backendRefs: backendRefs(i) }, secondRule],
      },
    },
    generation,
  )
}

/** Service `i`. */
export function serviceObject(i: number): KubeObject {
  return object('Service', 'v1', 'bench', `service-${i}`, {
    spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] },
  })
}

/** The endpoints of Service `i`; `version` decides the last byte of an address. */
export function endpointsObject(i: number, version = 1): KubeObject {
  return object('EndpointSlice', 'discovery.k8s.io/v1', 'bench', `service-${i}-x`, {
    metadata: { labels: { 'kubernetes.io/service-name': `service-${i}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: [`10.${(i >> 8) & 255}.${i & 255}.${version & 255}`], conditions: { ready: true, serving: true, terminating: false } },
    ],
  })
}

/** A policy about route `i`. */
export function policyObject(i: number): KubeObject {
  return object('BackendTrafficPolicy', 'headgate.dev/v1alpha1', 'bench', `policy-${i}`, {
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: `route-${i}` }],
      mergeType: 'Merge',
      timeouts: { request: '7s' },
    },
  })
}

/** ListenerSet `i`: an HTTPS listener with a host of its own, on the port of the Gateway and with its certificate. */
export function listenerSetObject(i: number): KubeObject {
  return object('ListenerSet', 'gateway.networking.k8s.io/v1', 'bench', `set-${i}`, {
    spec: {
      parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' },
      listeners: [
        {
          name: 'https',
          port: 443,
          protocol: 'HTTPS',
          hostname: `set-${i}.sets.example.com`,
          tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: 'certificate' }] },
          allowedRoutes: { namespaces: { from: 'Same' } },
        },
      ],
    },
  })
}

/** The route of ListenerSet `i`. */
export function setRouteObject(i: number): KubeObject {
  return object('HTTPRoute', 'gateway.networking.k8s.io/v1', 'bench', `set-route-${i}`, {
    spec: {
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'ListenerSet', name: `set-${i}` }],
      rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: backendRefs(0) }],
    },
  })
}

function object(
  kind: string,
  apiVersion: string,
  namespace: string,
  name: string,
  rest: Record<string, unknown>,
  generation = 1,
): KubeObject {
  const { metadata, ...body } = rest
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid: `${kind}-${name}`, generation, creationTimestamp: CREATED, ...(metadata as object | undefined) },
    ...body,
  } as KubeObject
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
