import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeKubeApi, type SeenRequest } from '../../test/support/fake-kube-api.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { KubeClient } from '../k8s/kube-client.js'
import { fieldAt, listAt } from '../k8s/kube-json.js'
import { silentLog } from '../k8s/log.js'
import { storedStatusOf } from '../k8s/stored-status.js'
import { KINDS } from '../kinds/index.js'
import { statusResources } from './status-resource.js'
import { StatusWriter } from './status-writer.js'

const US = 'headgate.dev/gateway-controller'
const ROUTES = '/apis/gateway.networking.k8s.io/v1/httproutes'
const GATEWAYS = '/apis/gateway.networking.k8s.io/v1/gateways'
const GROUP = 'gateway.networking.k8s.io'

describe('StatusWriter', () => {
  let api: FakeKubeApi
  let client: KubeClient
  let clock: FakeClock
  let writer: StatusWriter
  let stop: AbortController
  let running: Promise<void>
  let outcomes: string[]
  let unsaid: string[]
  let refused: string[]

  const condition = (type: string, status: 'True' | 'False' | 'Unknown' = 'True', observedGeneration = 1) => ({
    type,
    status,
    reason: 'Reason',
    message: '',
    observedGeneration,
  })
  const routeStatus = (name: string, generation = 1, accepted: 'True' | 'False' | 'Unknown' = 'True'): ObjectStatus => ({
    shape: 'route',
    object: { group: GROUP, kind: 'HTTPRoute', namespace: 'shop', name, generation },
    parents: [
      {
        parentRef: { group: GROUP, kind: 'Gateway', name: 'web' },
        conditions: [condition('Accepted', accepted, generation), condition('headgate.dev/Delivered', 'True', generation)],
      },
    ],
  })
  const gatewayStatus = (attachedRoutes: number, accepted: 'True' | 'False' = 'True'): ObjectStatus => ({
    shape: 'gateway',
    object: { group: GROUP, kind: 'Gateway', namespace: 'shop', name: 'web', generation: 1 },
    conditions: [condition('Accepted', accepted)],
    addresses: [],
    listeners: [{ name: 'http', supportedKinds: [], attachedRoutes, conditions: [] }],
    attachedListenerSets: 0,
  })
  const put = (collection: string, kind: string, name: string, status?: object): void => {
    const object = api.put(collection, {
      metadata: { name, namespace: 'shop' },
      spec: {},
      ...(status === undefined ? {} : { status: { ...status } }),
    })
    writer.observe(`${kind}/shop/${name}`, storedStatusOf(object))
  }
  /** What a watch does: tells the writer the newest state of an object. */
  const echo = (collection: string, kind: string, name: string): void =>
    writer.observe(`${kind}/shop/${name}`, storedStatusOf(api.get(collection, 'shop', name)))
  const set = (...statuses: readonly ObjectStatus[]): void =>
    writer.set(new Map(statuses.map((status) => [`${status.object.kind}/${status.object.namespace}/${status.object.name}`, status])))
  /** Lets the object of a route count up its generation, and tells the writer. */
  const change = (name: string): void => {
    const object = api.get(ROUTES, 'shop', name)
    if (object === undefined) throw new Error(`no route ${name}`)
    api.put(ROUTES, { ...object, spec: { changed: object.metadata.generation } })
    echo(ROUTES, 'HTTPRoute', name)
  }
  const writes = (name = ''): SeenRequest[] => api.requests.filter(({ method, path }) => method === 'PATCH' && path.includes(name))
  const accepted = (name: string): unknown =>
    fieldAt(listAt(listAt(api.get(ROUTES, 'shop', name), 'status', 'parents')[0], 'conditions')[0], 'status')
  const attached = (): unknown => fieldAt(listAt(api.get(GATEWAYS, 'shop', 'web'), 'status', 'listeners')[0], 'attachedRoutes')

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    client = new KubeClient(api.credentials, 'test')
    clock = new FakeClock()
    clock.nowMs = 1_000_000
    stop = new AbortController()
    outcomes = []
    unsaid = []
    refused = []
    writer = new StatusWriter({
      client,
      clock,
      log: silentLog,
      controllerName: US,
      resourceOf: statusResources(KINDS, () => undefined),
      onOutcome: (kind, outcome) => outcomes.push(`${kind} ${outcome}`),
      onRefused: ({ name }, _uid, message) => refused.push(`${name} ${/ (\d+) /.exec(message)?.[1]}`),
      onUnsaid: ({ name }, { uid }, entries) => unsaid.push(`${name} ${uid}: ${entries.map(({ ref }) => ref.name)}`),
    })
  })

  const lead = (): void => {
    running = writer.start(stop.signal)
  }

  afterEach(async () => {
    stop.abort()
    await running
    client.close()
    await api.close()
  })

  it('lets others have their turn while it looks at many statuses that are there already', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `r${i}`)
    for (const name of names) put(ROUTES, 'HTTPRoute', name)
    set(...names.map((name) => routeStatus(name)))
    lead()
    await eventually(() => expect(outcomes).toHaveLength(300))
    stop.abort()
    await running

    stop = new AbortController()
    outcomes.length = 0
    for (const name of names) echo(ROUTES, 'HTTPRoute', name)
    clock.nowMs += 60_000
    let seenAtFirstTurn = 0
    setImmediate(() => {
      seenAtFirstTurn = outcomes.length
    })
    lead()
    await eventually(() => expect(outcomes).toHaveLength(300))
    expect(new Set(outcomes)).toEqual(new Set(['HTTPRoute unchanged']))
    expect(seenAtFirstTurn).toBeGreaterThan(0)
    expect(seenAtFirstTurn).toBeLessThanOrEqual(64)
  })

  it('writes a route once, by a patch that fails if somebody else wrote meanwhile, and never again while nothing changes', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    const before = api.get(ROUTES, 'shop', 'r')?.metadata.resourceVersion
    set(routeStatus('r'))
    await eventually(() => expect(accepted('r')).toBe('True'))
    expect(fieldAt(writes()[0]?.body, 'metadata', 'resourceVersion')).toBe(before)
    echo(ROUTES, 'HTTPRoute', 'r')
    set(routeStatus('r'))
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute written', 'HTTPRoute unchanged']))
    expect(writes()).toHaveLength(1)
  })

  it('tells once what others leave no room for, and writes it when there is room', async () => {
    const foreign = (count: number): object => ({
      parents: Array.from({ length: count }, (_, i) => ({ controllerName: 'x.io/one', parentRef: { name: `g${i}` }, conditions: [] })),
    })
    lead()
    put(ROUTES, 'HTTPRoute', 'r', foreign(32))
    set(routeStatus('r'))
    await eventually(() => expect(unsaid).toEqual([`r ${api.get(ROUTES, 'shop', 'r')?.metadata.uid}: web`]))
    put(ROUTES, 'HTTPRoute', 'r', { ...foreign(32), touched: true })
    set(routeStatus('r', 1, 'False'))
    await eventually(() => expect(unsaid).toHaveLength(2))
    put(ROUTES, 'HTTPRoute', 'r', foreign(31))
    await eventually(() => expect(outcomes.at(-1)).toBe('HTTPRoute written'))
    expect(unsaid).toHaveLength(2)
    expect(listAt(api.get(ROUTES, 'shop', 'r'), 'status', 'parents')).toHaveLength(32)
  })

  it('writes nothing while another replica leads, and what is missing when it leads itself', async () => {
    put(ROUTES, 'HTTPRoute', 'r')
    set(routeStatus('r'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(writes()).toHaveLength(0)
    lead()
    await eventually(() => expect(accepted('r')).toBe('True'))
    stop.abort()
    await running
    set(routeStatus('r', 2, 'False'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(accepted('r')).toBe('True')
  })

  it('puts ours into what somebody else wrote in between', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    const foreign = { parentRef: { name: 'x' }, controllerName: 'x.io/one', conditions: [{ type: 'Accepted', status: 'True' }] }
    const object = api.get(ROUTES, 'shop', 'r')
    // The writer does not hear of this before it writes.
    api.put(ROUTES, { metadata: { name: 'r', namespace: 'shop' }, ...object, status: { parents: [foreign] } })
    set(routeStatus('r'))
    await eventually(() => expect(listAt(api.get(ROUTES, 'shop', 'r'), 'status', 'parents')).toHaveLength(2))
    expect(listAt(api.get(ROUTES, 'shop', 'r'), 'status', 'parents')[0]).toEqual(foreign)
    expect(writes()).toHaveLength(2)
  })

  it('applies a Gateway under its own name, without a resource version', async () => {
    lead()
    put(GATEWAYS, 'Gateway', 'web')
    set(gatewayStatus(3))
    await eventually(() => expect(attached()).toBe(3))
    const [request] = writes('gateways/web/status')
    expect(request?.headers['content-type']).toBe('application/apply-patch+yaml')
    expect(request?.query.get('fieldManager')).toBe('headgate-status')
    expect(fieldAt(request?.body, 'metadata')).toEqual({ name: 'web', namespace: 'shop' })
  })

  it('writes a Gateway at most 20 times while 1,000 routes come one by one, and is right within a second after the last', async () => {
    lead()
    put(GATEWAYS, 'Gateway', 'web')
    for (let i = 1; i <= 1_000; i++) {
      set(gatewayStatus(i))
      await clock.advance(50)
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await clock.advance(1_000)
    await eventually(() => expect(attached()).toBe(1_000))
    expect(writes('gateways').length).toBeLessThanOrEqual(20)
    expect(writes('gateways').length).toBeGreaterThan(1)
  })

  it('tells a changed condition of a Gateway at once, and the next one a second later', async () => {
    lead()
    put(GATEWAYS, 'Gateway', 'web')
    set(gatewayStatus(0))
    await eventually(() => expect(writes('gateways')).toHaveLength(1))
    set(gatewayStatus(0, 'False'))
    await clock.advance(900)
    expect(writes('gateways')).toHaveLength(1)
    await clock.advance(200)
    await eventually(() => expect(writes('gateways')).toHaveLength(2))
  })

  it('waits a moment for an answer that is about to come, and writes once', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    set(routeStatus('r', 1, 'Unknown'))
    await clock.advance(100)
    set(routeStatus('r', 1, 'True'))
    await eventually(() => expect(accepted('r')).toBe('True'))
    expect(writes()).toHaveLength(1)
  })

  it('waits longer for the answers about many, and writes each once', async () => {
    lead()
    const names = Array.from({ length: 2_000 }, (_, i) => `r${i}`)
    for (const name of names) put(ROUTES, 'HTTPRoute', name)
    set(...names.map((name) => routeStatus(name, 1, 'Unknown')))
    for (let ms = 0; ms < 1_200; ms += 100) await clock.advance(100)
    expect(writes()).toHaveLength(0)
    set(...names.map((name) => routeStatus(name)))
    await eventually(() => expect(outcomes).toHaveLength(2_000))
    expect(writes()).toHaveLength(2_000)
  }, 60_000)

  it('says that it is unknown of many when the answers do not come', async () => {
    lead()
    const names = Array.from({ length: 200 }, (_, i) => `r${i}`)
    for (const name of names) put(ROUTES, 'HTTPRoute', name)
    set(...names.map((name) => routeStatus(name, 1, 'Unknown')))
    for (let ms = 0; ms < 500; ms += 100) await clock.advance(100)
    await eventually(() => expect(outcomes).toHaveLength(200))
    expect(accepted('r0')).toBe('Unknown')
  })

  it('says that it is unknown when the answer does not come', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    set(routeStatus('r', 1, 'Unknown'))
    await clock.advance(310)
    await eventually(() => expect(accepted('r')).toBe('Unknown'))
  })

  it('drops what is older than what was already said', async () => {
    lead()
    const parents = [{ parentRef: { name: 'web' }, controllerName: US, conditions: [condition('Accepted', 'True', 7)] }]
    put(ROUTES, 'HTTPRoute', 'r', { parents })
    for (let generation = 1; generation < 7; generation++) change('r')
    set(routeStatus('r', 6, 'False'))
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute overtaken']))
    expect(writes()).toHaveLength(0)
  })

  it('says what holds where a status came with a backup, which speaks of a generation that the object never had', async () => {
    lead()
    const parents = [{ parentRef: { name: 'web' }, controllerName: US, conditions: [condition('Accepted', 'True', 7)] }]
    put(ROUTES, 'HTTPRoute', 'r', { parents })
    set(routeStatus('r', 1, 'False'))
    await eventually(() => expect(accepted('r')).toBe('False'))
    api.put(GATEWAYS, {
      metadata: { name: 'web', namespace: 'shop' },
      spec: {},
      status: { conditions: [condition('Accepted', 'False', 7)] },
    })
    set(gatewayStatus(2))
    await eventually(() => expect(attached()).toBe(2))
  })

  it('does not say of a new object what was said of one of the same name that is gone', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    for (let generation = 1; generation < 5; generation++) change('r')
    api.remove(ROUTES, 'shop', 'r')
    api.put(ROUTES, { metadata: { name: 'r', namespace: 'shop' }, spec: {} })
    // The watch has told of neither: the write fails, and what is read then is another object.
    set(routeStatus('r', 5))
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute overtaken']))
    expect(api.get(ROUTES, 'shop', 'r')?.status).toBeUndefined()
    echo(ROUTES, 'HTTPRoute', 'r')
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute overtaken', 'HTTPRoute overtaken']))
    set(routeStatus('r'))
    await eventually(() => expect(accepted('r')).toBe('True'))
    expect(fieldAt(listAt(listAt(api.get(ROUTES, 'shop', 'r'), 'status', 'parents')[0], 'conditions')[0], 'observedGeneration')).toBe(1)
  })

  it('does not write again when a watch tells what was before its own write', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    const old = storedStatusOf(api.get(ROUTES, 'shop', 'r'))
    set(routeStatus('r'))
    await eventually(() => expect(accepted('r')).toBe('True'))
    writer.observe('HTTPRoute/shop/r', old)
    echo(ROUTES, 'HTTPRoute', 'r')
    await clock.advance(1_000)
    expect(writes()).toHaveLength(1)
  })

  it('does not lose a change that comes while its own write is under way', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    api.delayMs = 20
    set(routeStatus('r'))
    await eventually(() => expect(writes()).toHaveLength(1))
    await eventually(() => expect(accepted('r')).toBe('True'))
    // The answer to the write is not there yet when another controller clears the status.
    const object = api.get(ROUTES, 'shop', 'r')
    api.put(ROUTES, { metadata: { name: 'r', namespace: 'shop' }, ...object, status: { parents: [] } })
    echo(ROUTES, 'HTTPRoute', 'r')
    await clock.advance(10)
    await eventually(() => expect(writes()).toHaveLength(2))
    await eventually(() => expect(accepted('r')).toBe('True'))
  })

  it('repairs what another one changed, ever more seldom', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    set(routeStatus('r'))
    await eventually(() => expect(accepted('r')).toBe('True'))
    for (const wait of [0, 1_000, 2_000, 4_000]) {
      const count = writes().length
      const object = api.get(ROUTES, 'shop', 'r')
      api.put(ROUTES, { metadata: { name: 'r', namespace: 'shop' }, ...object, status: { parents: [] } })
      echo(ROUTES, 'HTTPRoute', 'r')
      if (wait > 0) await clock.advance(wait - 10)
      expect(writes()).toHaveLength(count)
      await clock.advance(20)
      await eventually(() => expect(accepted('r')).toBe('True'))
    }
  })

  it('tries again soon after failures, and after minutes where it is refused', async () => {
    lead()
    put(ROUTES, 'HTTPRoute', 'r')
    api.plan({ status: 500 }, ({ method }) => method === 'PATCH', 2)
    set(routeStatus('r'))
    await eventually(() => expect(outcomes).toHaveLength(1))
    await clock.advance(810)
    await eventually(() => expect(outcomes).toHaveLength(2))
    await clock.advance(1_610)
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute failed', 'HTTPRoute failed', 'HTTPRoute written']))
    api.plan({ status: 422, reason: 'Invalid' }, ({ method }) => method === 'PATCH')
    change('r')
    set(routeStatus('r', 2, 'False'))
    await eventually(() => expect(outcomes.at(-1)).toBe('HTTPRoute refused'))
    await clock.advance(60_000)
    expect(accepted('r')).toBe('True')
    // The policy that refused it is gone, and nothing else has changed.
    await clock.advance(240_000)
    await eventually(() => expect(accepted('r')).toBe('False'))
    api.plan({ status: 400, reason: 'BadRequest' }, ({ method }) => method === 'PATCH', 2)
    for (const generation of [3, 4, 5]) {
      change('r')
      set(routeStatus('r', generation, 'True'))
      await eventually(() => expect(outcomes).toHaveLength(generation + 3))
    }
    expect(accepted('r')).toBe('True')
    expect(refused).toEqual(['r 422', 'r 400'])
  })

  it('forgets an object that is gone', async () => {
    lead()
    set(routeStatus('never-there'))
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute unchanged']))
    expect(writes()).toHaveLength(0)
  })

  it('removes entries of ours about which nothing is said any more, after ten seconds, and looks at no others then', async () => {
    const own = { parentRef: { name: 'web' }, controllerName: US, conditions: [condition('Accepted', 'True', 5)] }
    const foreign = { parentRef: { name: 'x' }, controllerName: 'x.io/one', conditions: [] }
    put(ROUTES, 'HTTPRoute', 'another')
    set(routeStatus('another'))
    put(ROUTES, 'HTTPRoute', 'left', { parents: [own, foreign] })
    put(ROUTES, 'HTTPRoute', 'foreign', { parents: [foreign] })
    lead()
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute written']))
    await clock.advance(9_000)
    expect(writes()).toHaveLength(1)
    await clock.advance(1_100)
    await eventually(() => expect(listAt(api.get(ROUTES, 'shop', 'left'), 'status', 'parents')).toEqual([foreign]))
    await eventually(() => expect(outcomes).toEqual(['HTTPRoute written', 'HTTPRoute written']))
  })

  it('removes them also where it led before anything was said', async () => {
    const own = { parentRef: { name: 'web' }, controllerName: US, conditions: [condition('Accepted', 'True', 5)] }
    lead()
    put(ROUTES, 'HTTPRoute', 'left', { parents: [own] })
    await clock.advance(60_000)
    set(routeStatus('another'))
    await clock.advance(9_000)
    expect(writes()).toHaveLength(0)
    await clock.advance(1_100)
    await eventually(() => expect(listAt(api.get(ROUTES, 'shop', 'left'), 'status', 'parents')).toEqual([]))
  })

  it('takes back what it said of a Gateway that is not ours any more, after ten seconds, and not if it comes back', async () => {
    put(GATEWAYS, 'Gateway', 'web')
    lead()
    set(gatewayStatus(0))
    await eventually(() => expect(writes('web')).toHaveLength(1))
    const leave = (): void => writer.set(new Map([['Gateway/shop/web', undefined]]))
    leave()
    await clock.advance(9_000)
    set(gatewayStatus(0))
    await clock.advance(5_000)
    expect(writes('web')).toHaveLength(1)
    const resourceVersion = api.get(GATEWAYS, 'shop', 'web')?.metadata.resourceVersion
    leave()
    await clock.advance(11_000)
    await eventually(() => expect(writes('web')).toHaveLength(2))
    expect(writes('web')[1]?.body).toEqual({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'web', namespace: 'shop', resourceVersion },
      status: {},
    })
    await clock.advance(60_000)
    expect(writes('web')).toHaveLength(2)
  })

  it('takes nothing back from a Gateway that is gone', async () => {
    put(GATEWAYS, 'Gateway', 'web')
    lead()
    set(gatewayStatus(0))
    await eventually(() => expect(writes('web')).toHaveLength(1))
    writer.observe('Gateway/shop/web', undefined)
    writer.set(new Map([['Gateway/shop/web', undefined]]))
    await clock.advance(60_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(writes('web')).toHaveLength(1)
  })

  it('writes many routes with at most eight requests at once, one write each', async () => {
    lead()
    api.delayMs = 2
    const names = Array.from({ length: 200 }, (_, i) => `r${i}`)
    for (const name of names) put(ROUTES, 'HTTPRoute', name)
    set(...names.map((name) => routeStatus(name)))
    await eventually(() => expect(outcomes.filter((outcome) => outcome === 'HTTPRoute written')).toHaveLength(200))
    expect(writes()).toHaveLength(200)
    expect(api.mostConcurrent).toBe(8)
  })
  it('does not let a Gateway wait for the writes of its routes', async () => {
    lead()
    api.delayMs = 2
    put(GATEWAYS, 'Gateway', 'web')
    const names = Array.from({ length: 200 }, (_, i) => `r${i}`)
    for (const name of names) put(ROUTES, 'HTTPRoute', name)
    set(...names.map((name) => routeStatus(name)), gatewayStatus(200))
    await eventually(() => expect(writes()).toHaveLength(201))
    const before = writes().slice(0, 20)
    expect(before.filter(({ path }) => path.includes('/gateways/'))).toHaveLength(1)
  })

  it('goes on with other kinds and namespaces while a webhook is slow for one', async () => {
    const routesOf = (namespace: string) => `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/`
    api.plan('hang', ({ method, path }) => method === 'PATCH' && path.startsWith(routesOf('shop')), Number.POSITIVE_INFINITY)
    lead()
    const names = Array.from({ length: 200 }, (_, i) => `r${i}`)
    for (const name of names) put(ROUTES, 'HTTPRoute', name)
    set(...names.map((name) => routeStatus(name)))
    await eventually(() => expect(writes()).toHaveLength(8))
    put(GATEWAYS, 'Gateway', 'web')
    const other = api.put(ROUTES, { metadata: { name: 'other', namespace: 'blog' }, spec: {} })
    writer.observe('HTTPRoute/blog/other', storedStatusOf(other))
    const { object, ...rest } = routeStatus('other')
    set(gatewayStatus(200), { object: { ...object, namespace: 'blog' }, ...rest } as ObjectStatus)
    await clock.advance(900)
    expect(outcomes).toEqual([])
    await clock.advance(200)
    await eventually(() => expect(outcomes.toSorted()).toEqual(['Gateway written', 'HTTPRoute written']))
    expect(writes(routesOf('shop'))).toHaveLength(8)
  })
})
