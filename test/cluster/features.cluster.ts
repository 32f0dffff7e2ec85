/** Features that the conformance suite has no test for, on real pods and Services. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { get, podOf } from './support/http.js'
import { apply, type Condition, conditionsOf, type Gateway, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { createSite, type Site } from './support/site.js'

const NAMESPACE = 'features'
const SELECTOR = 'gateway.networking.k8s.io/gateway-name=web'

let site: Site

beforeAll(async () => {
  site = await createSite(NAMESPACE, 'headgate')
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

function route(name: string, rules: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${NAMESPACE} }
spec:
  parentRefs: [{ name: web }]
  hostnames: [${name}.example.com]
  rules: [${rules}]
`
}

const ask = (name: string, path = '/', headers = {}) => get(site.address, `${name}.example.com`, path, headers)

interface Delivered {
  readonly metadata: { readonly generation: number }
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly parents?: readonly { readonly conditions: readonly Condition[] }[]
  }
}

/** Waits until every Envoy has the object as it is now. */
async function delivered(kind: string, name: string, type: string): Promise<void> {
  await eventually(async () => {
    const { metadata, status } = await kubectlJson<Delivered>('get', kind, name, '--namespace', NAMESPACE)
    const conditions = status?.conditions ?? status?.parents?.[0]?.conditions ?? []
    expect(conditions).toContainEqual(expect.objectContaining({ type, status: 'True', observedGeneration: metadata.generation }))
  }, 60_000)
}

/** Waits until the route is served, by every Envoy. */
async function served(name: string, path = '/', status = 200): Promise<void> {
  await delivered('httproute', name, 'headgate.dev/Delivered')
  await eventually(async () => expect((await ask(name, path)).status).toBe(status), 60_000)
}

const TO_ECHO = 'backendRefs: [{ name: echo, port: 80 }]'

