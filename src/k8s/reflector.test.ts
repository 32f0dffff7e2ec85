import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import type { SeenRequest } from '../../test/support/fake-kube-api.js'
import { Reflected, ROUTES, route } from '../../test/support/reflected.js'
import { objectKey } from '../util/object-ref.js'
import { silentLog } from './log.js'

const isWatch = (request: SeenRequest): boolean => request.query.get('watch') === 'true'
const isList = (request: SeenRequest): boolean => request.method === 'GET' && !isWatch(request)

describe('Reflector', () => {
  let on: Reflected

  beforeEach(async () => {
    on = await Reflected.create()
    // Lists in pages; reflector-streamed.test.ts has the others.
    on.client.streamedLists.refused()
  })

  afterEach(() => on.close())

  it('lists in pages, hands over what it has before the end, and watches from there with bookmarks', async () => {
    for (let i = 0; i < 601; i++) on.api.put(ROUTES, route(`r${i}`))
    await on.start().listed
    expect(on.seen.size).toBe(601)
    // Slices of 25, and what is left of each page.
    expect(on.calls).toHaveLength(10 + 10 + 5)
    expect(on.requests(isList)).toHaveLength(3)
    await on.watching()
    const query = on.requests(isWatch)[0]?.query
    expect(query?.get('allowWatchBookmarks')).toBe('true')
    expect(Number(query?.get('timeoutSeconds'))).toBe(450)
  })

  it('follows additions, changes and deletions', async () => {
    on.api.put(ROUTES, route('a'))
    await on.start().listed
    await on.watching()
    on.api.put(ROUTES, route('b'))
    on.api.put(ROUTES, route('a', { x: 1 }))
    await eventually(() => expect(on.seen.get('shop/a')?.spec).toEqual({ x: 1 }))
    on.api.remove(ROUTES, 'shop', 'b')
    await eventually(() => expect([...on.seen.keys()]).toEqual(['shop/a']))
  })

  it('takes objects over that another one has handed over: what exists is told again, what is missing in the list went away', async () => {
    on.api.put(ROUTES, route('a'))
    const reflector = on.start({ adopted: [objectKey('shop', 'a'), objectKey('shop', 'gone')] })
    await reflector.listed
    expect(on.calls).toEqual(['+a -', '+ -shop/gone'])
    expect(reflector.keys).toEqual(['shop/a'])
  })

  it('ignores an event that it has seen already', async () => {
    const object = on.api.put(ROUTES, route('a'))
    await on.start().listed
    await on.watching()
    on.api.sendRaw(`${JSON.stringify({ type: 'MODIFIED', object })}\n`)
    on.api.put(ROUTES, route('b'))
    await eventually(() => expect(on.seen.has('shop/b')).toBe(true))
    expect(on.calls).toEqual(['+a -', '+b -'])
  })

  it('goes on from the last bookmark without a list when the server ends the watch', async () => {
    await on.start().listed
    await on.watching()
    on.clock.nowMs = 400_000
    on.api.put('/api/v1/services', { metadata: { name: 'elsewhere', namespace: 'shop' } })
    on.api.bookmark()
    await new Promise((resolve) => setTimeout(resolve, 20))
    on.api.endWatches()
    await eventually(() => expect(on.requests(isWatch)).toHaveLength(2))
    expect(on.requests(isList)).toHaveLength(1)
    expect(Number(on.requests(isWatch)[1]?.query.get('resourceVersion'))).toBeGreaterThan(
      Number(on.requests(isWatch)[0]?.query.get('resourceVersion')),
    )
  })

  it('lists again after 410 in the middle of a watch and reports what went away meanwhile', async () => {
    on.api.put(ROUTES, route('a'))
    on.api.put(ROUTES, route('b'))
    await on.start().listed
    await on.watching()
    // The connection is gone for so long that the history is forgotten.
    on.api.plan({ status: 410, reason: 'Expired' }, isWatch)
    on.api.endWatches('reset')
    await on.waitingFor('disconnected')
    on.api.remove(ROUTES, 'shop', 'b')
    on.api.put(ROUTES, route('c'))
    await on.clock.advance(1_000)
    await on.waitingFor('expired')
    await on.clock.advance(2_000)
    await eventually(() => expect([...on.seen.keys()].sort()).toEqual(['shop/a', 'shop/c']))
    // The object that did not change is not handed over again.
    expect(on.calls).toEqual(['+a,b -', '+c -shop/b'])
  })

  it('lists again at once when the server does not go on from before, and hands over what has the same version, too', async () => {
    on.api.put(ROUTES, route('a'))
    on.api.put(ROUTES, route('b'))
    await on.start().listed
    await on.watching()
    on.api.remove(ROUTES, 'shop', 'b')
    await eventually(() => expect(on.seen.size).toBe(1))
    on.client.history.broken()
    await eventually(() => expect(on.calls).toEqual(['+a,b -', '+ -shop/b', '+a -']))
    on.api.put(ROUTES, route('c'))
    await eventually(() => expect(on.seen.has('shop/c')).toBe(true))
    expect(on.clock.sleeping).toBeLessThanOrEqual(1)
  })

  it('takes 410 as an event of the watch for what it is', async () => {
    await on.start().listed
    await on.watching()
    on.api.sendRaw(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`)
    await on.waitingFor('expired')
    await on.clock.advance(1_000)
    await eventually(() => expect(on.requests(isList)).toHaveLength(2))
  })

  it('asks for the next page before it hands over the one that came', async () => {
    for (let i = 0; i < 600; i++) on.api.put(ROUTES, route(`r${i}`))
    const asked: number[] = []
    const json = on.client.json.bind(on.client)
    let pages = 0
    on.client.json = (...args) => {
      pages++
      return json(...args)
    }
    await on.start({ onChanges: () => asked.push(pages) }).listed
    // While the first page is handed over the second is under way, and nothing follows the third.
    expect(asked).toEqual([...Array<number>(10).fill(2), ...Array<number>(10 + 4).fill(3)])
  })

  it('starts the list over when a continue token has expired, and takes back what has gone meanwhile', async () => {
    for (let i = 0; i < 600; i++) on.api.put(ROUTES, route(`r${i}`))
    on.api.plan({ status: 410, reason: 'Expired' }, (request) => request.query.has('continue'))
    const reflector = on.start()
    await eventually(() => expect(on.clock.sleeping).toBe(1))
    expect(reflector.hasListed).toBe(false)
    expect(on.seen.size).toBe(250)
    on.api.remove(ROUTES, 'shop', 'r0')
    await on.clock.advance(1_000)
    await reflector.listed
    expect(on.seen.size).toBe(599)
    expect(on.seen.has('shop/r0')).toBe(false)
  })

  it('hands over what a later list brings in one call', async () => {
    for (let i = 0; i < 600; i++) on.api.put(ROUTES, route(`r${i}`))
    await on.start().listed
    await on.watching()
    on.calls.length = 0
    on.api.plan({ status: 410, reason: 'Expired' }, isWatch)
    on.api.endWatches('reset')
    await on.waitingFor('disconnected')
    for (let i = 0; i < 600; i++) on.api.put(ROUTES, route(`r${i}`, { x: 1 }))
    on.api.remove(ROUTES, 'shop', 'r7')
    await on.clock.advance(1_000)
    await on.waitingFor('expired')
    await on.clock.advance(2_000)
    await on.watching()
    expect(on.seen.size).toBe(599)
    expect(on.calls).toHaveLength(1)
  })

  it('waits as long as the server asks with Retry-After', async () => {
    on.api.plan({ status: 429, reason: 'TooManyRequests', retryAfter: 7 }, isList)
    on.start()
    await on.waitingFor('throttled', 7_000)
  })

  it.each([
    { name: 'errors of the server', fault: { status: 500 }, reason: 'refused' },
    { name: 'a reset connection', fault: 'reset', reason: 'disconnected' },
    { name: 'missing permission', fault: { status: 403, reason: 'Forbidden' }, reason: 'forbidden' },
    { name: 'refused credentials', fault: { status: 401, reason: 'Unauthorized' }, reason: 'unauthorized' },
  ] as const)('waits longer and longer on $name, and comes back', async ({ fault, reason }) => {
    on.api.put(ROUTES, route('a'))
    // A refused credential is tried again at once with a fresh one.
    on.api.plan(fault, isList, reason === 'unauthorized' ? 6 : 3)
    const reflector = on.start()
    for (const wait of [800, 1_600, 3_200]) {
      await eventually(() => expect(on.clock.sleeps.at(-1)).toBe(wait))
      expect(on.states.at(-1)).toMatchObject({ kind: 'waiting', failure: { reason } })
      await on.clock.advance(wait)
    }
    await reflector.listed
    expect(on.seen.size).toBe(1)
  })

  it('is back within ten seconds of a server that was away, however long', async () => {
    on.api.plan('reset', isList, 10)
    on.api.plan({ status: 503 }, isList, 10)
    on.api.plan({ status: 410, reason: 'Expired' }, isList)
    on.start()
    for (let attempt = 1; attempt <= 20; attempt++) {
      await eventually(() => expect(on.clock.sleeps).toHaveLength(attempt))
      await on.clock.advance(on.clock.sleeps.at(-1) ?? 0)
    }
    expect(Math.max(...on.clock.sleeps)).toBe(8_000)
    // What it knew has expired meanwhile: that is told at once, and answered with a new list.
    await eventually(() => expect(on.clock.sleeps).toHaveLength(21))
    expect(on.clock.sleeps.at(-1)).toBe(800)
  })

  it('tells of the same failure ever more seldom', async () => {
    const told: string[] = []
    on.api.plan({ status: 403, reason: 'Forbidden' }, isList, 16)
    on.start({ log: { ...silentLog, warn: (_, message) => told.push(message) } })
    for (let attempt = 1; attempt <= 16; attempt++) {
      await eventually(() => expect(on.clock.sleeps).toHaveLength(attempt))
      await on.clock.advance(on.clock.sleeps.at(-1) ?? 0)
    }
    // The first, second, fourth, eighth and sixteenth time.
    expect(told).toHaveLength(5)
  })

  it.each([
    { name: 'a right', fault: { status: 403, reason: 'Forbidden' }, reason: 'forbidden' },
    { name: 'patience', fault: { status: 429, reason: 'TooManyRequests' }, reason: 'throttled' },
  ] as const)('does not tell that a server which has just started lacks $name, unless it goes on', async ({ fault, reason }) => {
    const told: string[] = []
    await on.start({ log: { ...silentLog, warn: (_, message) => told.push(message) } }).listed
    await on.watching()
    on.api.plan(fault, isWatch, 2)
    on.api.endWatches('reset')
    await on.waitingFor('disconnected')
    await on.clock.advance(1_000)
    await on.waitingFor(reason)
    expect(told.filter((message) => message.includes(`${fault.status}`))).toEqual([])
    await on.clock.advance(1_000)
    await on.waitingFor(reason, 1_600)
    expect(told.filter((message) => message.includes(`${fault.status}`))).toHaveLength(1)
  })

  it('keeps what it knows while the server is away', async () => {
    on.api.put(ROUTES, route('a'))
    await on.start().listed
    await on.watching()
    on.api.plan({ status: 403, reason: 'Forbidden' }, () => true, 1_000)
    on.api.endWatches('reset')
    await eventually(() => expect(on.states.at(-1)?.kind).toBe('waiting'))
    await on.clock.advance(60_000)
    expect([...on.seen.keys()]).toEqual(['shop/a'])
  })

  it('asks again at once when a watch is silent for 90 s, as behind a half-open connection, however often', async () => {
    await on.start().listed
    await on.watching()
    for (let round = 1; round <= 5; round++) {
      await on.clock.advance(89_000)
      expect(on.requests(isWatch)).toHaveLength(round)
      await on.clock.advance(1_500)
      await eventually(() => expect(on.requests(isWatch)).toHaveLength(round + 1))
      await on.watching()
    }
    expect(on.requests(isList)).toHaveLength(1)
    expect(on.states.some(({ kind }) => kind === 'waiting')).toBe(false)
  })

  it('gives up a server that accepts the watch and never answers', async () => {
    await on.start().listed
    await on.watching()
    on.api.plan('hang', isWatch)
    on.clock.nowMs = 400_000
    on.api.endWatches()
    await eventually(() => expect(on.requests(isWatch)).toHaveLength(2))
    await on.clock.advance(91_000)
    await on.watching()
    expect(on.requests(isWatch)).toHaveLength(3)
  })

  it('does not spin when the server ends every watch at once', async () => {
    await on.start().listed
    await on.watching()
    on.api.endWatches()
    await on.waitingFor('disconnected')
    expect(on.requests(isWatch)).toHaveLength(1)
  })

  it('hands over what came before a line that is no JSON, and goes on from there', async () => {
    await on.start().listed
    await on.watching()
    const object = { ...route('a'), metadata: { name: 'a', namespace: 'shop', resourceVersion: '5000' } }
    on.api.sendRaw(`${JSON.stringify({ type: 'ADDED', object })}\n{"type":"ADD\n`)
    await on.waitingFor('disconnected')
    expect([...on.seen.keys()]).toEqual(['shop/a'])
    await on.clock.advance(1_000)
    await eventually(() => expect(on.requests(isWatch).at(-1)?.query.get('resourceVersion')).toBe('5000'))
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

  it('takes an answer that is no list for a failure, and not for the news that everything is gone', async () => {
    on.api.put(ROUTES, route('a'))
    await on.start().listed
    await on.watching()
    on.api.documents.set(ROUTES, {})
    on.api.plan({ status: 410, reason: 'Expired' }, isWatch)
    on.api.endWatches('reset')
    await on.waitingFor('disconnected')
    await on.clock.advance(1_000)
    await on.waitingFor('expired')
    await on.clock.advance(1_000)
    await on.waitingFor('disconnected')
    expect([...on.seen.keys()]).toEqual(['shop/a'])
    on.api.documents.clear()
    on.api.remove(ROUTES, 'shop', 'a')
    await on.clock.advance(2_000)
    await eventually(() => expect(on.seen.size).toBe(0))
  })

  it('believes 404 only after half a minute of it when it holds objects', async () => {
    on.api.put(ROUTES, route('a'))
    await on.start().listed
    await on.watching()
    on.api.absent.add(ROUTES)
    on.clock.nowMs = 400_000
    on.api.endWatches('close')
    for (const wait of [800, 1_600, 3_200, 6_400, 12_800]) {
      await on.waitingFor('absent', wait)
      expect(on.seen.size).toBe(1)
      await on.clock.advance(wait)
    }
    await eventually(() => expect(on.states.at(-1)).toMatchObject({ kind: 'absent' }))
    expect(on.seen.size).toBe(0)
  })

  it('starts with short waits again after two healthy minutes', async () => {
    on.api.plan({ status: 500 }, isList, 3)
    const reflector = on.start()
    for (const wait of [800, 1_600, 3_200]) {
      await eventually(() => expect(on.clock.sleeps.at(-1)).toBe(wait))
      await on.clock.advance(wait)
    }
    await reflector.listed
    await on.watching()
    on.clock.nowMs += 121_000
    on.api.plan({ status: 500 }, isWatch)
    on.api.endWatches()
    await eventually(() => expect(on.states.at(-1)).toMatchObject({ kind: 'waiting', waitMs: 800 }))
  })

  it('survives a receiver that throws', async () => {
    on.api.put(ROUTES, route('a'))
    let received = 0
    const reflector = on.start({
      onChanges: () => {
        received++
        throw new Error('broken receiver')
      },
    })
    await reflector.listed
    await on.watching()
    on.api.put(ROUTES, route('b'))
    await eventually(() => expect(received).toBe(2))
  })

  it('ends the watch on the server when it is stopped', async () => {
    const reflector = on.start()
    await on.watching()
    on.stop.abort()
    await on.ended()
    expect(reflector.state).toEqual({ kind: 'stopped' })
    await eventually(() => expect(on.api.watchers.size).toBe(0))
  })
})
