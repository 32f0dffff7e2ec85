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
const resource = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'httproutes' }
const route = (name: string, spec: object = {}): RawObject => ({ metadata: { name, namespace: 'shop' }, spec })
const isWatch = (request: SeenRequest): boolean => request.query.get('watch') === 'true'
const isList = (request: SeenRequest): boolean => request.method === 'GET' && !isWatch(request)

describe('Reflector', () => {
  let api: FakeKubeApi
  let clock: FakeClock
  let stop: AbortController
  let client: KubeClient
  let seen: Map<string, RawObject>
  let calls: string[]
  let states: ReflectorState[]
  let running: Promise<void>

  const start = (more: Partial<ReflectorOptions> = {}): Reflector => {
    const reflector = new Reflector({
      client,
      clock,
      log: silentLog,
      resource,
      onChanges: (changed, removed) => {
        for (const object of changed) seen.set(`${object.metadata.namespace}/${object.metadata.name}`, object)
        for (const key of removed) seen.delete(key)
        calls.push(`+${changed.map((object) => object.metadata.name).join(',')} -${removed.join(',')}`)
      },
      onState: (state) => states.push(state),
      ...more,
    })
    running = reflector.start(stop.signal)
    return reflector
  }
  const watching = (): Promise<void> => eventually(() => expect(api.watchers.size).toBe(1))
  const requests = (kind: (request: SeenRequest) => boolean): SeenRequest[] => api.requests.filter(kind)

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    clock = new FakeClock()
    stop = new AbortController()
    client = new KubeClient(api.credentials, 'test')
    // Lists in pages; reflector-streamed.test.ts has the others.
    client.streamedLists.refused()
    seen = new Map()
    calls = []
    states = []
  })

  afterEach(async () => {
    stop.abort()
    await running
    client.close()
    await api.close()
  })

  it('lists in pages, hands over what it has before the end, and watches from there with bookmarks', async () => {
    for (let i = 0; i < 601; i++) api.put(ROUTES, route(`r${i}`))
    await start().listed
    expect(seen.size).toBe(601)
    // Slices of 25, and what is left of each page.
    expect(calls).toHaveLength(10 + 10 + 5)
    expect(requests(isList)).toHaveLength(3)
    await watching()
    const query = requests(isWatch)[0]?.query
    expect(query?.get('allowWatchBookmarks')).toBe('true')
    expect(Number(query?.get('timeoutSeconds'))).toBe(450)
  })

  it('follows additions, changes and deletions', async () => {
    api.put(ROUTES, route('a'))
    await start().listed
    await watching()
    api.put(ROUTES, route('b'))
    api.put(ROUTES, route('a', { x: 1 }))
    await eventually(() => expect(seen.get('shop/a')?.spec).toEqual({ x: 1 }))
    api.remove(ROUTES, 'shop', 'b')
    await eventually(() => expect([...seen.keys()]).toEqual(['shop/a']))
  })

  it('ignores an event that it has seen already', async () => {
    const object = api.put(ROUTES, route('a'))
    await start().listed
    await watching()
    api.sendRaw(`${JSON.stringify({ type: 'MODIFIED', object })}\n`)
    api.put(ROUTES, route('b'))
    await eventually(() => expect(seen.has('shop/b')).toBe(true))
    expect(calls).toEqual(['+a -', '+b -'])
  })

  it('goes on from the last bookmark without a list when the server ends the watch', async () => {
    await start().listed
    await watching()
    clock.nowMs = 400_000
    api.put('/api/v1/services', { metadata: { name: 'elsewhere', namespace: 'shop' } })
    api.bookmark()
    await new Promise((resolve) => setTimeout(resolve, 20))
    api.endWatches()
    await eventually(() => expect(requests(isWatch)).toHaveLength(2))
    expect(requests(isList)).toHaveLength(1)
    expect(Number(requests(isWatch)[1]?.query.get('resourceVersion'))).toBeGreaterThan(
      Number(requests(isWatch)[0]?.query.get('resourceVersion')),
    )
  })

  it('lists again after 410 in the middle of a watch and reports what went away meanwhile', async () => {
    api.put(ROUTES, route('a'))
    api.put(ROUTES, route('b'))
    await start().listed
    await watching()
    // The connection is gone for so long that the history is forgotten.
    api.plan({ status: 410, reason: 'Expired' }, isWatch)
    api.endWatches('reset')
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'disconnected' } }))
    api.remove(ROUTES, 'shop', 'b')
    api.put(ROUTES, route('c'))
    await clock.advance(1_000)
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'expired' } }))
    await clock.advance(2_000)
    await eventually(() => expect([...seen.keys()].sort()).toEqual(['shop/a', 'shop/c']))
    // The object that did not change is not handed over again.
    expect(calls).toEqual(['+a,b -', '+c -shop/b'])
  })

  it('takes 410 as an event of the watch for what it is', async () => {
    await start().listed
    await watching()
    api.sendRaw(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`)
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'expired' } }))
    await clock.advance(1_000)
    await eventually(() => expect(requests(isList)).toHaveLength(2))
  })

  it('asks for the next page before it hands over the one that came', async () => {
    for (let i = 0; i < 600; i++) api.put(ROUTES, route(`r${i}`))
    const asked: number[] = []
    const json = client.json.bind(client)
    let pages = 0
    client.json = (...args) => {
      pages++
      return json(...args)
    }
    await start({ onChanges: () => asked.push(pages) }).listed
    // While the first page is handed over the second is under way, and nothing follows the third.
    expect(asked).toEqual([...Array<number>(10).fill(2), ...Array<number>(10 + 4).fill(3)])
  })

  it('starts the list over when a continue token has expired, and takes back what has gone meanwhile', async () => {
    for (let i = 0; i < 600; i++) api.put(ROUTES, route(`r${i}`))
    api.plan({ status: 410, reason: 'Expired' }, (request) => request.query.has('continue'))
    const reflector = start()
    await eventually(() => expect(clock.sleeping).toBe(1))
    expect(reflector.hasListed).toBe(false)
    expect(seen.size).toBe(250)
    api.remove(ROUTES, 'shop', 'r0')
    await clock.advance(1_000)
    await reflector.listed
    expect(seen.size).toBe(599)
    expect(seen.has('shop/r0')).toBe(false)
  })

  it('hands over what a later list brings in one call', async () => {
    for (let i = 0; i < 600; i++) api.put(ROUTES, route(`r${i}`))
    await start().listed
    await watching()
    calls.length = 0
    api.plan({ status: 410, reason: 'Expired' }, isWatch)
    api.endWatches('reset')
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'disconnected' } }))
    for (let i = 0; i < 600; i++) api.put(ROUTES, route(`r${i}`, { x: 1 }))
    api.remove(ROUTES, 'shop', 'r7')
    await clock.advance(1_000)
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'expired' } }))
    await clock.advance(2_000)
    await watching()
    expect(seen.size).toBe(599)
    expect(calls).toHaveLength(1)
  })

  it('waits as long as the server asks with Retry-After', async () => {
    api.plan({ status: 429, reason: 'TooManyRequests', retryAfter: 7 }, isList)
    start()
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'throttled' }, waitMs: 7_000 }))
  })

  it.each([
    { name: 'errors of the server', fault: { status: 500 }, reason: 'refused' },
    { name: 'a reset connection', fault: 'reset', reason: 'disconnected' },
    { name: 'missing permission', fault: { status: 403, reason: 'Forbidden' }, reason: 'forbidden' },
    { name: 'refused credentials', fault: { status: 401, reason: 'Unauthorized' }, reason: 'unauthorized' },
  ] as const)('waits longer and longer on $name, and comes back', async ({ fault, reason }) => {
    api.put(ROUTES, route('a'))
    // A refused credential is tried again at once with a fresh one.
    api.plan(fault, isList, reason === 'unauthorized' ? 6 : 3)
    const reflector = start()
    for (const wait of [800, 1_600, 3_200]) {
      await eventually(() => expect(clock.sleeps.at(-1)).toBe(wait))
      expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason } })
      await clock.advance(wait)
    }
    await reflector.listed
    expect(seen.size).toBe(1)
  })

  it('is back within ten seconds of a server that was away, however long', async () => {
    api.plan('reset', isList, 10)
    api.plan({ status: 503 }, isList, 10)
    api.plan({ status: 410, reason: 'Expired' }, isList)
    start()
    for (let attempt = 1; attempt <= 20; attempt++) {
      await eventually(() => expect(clock.sleeps).toHaveLength(attempt))
      await clock.advance(clock.sleeps.at(-1) ?? 0)
    }
    expect(Math.max(...clock.sleeps)).toBe(8_000)
    // What it knew has expired meanwhile: that is told at once, and answered with a new list.
    await eventually(() => expect(clock.sleeps).toHaveLength(21))
    expect(clock.sleeps.at(-1)).toBe(800)
  })

  it('tells of the same failure ever more seldom', async () => {
    const told: string[] = []
    api.plan({ status: 403, reason: 'Forbidden' }, isList, 16)
    start({ log: { ...silentLog, warn: (_, message) => told.push(message) } })
    for (let attempt = 1; attempt <= 16; attempt++) {
      await eventually(() => expect(clock.sleeps).toHaveLength(attempt))
      await clock.advance(clock.sleeps.at(-1) ?? 0)
    }
    // The first, second, fourth, eighth and sixteenth time.
    expect(told).toHaveLength(5)
  })

  it('keeps what it knows while the server is away', async () => {
    api.put(ROUTES, route('a'))
    await start().listed
    await watching()
    api.plan({ status: 403, reason: 'Forbidden' }, () => true, 1_000)
    api.endWatches('reset')
    await eventually(() => expect(states.at(-1)?.kind).toBe('waiting'))
    await clock.advance(60_000)
    expect([...seen.keys()]).toEqual(['shop/a'])
  })

  it('asks again at once when a watch is silent for 90 s, as behind a half-open connection, however often', async () => {
    await start().listed
    await watching()
    for (let round = 1; round <= 5; round++) {
      await clock.advance(89_000)
      expect(requests(isWatch)).toHaveLength(round)
      await clock.advance(1_500)
      await eventually(() => expect(requests(isWatch)).toHaveLength(round + 1))
      await watching()
    }
    expect(requests(isList)).toHaveLength(1)
    expect(states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it('gives up a server that accepts the watch and never answers', async () => {
    await start().listed
    await watching()
    api.plan('hang', isWatch)
    clock.nowMs = 400_000
    api.endWatches()
    await eventually(() => expect(requests(isWatch)).toHaveLength(2))
    await clock.advance(91_000)
    await watching()
    expect(requests(isWatch)).toHaveLength(3)
  })

  it('does not spin when the server ends every watch at once', async () => {
    await start().listed
    await watching()
    api.endWatches()
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'disconnected' } }))
    expect(requests(isWatch)).toHaveLength(1)
  })

  it('hands over what came before a line that is no JSON, and goes on from there', async () => {
    await start().listed
    await watching()
    const object = { ...route('a'), metadata: { name: 'a', namespace: 'shop', resourceVersion: '5000' } }
    api.sendRaw(`${JSON.stringify({ type: 'ADDED', object })}\n{"type":"ADD\n`)
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'disconnected' } }))
    expect([...seen.keys()]).toEqual(['shop/a'])
    await clock.advance(1_000)
    await eventually(() => expect(requests(isWatch).at(-1)?.query.get('resourceVersion')).toBe('5000'))
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

  it('believes only the second 404 when it holds objects', async () => {
    api.put(ROUTES, route('a'))
    await start().listed
    await watching()
    api.absent.add(ROUTES)
    clock.nowMs = 400_000
    api.endWatches('close')
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason: 'absent' } }))
    expect(seen.size).toBe(1)
    await clock.advance(1_000)
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'absent' }))
    expect(seen.size).toBe(0)
  })

  it('starts with short waits again after two healthy minutes', async () => {
    api.plan({ status: 500 }, isList, 3)
    const reflector = start()
    for (const wait of [800, 1_600, 3_200]) {
      await eventually(() => expect(clock.sleeps.at(-1)).toBe(wait))
      await clock.advance(wait)
    }
    await reflector.listed
    await watching()
    clock.nowMs += 121_000
    api.plan({ status: 500 }, isWatch)
    api.endWatches()
    await eventually(() => expect(states.at(-1)).toMatchObject({ kind: 'waiting', waitMs: 800 }))
  })

  it('survives a receiver that throws', async () => {
    api.put(ROUTES, route('a'))
    let received = 0
    const reflector = start({
      onChanges: () => {
        received++
        throw new Error('broken receiver')
      },
    })
    await reflector.listed
    await watching()
    api.put(ROUTES, route('b'))
    await eventually(() => expect(received).toBe(2))
  })

  it('ends the watch on the server when it is stopped', async () => {
    const reflector = start()
    await watching()
    stop.abort()
    await running
    expect(reflector.state).toEqual({ kind: 'stopped' })
    await eventually(() => expect(api.watchers.size).toBe(0))
  })
})