describe('external auth', () => {
  it('asks a Service before requests are let in', async () => {
    // What is asked sees the path of the request, and answers /status/403 with 403; the backend sees another path, and answers 200.
    const auth = '{ type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: echo, port: 80 }, http: {} } }'
    const rewrite = '{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: / } } }'
    await apply(route('auth', `{ filters: [${auth}, ${rewrite}], ${TO_ECHO} }`))
    await served('auth')
    expect((await ask('auth', '/status/403')).status).toBe(403)
    expect((await ask('auth', '/status/200')).status).toBe(200)
  }, 120_000)

  it('of a listener holds for everything that it serves, also for what has no route', async () => {
    const auth = '{ type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: echo, port: 80 }, http: {} } }'
    await apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web, namespace: ${NAMESPACE} }
spec:
  gatewayClassName: headgate
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
    - { name: guarded, protocol: HTTP, port: 80, hostname: guarded.example.com, filters: { requests: [${auth}] } }
---${route('guarded', `{ matches: [{ path: { value: /app } }], ${TO_ECHO} }`)}`)
    // Until the listener is there, the other one serves the route.
    await delivered('gateway', 'web', 'Programmed')
    await served('guarded', '/status/401', 401)
    await served('guarded', '/app')
    expect((await ask('guarded', '/elsewhere')).status).toBe(404)
  }, 120_000)
})

describe('session persistence', () => {
  it('keeps a client on one pod, by a cookie that the Gateway sets', async () => {
    await apply(route('sticky', `{ sessionPersistence: { type: Cookie, cookie: { name: seat } }, ${TO_ECHO} }`))
    await served('sticky')
    const others = await Promise.all(Array.from({ length: 40 }, async () => podOf(await ask('sticky'))))
    expect(new Set(others).size).toBe(2)
    const first = await ask('sticky')
    const [cookie = ''] = (first.headers['set-cookie'] ?? []).map((each) => each.split(';')[0] ?? '')
    expect(cookie).toMatch(/^seat=/)
    const pods = await Promise.all(Array.from({ length: 40 }, async () => podOf(await ask('sticky', '/', { cookie }))))
    expect(new Set(pods)).toEqual(new Set([podOf(first)]))
  }, 120_000)
})

describe('retry budgets', () => {
  it('let no more retries be under way than they say', async () => {
    const [backoff, attempts] = ['1s', 1]
    await apply(`
apiVersion: v1
kind: Service
metadata: { name: failing, namespace: ${NAMESPACE} }
spec: { selector: { app: echo }, ports: [{ port: 80, targetPort: 3000 }] }
---${route('failing', `{ retry: { codes: [503], attempts: ${attempts}, backoff: ${backoff} }, backendRefs: [{ name: failing, port: 80 }] }`)}`)
    await served('failing')
    const count = 60
    const storm = async () => {
      const before = await retries()
      await Promise.all(Array.from({ length: count }, () => ask('failing', '/status/503')))
      const after = await retries()
      return { made: after.made - before.made, refused: after.refused - before.refused }
    }
    // Without a budget each request is tried again: that is what the limit takes away.
    expect(await storm()).toEqual({ made: count, refused: 0 })
    await apply(`
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: budget, namespace: ${NAMESPACE} }
spec:
  targetRefs: [{ group: "", kind: Service, name: failing }]
  retryConstraint: { budget: { percent: 0, interval: 10s }, minRetryRate: { count: 1, interval: 1s } }
`)
    await eventually(async () => {
      const { made, refused } = await storm()
      expect(made + refused).toBe(count)
      // One at a time for each of the three Envoys and each of their threads, twice or thrice within the second that a storm may take.
      expect(refused).toBeGreaterThan(count / 2)
    }, 60_000)
  }, 240_000)
})

/** Retries to the Service `failing`, over all Envoys: those made, and those that a budget did not allow. */
async function retries(): Promise<{ readonly made: number; readonly refused: number }> {
  const { items } = await kubectlJson<List<{ readonly status: { readonly podIP: string } }>>(
    ...['get', 'pods', '--namespace', NAMESPACE, '--selector', SELECTOR],
  )
  const texts = await Promise.all(items.map(async ({ status }) => (await get(status.podIP, 'stats', '/stats/prometheus', {}, 64_001)).body))
  const sum = (name: string): number =>
    texts
      .flatMap((text) => [...text.matchAll(new RegExp(`^envoy_cluster_${name}\\{([^}]*)\\} (\\d+)$`, 'gm'))])
      .filter(([, labels = '']) => labels.includes('/failing/'))
      .reduce((total, [, , value]) => total + Number(value), 0)
  return { made: sum('upstream_rq_retry'), refused: sum('upstream_rq_retry_overflow') }
}

describe('addresses of routability Cluster', () => {
  it('are those of the Service in the cluster, and serve', async () => {
    await apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: inside, namespace: ${NAMESPACE} }
spec:
  gatewayClassName: headgate
  addresses: [{ type: IPAddress, routability: Cluster }]
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: inside, namespace: ${NAMESPACE} }
spec: { parentRefs: [{ name: inside }], rules: [{ ${TO_ECHO} }] }
`)
    await kubectl('wait', 'gateway/inside', '--namespace', NAMESPACE, '--for=condition=Programmed', '--timeout=120s')
    const gateway = await kubectlJson<Gateway>('get', 'gateway', 'inside', '--namespace', NAMESPACE)
    const services = await kubectlJson<List<{ readonly spec: { readonly type: string; readonly clusterIP: string } }>>(
      ...['get', 'services', '--namespace', NAMESPACE, '--selector', 'gateway.networking.k8s.io/gateway-name=inside'],
    )
    expect(services.items.map(({ spec }) => spec.type)).toEqual(['ClusterIP'])
    const address = services.items[0]?.spec.clusterIP ?? ''
    expect(gateway.status?.addresses).toEqual([{ type: 'IPAddress', value: address, routability: 'Cluster' }])
    expect(conditionsOf(gateway)).toContain('AddressesAssigned=True')
    await eventually(async () => expect((await get(address, 'any.example.com')).status).toBe(200), 60_000)
  }, 180_000)

  it('of somebody else are not promised', async () => {
    await apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: moon, namespace: ${NAMESPACE} }
spec:
  gatewayClassName: headgate
  addresses: [{ type: IPAddress, routability: example.com/moon }]
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
`)
    await eventually(async () => {
      const { status } = await kubectlJson<Gateway>('get', 'gateway', 'moon', '--namespace', NAMESPACE)
      const reasons = (status?.conditions ?? []).map(({ type, status: is, reason }: Condition) => `${type}=${is}/${reason}`)
      expect(reasons).toEqual(expect.arrayContaining(['AddressesAssigned=False/NotAssigned', 'Programmed=False/AddressNotAssigned']))
    }, 60_000)
  }, 90_000)
})

describe('XBackends that choose pods', () => {
  it('serve from the pods with the labels, which a Service of their own finds, and leave nothing behind', async () => {
    const services = async () =>
      (await kubectl('get', 'services', '--namespace', NAMESPACE, '--selector', 'headgate.dev/x-backend=pods', '--output', 'name')).trim()
    await apply(`
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: pods, namespace: ${NAMESPACE} }
spec: { type: EndpointSelector, port: { number: 3000 }, endpointSelector: { matchLabels: { app: echo } } }
---${route('pods', '{ backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: pods }] }')}`)
    await served('pods')
    const pods = await Promise.all(Array.from({ length: 40 }, async () => podOf(await ask('pods'))))
    expect(new Set(pods).size).toBe(2)
    expect(await services()).toBe('service/headgate-backend-pods')
    await kubectl('delete', 'service', 'headgate-backend-pods', '--namespace', NAMESPACE)
    await eventually(async () => expect(await services()).toBe('service/headgate-backend-pods'), 60_000)
    await kubectl('delete', 'httproute', 'pods', '--namespace', NAMESPACE)
    await eventually(async () => expect(await services()).toBe(''), 60_000)
  }, 180_000)
})

describe('a GatewayClass', () => {
  it('that Gateways use does not go before them', async () => {
    const finalizers = () => kubectl('get', 'gatewayclass', 'passing', '--ignore-not-found', '--output', 'jsonpath={.metadata.finalizers}')
    await apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: passing }
spec: { controllerName: headgate.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: passing, namespace: ${NAMESPACE} }
spec: { gatewayClassName: passing, listeners: [{ name: http, protocol: HTTP, port: 80 }] }
`)
    await eventually(async () => expect(await finalizers()).toContain('gateway-exists-finalizer.gateway.networking.k8s.io'), 60_000)
    await kubectl('delete', 'gatewayclass', 'passing', '--wait=false')
    expect(await finalizers()).toContain('gateway-exists-finalizer.gateway.networking.k8s.io')
    await kubectl('delete', 'gateway', 'passing', '--namespace', NAMESPACE)
    await kubectl('wait', 'gatewayclass', 'passing', '--for=delete', '--timeout=60s')
  }, 180_000)
})
