import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import type { SeenRequest } from '../../test/support/fake-kube-api.js'
import { Reflected, ROUTES, route } from '../../test/support/reflected.js'

const SERVICES = '/api/v1/services'
const isStream = ({ query }: SeenRequest): boolean => query.get('sendInitialEvents') === 'true'
const isWatch = (request: SeenRequest): boolean => request.query.get('watch') === 'true' && !isStream(request)
const isPage = (request: SeenRequest): boolean => request.query.get('watch') !== 'true'

describe('Reflector at a server that streams lists', () => {
  let on: Reflected

  beforeEach(async () => {
    on = await Reflected.create()
  })

  afterEach(() => on.close())

  it('takes the list and what follows from one request', async () => {
    for (let i = 0; i < 200; i++) on.api.put(ROUTES, route(`r${i}`))
    await on.start().listed
    expect(on.seen.size).toBe(200)
    expect(on.states.map(({ kind }) => kind)).toEqual(['listing', 'watching'])
    on.api.put(ROUTES, route('late'))
    on.api.remove(ROUTES, 'shop', 'r0')
    await eventually(() => expect(on.seen.has('shop/late') && !on.seen.has('shop/r0')).toBe(true))
    expect(on.api.requests).toHaveLength(1)
    const { query } = on.api.requests[0] as SeenRequest
    expect(query.get('resourceVersionMatch')).toBe('NotOlderThan')
    // Without a version: the newest state, never one from a cache that is behind.
    expect(query.has('resourceVersion')).toBe(false)
  })

  it('hands over what came before the list is whole, and is listed only then', async () => {
    for (let i = 0; i < 200; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.streamedAtOnce = 120
    const reflector = on.start()
    await eventually(() => expect(on.seen.size).toBeGreaterThanOrEqual(50))
    expect(reflector.hasListed).toBe(false)
    on.api.streamOn()
    await reflector.listed
    expect(on.seen.size).toBe(200)
  })

  it('takes in what changes while the list comes', async () => {
    for (let i = 0; i < 200; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.streamedAtOnce = 120
    const reflector = on.start()
    await eventually(() => expect(on.seen.size).toBeGreaterThanOrEqual(50))
    on.api.remove(ROUTES, 'shop', 'r1')
    on.api.remove(ROUTES, 'shop', 'r199')
    on.api.put(ROUTES, route('r2', { x: 1 }))
    on.api.remove(ROUTES, 'shop', 'r3')
    on.api.put(ROUTES, route('r3', { x: 2 }))
    on.api.streamOn()
    await reflector.listed
    expect(on.seen.size).toBe(198)
    expect(on.seen.has('shop/r1') || on.seen.has('shop/r199')).toBe(false)
    expect(on.seen.get('shop/r2')?.spec).toEqual({ x: 1 })
    expect(on.seen.get('shop/r3')?.spec).toEqual({ x: 2 })
  })

  it('goes on from the version that ends the list, not from those of objects', async () => {
    on.api.put(ROUTES, route('a'))
    on.api.put(SERVICES, { metadata: { name: 'elsewhere', namespace: 'shop' } })
    await on.start().listed
    on.clock.nowMs = 400_000
    on.api.endWatches()
    await eventually(() => expect(on.requests(isWatch)).toHaveLength(1))
    expect(on.requests(isWatch)[0]?.query.get('resourceVersion')).toBe('102')
  })

  it('asks for everything again when the stream broke before the list was whole', async () => {
    for (let i = 0; i < 200; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.streamedAtOnce = 120
    const reflector = on.start()
    await eventually(() => expect(on.seen.size).toBeGreaterThanOrEqual(50))
    on.api.dropStreams()
    await on.waitingFor('disconnected')
    on.api.remove(ROUTES, 'shop', 'r0')
    await on.clock.advance(1_000)
    await reflector.listed
    // The list after a stream that failed comes in pages: whatever a stream may suffer from, a list comes.
    expect(on.requests(isPage)).toHaveLength(1)
    expect(on.seen.size).toBe(199)
    expect(on.seen.has('shop/r0')).toBe(false)
  })

  it('reports only what differs when it lists again, in one call', async () => {
    for (let i = 0; i < 200; i++) on.api.put(ROUTES, route(`r${i}`))
    await on.start().listed
    on.calls.length = 0
    await on.expire(isWatch, () => {
      on.api.remove(ROUTES, 'shop', 'r0')
      on.api.put(ROUTES, route('r1', { x: 1 }))
      for (let i = 200; i < 300; i++) on.api.put(ROUTES, route(`r${i}`))
    })
    await eventually(() => expect(on.seen.size).toBe(299))
    expect(on.calls).toHaveLength(1)
    expect(on.calls[0]).toMatch(/^\+r1,r200,.*r299 -shop\/r0$/)
    expect(on.requests(isStream)).toHaveLength(2)
    expect(on.requests(isPage)).toHaveLength(0)
  })

  it('asks for pages at once where streams are refused, once for all resources', async () => {
    on.api.streamsLists = false
    on.api.put(ROUTES, route('a'))
    await on.start().listed
    expect([...on.seen.keys()]).toEqual(['shop/a'])
    await on.start({ resource: { group: '', version: 'v1', plural: 'services' } }).listed
    expect(on.requests(isStream)).toHaveLength(1)
    expect(on.states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it.each([
    { name: 'an etcd that cannot say how far it is', event: { code: 500, reason: 'InternalError' }, isOffered: false },
    { name: 'a cache that is late', event: { code: 504, reason: 'Timeout' }, isOffered: true },
  ])('asks for pages at once after an event that says $name', async ({ event, isOffered }) => {
    for (let i = 0; i < 2; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.streamedAtOnce = 1
    const reflector = on.start()
    await eventually(() => expect(on.requests(isStream)).toHaveLength(1))
    on.api.sendToStreams(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', ...event } })}\n`)
    await reflector.listed
    expect(on.seen.size).toBe(2)
    expect(on.states.some(({ kind }) => kind === 'waiting')).toBe(false)
    expect(on.client.streamedLists.mayBeOffered).toBe(isOffered)
  })

  it('asks for pages where it may list and not watch, and waits then', async () => {
    on.api.put(ROUTES, route('a'))
    on.api.plan({ status: 403, reason: 'Forbidden' }, (request) => !isPage(request), 2)
    await on.start().listed
    expect(on.seen.size).toBe(1)
    await on.waitingFor('forbidden')
    expect(on.client.streamedLists.mayBeOffered).toBe(true)
  })

  it('asks for pages at once where the server has not read the resource itself yet', async () => {
    on.api.plan({ status: 429, reason: 'TooManyRequests', message: 'storage is (re)initializing', retryAfter: 1 }, isStream)
    on.api.put(ROUTES, route('a'))
    await on.start().listed
    expect([...on.seen.keys()]).toEqual(['shop/a'])
    expect(on.states.some(({ kind }) => kind === 'waiting')).toBe(false)
    expect(on.client.streamedLists.mayBeOffered).toBe(true)
  })

  it('waits and tries again where pages would fare no better', async () => {
    on.api.put(ROUTES, route('a'))
    on.api.plan({ status: 429, reason: 'TooManyRequests', retryAfter: 7 }, isStream)
    const reflector = on.start()
    await on.waitingFor('throttled', 7_000)
    expect(on.requests(isPage)).toHaveLength(0)
    await on.clock.advance(7_000)
    await reflector.listed
    expect(on.seen.size).toBe(1)
  })

  it('gives up a list that stops in the middle for 10 s', async () => {
    for (let i = 0; i < 200; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.streamedAtOnce = 120
    const reflector = on.start()
    await eventually(() => expect(on.seen.size).toBeGreaterThanOrEqual(50))
    await on.clock.advance(10_100)
    await reflector.listed
    expect(on.seen.size).toBe(200)
    expect(on.states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it('gives up a server that takes the request for an ordinary watch', async () => {
    for (let i = 0; i < 2; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.streamedAtOnce = 1
    const reflector = on.start()
    await eventually(() => expect(on.requests(isStream)).toHaveLength(1))
    on.api.sendToStreams(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '101' } } })}\n`)
    await reflector.listed
    expect(on.seen.size).toBe(2)
    expect(on.client.streamedLists.mayBeOffered).toBe(false)
  })

  it('counts a resource that the server does not know as listed, and finds it when it comes', async () => {
    on.api.absent.add(ROUTES)
    await on.start().listed
    expect(on.states.at(-1)).toMatchObject({ kind: 'absent' })
    on.api.absent.clear()
    on.api.put(ROUTES, route('a'))
    await on.clock.advance(1_000)
    await eventually(() => expect(on.seen.size).toBe(1))
  })

  it('waits for a watch that is silent for 90 s, as one without a list', async () => {
    await on.start().listed
    await on.clock.advance(89_000)
    expect(on.requests(isWatch)).toHaveLength(0)
    await on.clock.advance(1_500)
    await eventually(() => expect(on.requests(isWatch)).toHaveLength(1))
    expect(on.states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it('ends a list that comes when it is stopped', async () => {
    for (let i = 0; i < 200; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.streamedAtOnce = 120
    const reflector = on.start()
    await eventually(() => expect(on.seen.size).toBeGreaterThanOrEqual(50))
    on.stop.abort()
    await on.ended()
    expect(reflector.state).toEqual({ kind: 'stopped' })
    expect(reflector.hasListed).toBe(false)
  })
})
