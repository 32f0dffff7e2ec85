import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import { systemClock } from '../../src/k8s/clock.js'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { fieldAt, type JsonObject, listAt } from '../../src/k8s/kube-json.js'
import { silentLog } from '../../src/k8s/log.js'
import { storedStatusOf } from '../../src/k8s/stored-status.js'
import { KINDS } from '../../src/kinds/index.js'
import { statusResources } from '../../src/status/status-resource.js'
import { StatusWriter } from '../../src/status/status-writer.js'
import { eventually } from '../support/eventually.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GROUP = 'gateway.networking.k8s.io'
const API = `/apis/${GROUP}/v1`
const US = 'headgate.dev/gateway-controller'

describe('statuses in a real cluster', () => {
  let api: KubeApiServer
  let writer: StatusWriter
  let outcomes: string[]
  const stop = new AbortController()
  let running: Promise<void>

  const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(5_000))
  const condition = (type: string, status: 'True' | 'False' = 'True') => ({
    type,
    status,
    reason: 'Accepted',
    message: 'yes',
    observedGeneration: 1,
  })
  const say = (status: ObjectStatus): void =>
    writer.set(new Map([[`${status.object.kind}/${status.object.namespace}/${status.object.name}`, status]]))
  const patch = (path: string, body: JsonObject): Promise<JsonObject> =>
    api.admin.json({ method: 'PATCH', path: `${path}/status`, body, contentType: CONTENT_TYPE.mergePatch }, AbortSignal.timeout(5_000))

  beforeAll(async () => {
    api = await startKubeApiServer()
    await installGatewayApi(api.admin, 'experimental', ['GatewayClass', 'Gateway', 'HTTPRoute', 'ListenerSet', 'BackendTLSPolicy'])
    outcomes = []
    writer = new StatusWriter({
      client: api.client('admin'),
      clock: systemClock,
      log: silentLog,
      controllerName: US,
      resourceOf: statusResources(KINDS, () => undefined),
      onOutcome: (kind, outcome) => outcomes.push(`${kind} ${outcome}`),
    })
    running = writer.start(stop.signal)
  })

  afterAll(async () => {
    stop.abort()
    await running
    await api.stop()
  })

  it('a Gateway gets its status in one write, keeps conditions of others, and costs nothing when nothing changes', async () => {
    const path = `${API}/namespaces/default/gateways/web`
    const spec = {
      gatewayClassName: 'headgate',
      listeners: [
        { name: 'a', port: 80, protocol: 'HTTP' },
        { name: 'b', port: 81, protocol: 'HTTP' },
      ],
    }
    await create(api.admin, `${API}/namespaces/default/gateways`, {
      apiVersion: `${GROUP}/v1`,
      kind: 'Gateway',
      metadata: { name: 'web' },
      spec,
    })
    const foreign = { type: 'example.com/Audited', status: 'True', reason: 'Yes', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }
    const before = listAt(await read(path), 'status', 'conditions')
    expect(before).toHaveLength(2)
    await patch(path, { status: { conditions: [...before, foreign] } })
    const object = { group: GROUP, kind: 'Gateway', namespace: 'default', name: 'web', generation: 1 }
    const listener = (name: string, attachedRoutes: number) => ({
      name,
      supportedKinds: [{ group: GROUP, kind: 'HTTPRoute' }],
      attachedRoutes,
      conditions: [condition('Accepted')],
    })
    const status = (routes: number, addresses: readonly string[]): ObjectStatus => ({
      shape: 'gateway',
      object,
      conditions: [condition('Accepted'), condition('Programmed'), condition('headgate.dev/Extra')],
      addresses: addresses.map((value) => ({ type: 'IPAddress', value })),
      listeners: [listener('b', routes), listener('a', 0)],
      attachedListenerSets: 1,
    })
    say(status(1, ['10.0.0.1']))
    await eventually(async () => expect(fieldAt(await read(path), 'status', 'attachedListenerSets')).toBe(1))
    const first = await read(path)
    const types = listAt(first, 'status', 'conditions').map((each) => fieldAt(each, 'type'))
    expect(new Set(types)).toEqual(new Set(['Accepted', 'Programmed', 'headgate.dev/Extra', 'example.com/Audited']))
    expect(listAt(first, 'status', 'conditions')).toContainEqual(foreign)
    writer.observe('Gateway/default/web', storedStatusOf(first))
    say(status(1, ['10.0.0.1']))
    await eventually(() => expect(outcomes).toEqual(['Gateway written', 'Gateway unchanged']))
    say({ ...status(2, []), conditions: [condition('Accepted'), condition('Programmed', 'False')] } as ObjectStatus)
    await eventually(async () => expect(fieldAt(await read(path), 'status')).not.toHaveProperty('addresses'))
    const second = await read(path)
    expect(listAt(second, 'status', 'conditions').map((each) => fieldAt(each, 'type'))).not.toContain('headgate.dev/Extra')
    expect(listAt(second, 'status', 'conditions')).toContainEqual(foreign)
  })

  it('a Gateway that is not ours any more says that nobody answers for it, or what another controller says', async () => {
    const path = (name: string): string => `${API}/namespaces/default/gateways/${name}`
    const spec = { gatewayClassName: 'headgate', listeners: [{ name: 'a', port: 80, protocol: 'HTTP' }] }
    const foreign = { type: 'example.com/Audited', status: 'True', reason: 'Yes', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }
    const theirs = {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: 'by another',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }
    for (const name of ['left', 'taken']) {
      const body = { apiVersion: `${GROUP}/v1`, kind: 'Gateway', metadata: { name }, spec }
      await create(api.admin, `${API}/namespaces/default/gateways`, body)
      say({
        shape: 'gateway',
        object: { group: GROUP, kind: 'Gateway', namespace: 'default', name, generation: 1 },
        conditions: [condition('Accepted'), condition('Programmed')],
        addresses: [{ type: 'IPAddress', value: '10.0.0.9' }],
        listeners: [{ name: 'a', supportedKinds: [], attachedRoutes: 3, conditions: [condition('Programmed')] }],
        attachedListenerSets: 0,
      })
      await eventually(async () => expect(listAt(await read(path(name)), 'status', 'addresses')).toHaveLength(1))
    }
    const ours = listAt(await read(path('left')), 'status', 'conditions')
    await patch(path('left'), { status: { conditions: [...ours, foreign] } })
    await patch(path('taken'), { status: { conditions: [theirs, ...ours.filter((each) => fieldAt(each, 'type') !== 'Accepted')] } })
    const taken = await read(path('taken'))
    for (const name of ['left', 'taken']) writer.observe(`Gateway/default/${name}`, storedStatusOf(await read(path(name))))
    writer.set(new Map(['left', 'taken'].map((name) => [`Gateway/default/${name}`, undefined])))
    await eventually(async () => {
      const { status } = await read(path('left'))
      expect(status).not.toHaveProperty('addresses')
      const said = listAt(status, 'conditions').map((each) => `${fieldAt(each, 'type')}=${fieldAt(each, 'status')}`)
      expect(said.toSorted()).toEqual(['example.com/Audited=True'])
    }, 20_000)
    expect((await read(path('taken'))).status).toEqual(taken.status)
  }, 30_000)

  it('a Gateway that was made anew is told what holds for it, although the status of the one before came late', async () => {
    const collection = `${API}/namespaces/default/gateways`
    const path = `${collection}/again`
    const listener = (port: number) => ({ name: 'a', port, protocol: 'HTTP' })
    const spec = { gatewayClassName: 'headgate', listeners: [listener(80)] }
    const body = { apiVersion: `${GROUP}/v1`, kind: 'Gateway', metadata: { name: 'again' }, spec }
    const said = (generation: number): ObjectStatus => ({
      shape: 'gateway',
      object: { group: GROUP, kind: 'Gateway', namespace: 'default', name: 'again', generation },
      conditions: [{ ...condition('Accepted'), observedGeneration: generation }],
      addresses: [],
      listeners: [],
      attachedListenerSets: 0,
    })
    const accepted = async (): Promise<unknown> =>
      listAt(await read(path), 'status', 'conditions').find((each) => fieldAt(each, 'type') === 'Accepted')
    const change = { spec: { listeners: [listener(81)] } }
    await create(api.admin, collection, body)
    await api.admin.json({ method: 'PATCH', path, body: change, contentType: CONTENT_TYPE.mergePatch }, AbortSignal.timeout(5_000))
    writer.observe('Gateway/default/again', storedStatusOf(await read(path)))
    await api.admin.json({ method: 'DELETE', path }, AbortSignal.timeout(5_000))
    await create(api.admin, collection, body)
    say(said(2))
    await eventually(async () => expect(await accepted()).toMatchObject({ status: 'True', observedGeneration: 2 }))
    writer.observe('Gateway/default/again', storedStatusOf(await read(path)))
    say(said(1))
    await eventually(async () => expect(await accepted()).toMatchObject({ status: 'True', observedGeneration: 1 }))
  })

  it('a GatewayClass gets its features, in order', async () => {
    const path = `${API}/gatewayclasses/headgate`
    await create(api.admin, `${API}/gatewayclasses`, {
      apiVersion: `${GROUP}/v1`,
      kind: 'GatewayClass',
      metadata: { name: 'headgate' },
      spec: { controllerName: US },
    })
    const object = { group: GROUP, kind: 'GatewayClass', namespace: '', name: 'headgate', generation: 1 }
    say({ shape: 'gatewayClass', object, conditions: [condition('Accepted')], supportedFeatures: ['Gateway', 'HTTPRoute'] })
    await eventually(async () =>
      expect(fieldAt(await read(path), 'status', 'supportedFeatures')).toEqual([{ name: 'Gateway' }, { name: 'HTTPRoute' }]),
    )
  })

  it('a route gets an entry beside the one of another controller, who may write at the same time', async () => {
    const path = `${API}/namespaces/default/httproutes/r`
    const parentRef = { group: GROUP, kind: 'Gateway', name: 'web' }
    await create(api.admin, `${API}/namespaces/default/httproutes`, {
      apiVersion: `${GROUP}/v1`,
      kind: 'HTTPRoute',
      metadata: { name: 'r' },
      spec: { parentRefs: [{ name: 'web' }] },
    })
    writer.observe('HTTPRoute/default/r', storedStatusOf(await read(path)))
    const foreign = {
      parentRef,
      controllerName: 'example.com/other',
      conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    }
    // After this the version that the writer knows is old.
    await patch(path, { status: { parents: [foreign] } })
    const object = { group: GROUP, kind: 'HTTPRoute', namespace: 'default', name: 'r', generation: 1 }
    say({ shape: 'route', object, parents: [{ parentRef, conditions: [condition('Accepted'), condition('ResolvedRefs')] }] })
    await eventually(async () => expect(listAt(await read(path), 'status', 'parents')).toHaveLength(2))
    expect(listAt(await read(path), 'status', 'parents')[0]).toEqual(foreign)
    say({ shape: 'route', object, parents: [] })
    await eventually(async () => expect(listAt(await read(path), 'status', 'parents')).toEqual([foreign]))
  })

  it('a policy gets an ancestor', async () => {
    const path = `${API}/namespaces/default/backendtlspolicies/p`
    const spec = {
      targetRefs: [{ group: '', kind: 'Service', name: 's' }],
      validation: { hostname: 'x.example', wellKnownCACertificates: 'System' },
    }
    await create(api.admin, `${API}/namespaces/default/backendtlspolicies`, {
      apiVersion: `${GROUP}/v1`,
      kind: 'BackendTLSPolicy',
      metadata: { name: 'p' },
      spec,
    })
    const object = { group: GROUP, kind: 'BackendTLSPolicy', namespace: 'default', name: 'p', generation: 1 }
    const ancestorRef = { group: GROUP, kind: 'Gateway', namespace: 'default', name: 'web' }
    say({ shape: 'policy', object, ancestors: [{ ancestorRef, conditions: [condition('Accepted')] }] })
    await eventually(async () =>
      expect(listAt(await read(path), 'status', 'ancestors')).toMatchObject([{ controllerName: US, ancestorRef }]),
    )
  })
})
