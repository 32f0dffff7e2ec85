/** What does not change from one arbitrary world to the next: listeners, backends, and what leads to them. */
import { createAuthority } from '../support/certificates.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Grant, grantObject, type Listener, type Ref } from './objects.js'
import type { Target } from './references.js'

/** Backends of requests. Those of calls speak HTTP/2. */
export const BACKENDS = [
  { name: 'one', kind: 'h1' },
  { name: 'two', kind: 'h2c' },
  { name: 'three', kind: 'h2c' },
] as const
/** Backends that only get copies. */
export const MIRRORS = [
  { name: 'copy-one', kind: 'h1' },
  { name: 'copy-two', kind: 'h2c' },
] as const

const GATEWAY = { namespace: 'default', name: 'gw' } as const
/** In another namespace than the Gateway that it adds to. */
const SET = { kind: 'ListenerSet', namespace: 'team', name: 'more' } as const

/** The listeners. */
export const LISTENERS: readonly Listener[] = [
  { name: 'any', parent: GATEWAY, port: 80, protocol: 'HTTP', from: 'All' },
  { name: 'wild', parent: GATEWAY, port: 80, protocol: 'HTTP', hostname: '*.a.test', from: 'Same' },
  { name: 'exact', parent: GATEWAY, port: 80, protocol: 'HTTP', hostname: 'b.a.test', from: 'All' },
  { name: 'added', parent: SET, port: 80, protocol: 'HTTP', hostname: 'c.a.test', from: 'Same' },
  { name: 'other', parent: GATEWAY, port: 8080, protocol: 'HTTP', from: 'All' },
  { name: 'tls-wild', parent: GATEWAY, port: 443, protocol: 'HTTPS', hostname: '*.a.test', from: 'All' },
  { name: 'tls-exact', parent: GATEWAY, port: 443, protocol: 'HTTPS', hostname: 'b.a.test', from: 'Same' },
  { name: 'tls-other', parent: GATEWAY, port: 443, protocol: 'HTTPS', hostname: 'd.test', from: 'All' },
  { name: 'tls-any', parent: GATEWAY, port: 8443, protocol: 'HTTPS', from: 'All' },
  { name: 'tls-added', parent: SET, port: 8443, protocol: 'HTTPS', hostname: '*.b.a.test', from: 'All' },
]

const backendOf = (name: string): Target => ({ group: 'headgate.dev', kind: 'Backend', namespace: 'default', name, backend: name })

/** Everything that can be referred to. */
export const TARGETS: readonly Target[] = [
  ...[...BACKENDS, ...MIRRORS].map(({ name }) => backendOf(name)),
  { ...backendOf('two'), namespace: 'shop', name: 'far' },
  { group: '', kind: 'Service', namespace: 'shop', name: 'web', port: 8001, backend: 'one' },
  { group: '', kind: 'Service', namespace: 'shop', name: 'calls', port: 8001, backend: 'three' },
  { group: '', kind: 'Service', namespace: 'shop', name: 'copies', port: 8001, backend: 'copy-two' },
  { group: '', kind: 'Service', namespace: 'shop', name: 'idle', port: 8001, backend: undefined },
  { group: '', kind: 'Service', namespace: 'shop', name: 'odd', port: 8001, backend: 'one', otherProtocol: 'example.com/odd' },
]

/** Routes of the namespace `team` may refer to all Backends of `default`. */
export const GRANTS: readonly Grant[] = (['HTTPRoute', 'GRPCRoute'] as const).map((kind) => ({
  namespace: 'default',
  from: { kind, namespace: 'team' },
  to: { group: 'headgate.dev', kind: 'Backend' },
}))

/** A reference to a Backend. */
export function toBackend(name: string, namespace?: string): Ref {
  return { group: 'headgate.dev', kind: 'Backend', name, ...(namespace === undefined ? {} : { namespace }) }
}

/** A reference to a Service of the namespace `shop`. */
export function toService(name: string, port = 8001): Ref {
  return { group: '', kind: 'Service', name, namespace: 'shop', port }
}

/** Starts the backends. */
export function startBackends(): Promise<readonly TestBackend[]> {
  return Promise.all([...BACKENDS, ...MIRRORS].map(({ name, kind }) => startBackend(name, { kind })))
}

/** The objects. */
export async function surroundings(backends: readonly TestBackend[]): Promise<string> {
  const { certificate, privateKey } = await (await createAuthority()).issue({ dns: ['*.test'] })
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const objects = [
    ...['shop', 'team'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...['default', 'team'].map((namespace) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: 'certificate' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(certificate), 'tls.key': base64(privateKey) },
    })),
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: GATEWAY,
      spec: { gatewayClassName: 'headgate', allowedListeners: { namespaces: { from: 'All' } }, listeners: listenerObjects(GATEWAY) },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'ListenerSet',
      metadata: { namespace: SET.namespace, name: SET.name },
      spec: { parentRef: GATEWAY, listeners: listenerObjects(SET) },
    },
    ...GRANTS.map((each, at) => grantObject(each, `for-team-${at}`)),
    ...TARGETS.flatMap((target) => targetObjects(target, backends.find(({ name }) => name === target.backend)?.port ?? 1)),
  ]
  return objects.map((each) => JSON.stringify(each)).join('\n---\n')
}

function listenerObjects(of: Listener['parent']): readonly object[] {
  return LISTENERS.filter(({ parent }) => parent === of).map(({ parent: _, from, ...each }) => ({
    ...each,
    allowedRoutes: { namespaces: { from } },
    ...(each.protocol === 'HTTPS' ? { tls: { certificateRefs: [{ name: 'certificate' }] } } : {}),
  }))
}

function targetObjects({ kind, namespace, name, port, backend, otherProtocol }: Target, at: number): readonly object[] {
  const isH2c = [...BACKENDS, ...MIRRORS].some((each) => each.name === backend && each.kind === 'h2c')
  const metadata = { namespace, name }
  if (kind === 'Backend') {
    const spec = { endpoints: [{ ip: { address: '127.0.0.1', port: at } }], ...(isH2c ? { appProtocols: ['kubernetes.io/h2c'] } : {}) }
    return [{ apiVersion: 'headgate.dev/v1alpha1', kind, metadata, spec }]
  }
  const appProtocol = otherProtocol ?? (isH2c ? 'kubernetes.io/h2c' : undefined)
  return [
    { apiVersion: 'v1', kind, metadata, spec: { ports: [{ name: 'p', port, ...(appProtocol === undefined ? {} : { appProtocol }) }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'p', port: at }],
      endpoints: backend === undefined ? [] : [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    },
  ]
}
