import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../test/support/eventually.js'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { FakeKubeApi } from '../../../test/support/fake-kube-api.js'
import type { SelectedPods } from '../../gatewayapi/backends/selected-pods.js'
import { GATEWAY_EXISTS_FINALIZER } from '../../gatewayapi/gateways/gateway-class-finalizers.js'
import { KubeClient } from '../../k8s/kube-client.js'
import { silentLog } from '../../k8s/log.js'
import { createBackendServices } from './backend-services.js'
import { createClassFinalizers } from './class-finalizers.js'

const SERVICES = '/api/v1/services'
const CLASSES = '/apis/gateway.networking.k8s.io/v1/gatewayclasses'
const CONTROLLER = 'headgate.dev/gateway-controller'

let api: FakeKubeApi
let client: KubeClient
let clock: FakeClock
let stop: AbortController
let running: Promise<void>[]

beforeEach(async () => {
  api = new FakeKubeApi()
  await api.listen()
  client = new KubeClient(api.credentials, 'test')
  clock = new FakeClock()
  stop = new AbortController()
  running = []
})
afterEach(async () => {
  stop.abort()
  await Promise.all(running)
  client.close()
  await api.close()
})

const edge = () => ({ client, clock, log: silentLog })

describe('finalizers of GatewayClasses', () => {
  const finalizers = () => api.get(CLASSES, '', 'web')?.metadata.finalizers

  it('are added to those of others and taken away again', async () => {
    api.put(CLASSES, { metadata: { name: 'web', finalizers: ['example.com/other'] } })
    const writer = createClassFinalizers(edge())
    running.push(writer.lead(stop.signal))
    writer.set(new Map([['/web', 'add']]))
    await eventually(() => expect(finalizers()).toEqual(['example.com/other', GATEWAY_EXISTS_FINALIZER]))
    writer.set(new Map([['/web', 'remove']]))
    await eventually(() => expect(finalizers()).toEqual(['example.com/other']))
  })

  it('are written by the leader only, after a failure again, and not at all when the class is gone', async () => {
    const writer = createClassFinalizers(edge())
    api.put(CLASSES, { metadata: { name: 'web' } })
    writer.set(new Map([['/web', 'add'] as const, ['/gone', 'add'] as const]))
    expect(api.requests).toEqual([])
    api.plan({ status: 500 }, ({ method }) => method === 'PATCH')
    running.push(writer.lead(stop.signal))
    await eventually(async () => {
      await clock.advance(1_000)
      expect(finalizers()).toEqual([GATEWAY_EXISTS_FINALIZER])
    })
    expect(api.requests.filter(({ method, path }) => method === 'PATCH' && path.endsWith('/gone'))).toEqual([])
  })
})

describe('Services of XBackends', () => {
  const KEY = 'XBackend/shop/pods'
  const pods = (more: Partial<SelectedPods> = {}): SelectedPods => ({
    namespace: 'shop',
    service: 'headgate-backend-pods',
    xBackend: { name: 'pods', uid: 'u1' },
    matchLabels: { app: 'x' },
    port: 8080,
    isThere: false,
    ...more,
  })
  const service = () => api.get(SERVICES, 'shop', 'headgate-backend-pods')

  it('are made, headless and owned by the XBackend, changed, and deleted when nobody needs them', async () => {
    const writer = createBackendServices({ ...edge(), controllerName: CONTROLLER })
    running.push(writer.lead(stop.signal))
    writer.set(new Map([[KEY, pods()]]))
    await eventually(() => expect(service()).toBeDefined())
    expect(service()).toMatchObject({
      metadata: {
        labels: { 'headgate.dev/x-backend': 'pods', 'app.kubernetes.io/managed-by': 'headgate' },
        ownerReferences: [{ kind: 'XBackend', name: 'pods', uid: 'u1' }],
      },
      spec: { clusterIP: 'None', selector: { app: 'x' }, ports: [{ port: 8080 }] },
    })
    writer.set(new Map([[KEY, pods({ port: 9090 })]]))
    await eventually(() => expect(service()?.spec).toMatchObject({ ports: [{ port: 9090 }] }))
    const before = api.requests.length
    writer.set(new Map([[KEY, pods({ port: 9090, isThere: true })]]))
    writer.set(new Map([[KEY, undefined]]))
    await eventually(() => expect(service()).toBeUndefined())
    expect(api.requests.slice(before).map(({ method }) => method)).toEqual(['GET', 'DELETE'])
  })

  it('of somebody else stay as they are', async () => {
    const foreign = { metadata: { namespace: 'shop', name: 'headgate-backend-pods' }, spec: { selector: { app: 'mine' } } }
    api.put(SERVICES, foreign)
    const writer = createBackendServices({ ...edge(), controllerName: CONTROLLER })
    running.push(writer.lead(stop.signal))
    writer.set(new Map([[KEY, pods()]]))
    await eventually(() => expect(api.requests.length).toBeGreaterThan(0))
    await eventually(async () => {
      await clock.advance(1_000)
      expect(api.requests.length).toBeGreaterThan(2)
    })
    const before = api.requests.length
    writer.set(new Map([[KEY, undefined]]))
    await eventually(() => expect(api.requests.length).toBeGreaterThan(before))
    expect(api.requests.every(({ method }) => method === 'GET')).toBe(true)
    expect(service()?.spec).toEqual(foreign.spec)
  })
})
