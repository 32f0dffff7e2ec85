import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeKubeApi, type SeenRequest } from '../../test/support/fake-kube-api.js'
import { KubeClient } from './kube-client.js'
import type { RawObject } from './kube-json.js'
import { silentLog } from './log.js'
import { Reflector, type ReflectorOptions } from './reflector.js'
import type { ReflectorState } from './reflector-state.js'

const ROUTES = '/apis/gateway.networking.k8s.io/v1/httproutes'
const SERVICES = '/api/v1/services'
const resource = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'httproutes' }
const route = (name: string, spec: object = {}): RawObject => ({ metadata: { name, namespace: 'shop' }, spec })
const isStream = ({ query }: SeenRequest): boolean => query.get('sendInitialEvents') === 'true'
const isWatch = (request: SeenRequest): boolean => request.query.get('watch') === 'true' && !isStream(request)
const isPage = (request: SeenRequest): boolean => request.query.get('watch') !== 'true'

describe('Reflector at a server that streams lists', () => {
  let api: FakeKubeApi
  let clock: FakeClock
  let stop: AbortController
  let client: KubeClient
  let seen: Map<string, RawObject>
  let calls: string[]
  let states: ReflectorState[]
  let running: Promise<void>[]

  const start = (more: Partial<ReflectorOptions> = {}): Reflector => {
    const reflector = new Reflector({
      client,
      clock,
      log: silentLog,
      resource,
      onChanges: (changed, removed) => {
        for (const object of changed) seen.set(object.metadata.name, object)
        for (const key of removed) seen.delete(key.slice('shop/'.length))
        calls.push(`+${changed.map((object) => object.metadata.name).join(',')} -${removed.join(',')}`)
      },
      onState: (state) => states.push(state),
      ...more,
    })
    running.push(reflector.start(stop.signal))
    return reflector
  }
  const requests = (kind: (request: SeenRequest) => boolean): SeenRequest[] => api.requests.filter(kind)
  const waitingFor = (reason: string): Promise<void> =>
    eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason } }))
  /** Lets the server forget the history while we are away, so that a list is needed. */
  const expire = async (meanwhile: () => void): Promise<void> => {
    api.plan({ status: 410, reason: 'Expired' }, isWatch)
    api.endWatches('reset')
    await waitingFor('disconnected')
    meanwhile()
    await clock.advance(1_000)
    await waitingFor('expired')
    await clock.advance(2_000)
    await eventually(() => expect(api.watchers.size).toBe(1))
  }

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    clock = new FakeClock()
    stop = new AbortController()
    client = new KubeClient(api.credentials, 'test')
    seen = new Map()
    calls = []
    states = []
    running = []
  })

  afterEach(async () => {
    stop.abort()
    await Promise.all(running)
    client.close()
    await api.close()
  })

  it('takes the list and what follows from one request', async () => {
    for (let i = 0; i < 200; i++) api.put(ROUTES, route(`r${i}`))
    await start().listed
    expect(seen.size).toBe(200)
    expect(states.map(({ kind }) => kind)).toEqual(['listing', 'watching'])
    api.put(ROUTES, route('late'))
    api.remove(ROUTES, 'shop', 'r0')
    await eventually(() => expect(seen.has('late') && !seen.has('r0')).toBe(true))
    expect(api.requests).toHaveLength(1)
    const { query } = api.requests[0] as SeenRequest
    expect(query.get('resourceVersionMatch')).toBe('NotOlderThan')
    // Without a version: the newest state, never one from a cache that is behind.
    expect(query.has('resourceVersion')).toBe(false)
  })

  it('hands over what came before the list is whole, and is listed only then', async () => {
    for (let i = 0; i < 200; i++) api.put(ROUTES, route(`r${i}`))
    api.streamedAtOnce = 120
    const reflector = start()
    await eventually(() => expect(seen.size).toBeGreaterThanOrEqual(50))
    expect(reflector.hasListed).toBe(false)
    api.streamOn()
    await reflector.listed
    expect(seen.size).toBe(200)
  })

  it('takes in what changes while the list comes', async () => {
    for (let i = 0; i < 200; i++) api.put(ROUTES, route(`r${i}`))
    api.streamedAtOnce = 120
    const reflector = start()
    await eventually(() => expect(seen.size).toBeGreaterThanOrEqual(50))
    api.remove(ROUTES, 'shop', 'r1')
    api.remove(ROUTES, 'shop', 'r199')
    api.put(ROUTES, route('r2', { x: 1 }))
    api.remove(ROUTES, 'shop', 'r3')
    api.put(ROUTES, route('r3', { x: 2 }))
    api.streamOn()
    await reflector.listed
    expect(seen.size).toBe(198)
    expect(seen.has('r1') || seen.has('r199')).toBe(false)
    expect(seen.get('r2')?.spec).toEqual({ x: 1 })
    expect(seen.get('r3')?.spec).toEqual({ x: 2 })
  })

  it('goes on from the version that ends the list, not from those of objects', async () => {
    api.put(ROUTES, route('a'))
    api.put(SERVICES, { metadata: { name: 'elsewhere', namespace: 'shop' } })
    await start().listed
    clock.nowMs = 400_000
    api.endWatches()
    await eventually(() => expect(requests(isWatch)).toHaveLength(1))
    expect(requests(isWatch)[0]?.query.get('resourceVersion')).toBe('102')
  })

  it('asks for everything again when the stream broke before the list was whole', async () => {
    for (let i = 0; i < 200; i++) api.put(ROUTES, route(`r${i}`))
    api.streamedAtOnce = 120
    const reflector = start()
    await eventually(() => expect(seen.size).toBeGreaterThanOrEqual(50))
    api.dropStreams()
    await waitingFor('disconnected')
    api.remove(ROUTES, 'shop', 'r0')
    await clock.advance(1_000)
    await reflector.listed
    // The list after a stream that failed comes in pages: whatever a stream may suffer from, a list comes.
    expect(requests(isPage)).toHaveLength(1)
    expect(seen.size).toBe(199)
    expect(seen.has('r0')).toBe(false)
  })

  it('reports only what differs when it lists again, in one call', async () => {
    for (let i = 0; i < 200; i++) api.put(ROUTES, route(`r${i}`))
    await start().listed
    calls.length = 0
    await expire(() => {
      api.remove(ROUTES, 'shop', 'r0')
      api.put(ROUTES, route('r1', { x: 1 }))
      for (let i = 200; i < 300; i++) api.put(ROUTES, route(`r${i}`))
    })
    await eventually(() => expect(seen.size).toBe(299))
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatch(/^\+r1,r200,.*r299 -shop\/r0$/)
    expect(requests(isStream)).toHaveLength(2)
    expect(requests(isPage)).toHaveLength(0)
  })

  it('asks for pages at once where streams are refused, once for all resources', async () => {
    api.streamsLists = false
    api.put(ROUTES, route('a'))
    await start().listed
    expect([...seen.keys()]).toEqual(['a'])
    await start({ resource: { group: '', version: 'v1', plural: 'services' } }).listed
    expect(requests(isStream)).toHaveLength(1)
    expect(states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it.each([
    { name: 'an etcd that cannot say how far it is', event: { code: 500, reason: 'InternalError' }, isOffered: false },
    { name: 'a cache that is late', event: { code: 504, reason: 'Timeout' }, isOffered: true },
  ])('asks for pages at once after an event that says $name', async ({ event, isOffered }) => {
    for (let i = 0; i < 2; i++) api.put(ROUTES, route(`r${i}`))
    api.streamedAtOnce = 1
    const reflector = start()
    await eventually(() => expect(requests(isStream)).toHaveLength(1))
    api.sendToStreams(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', ...event } })}\n`)
    await reflector.listed
    expect(seen.size).toBe(2)
    expect(states.some(({ kind }) => kind === 'waiting')).toBe(false)
    expect(client.streamedLists.mayBeOffered).toBe(isOffered)
  })

  it('asks for pages where it may list and not watch, and waits then', async () => {
    api.put(ROUTES, route('a'))
    api.plan({ status: 403, reason: 'Forbidden' }, (request) => !isPage(request), 2)
    await start().listed
    expect(seen.size).toBe(1)
    await waitingFor('forbidden')
    expect(client.streamedLists.mayBeOffered).toBe(true)
  })

  it('waits and tries again where pages would fare no better', async () => {
    api.put(ROUTES, route('a'))
    api.plan({ status: 429, reason: 'TooManyRequests', retryAfter: 7 }, isStream)
    const reflector = start()
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'throttled' }, waitMs: 7_000 }))
    expect(requests(isPage)).toHaveLength(0)
    await clock.advance(7_000)
    await reflector.listed
    expect(seen.size).toBe(1)
  })

  it('gives up a list that stops in the middle for 10 s', async () => {
    for (let i = 0; i < 200; i++) api.put(ROUTES, route(`r${i}`))
    api.streamedAtOnce = 120
    const reflector = start()
    await eventually(() => expect(seen.size).toBeGreaterThanOrEqual(50))
    await clock.advance(10_100)
    await reflector.listed
    expect(seen.size).toBe(200)
    expect(states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it('gives up a server that takes the request for an ordinary watch', async () => {
    for (let i = 0; i < 2; i++) api.put(ROUTES, route(`r${i}`))
    api.streamedAtOnce = 1
    const reflector = start()
    await eventually(() => expect(requests(isStream)).toHaveLength(1))
    api.sendToStreams(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '101' } } })}\n`)
    await reflector.listed
    expect(seen.size).toBe(2)
    expect(client.streamedLists.mayBeOffered).toBe(false)
  })

  it('counts a resource that the server does not know as listed, and finds it when it comes', async () => {
    api.absent.add(ROUTES)
    await start().listed
    expect(states.at(-1)).toMatchObject({ kind: 'absent' })
    api.absent.clear()
    api.put(ROUTES, route('a'))
    await clock.advance(1_000)
    await eventually(() => expect(seen.size).toBe(1))
  })

  it('waits for a watch that is silent for 90 s, as one without a list', async () => {
    await start().listed
    await clock.advance(89_000)
    expect(requests(isWatch)).toHaveLength(0)
    await clock.advance(1_500)
    await eventually(() => expect(requests(isWatch)).toHaveLength(1))
    expect(states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it('ends a list that comes when it is stopped', async () => {
    for (let i = 0; i < 200; i++) api.put(ROUTES, route(`r${i}`))
    api.streamedAtOnce = 120
    const reflector = start()
    await eventually(() => expect(seen.size).toBeGreaterThanOrEqual(50))
    stop.abort()
    await Promise.all(running)
    expect(reflector.state).toEqual({ kind: 'stopped' })
    expect(reflector.hasListed).toBe(false)
  })
})
