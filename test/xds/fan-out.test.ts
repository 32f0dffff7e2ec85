/** Many proxies of one group: each change is encoded once, nobody gets what does not concern it. */
import { describe, expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import { DEFAULT_BOUNDS } from '../../src/xds/server/bounds.js'
import type { ServerClock } from '../../src/xds/server/clock.js'
import { eventually } from '../support/eventually.js'
import { GROUP, serve } from './support/fixture.js'
import { cluster, endpoints, listener, scope } from './support/resources.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const LDS = TYPE_URL.listener
const SRDS = TYPE_URL.scopedRouteConfiguration
const STREAMS = 40

describe('many proxies', () => {
  it('a change is encoded once for all streams of a protocol, and costs each of them less than a kilobyte', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b')])
    const streams = Array.from({ length: STREAMS }, () => fixture.delta())
    for (const stream of streams) stream.send(EDS, { subscribe: ['a', 'b'] })
    for (const stream of streams) await stream.accept()
    const { counters } = fixture.server
    const before = {
      encodes: counters.encodes.get(EDS) ?? 0,
      responses: counters.responses.get(EDS) ?? 0,
      bytes: counters.bytes.get(EDS) ?? 0,
    }
    expect(before.encodes).toBe(2)
    fixture.apply(endpoints('a', 81))
    for (const stream of streams) expect((await stream.accept()).resources.map(({ name }) => name)).toEqual(['a'])
    expect((counters.encodes.get(EDS) ?? 0) - before.encodes).toBe(1)
    expect((counters.responses.get(EDS) ?? 0) - before.responses).toBe(STREAMS)
    expect(((counters.bytes.get(EDS) ?? 0) - before.bytes) / STREAMS).toBeLessThan(1_000)
  })

  it('unchanged clients that come back get no byte of clusters, listeners and scopes (A4 rows 12 and 13)', async () => {
    const made = [cluster('a'), cluster('b'), listener('l'), scope('s')]
    await using fixture = await serve(made)
    const versions = (typeUrl: string) =>
      Object.fromEntries(made.flatMap((one) => (one.typeUrl === typeUrl ? [[one.name, one.version]] : [])))
    const streams = Array.from({ length: STREAMS }, () => fixture.delta())
    for (const stream of streams) for (const typeUrl of [CDS, SRDS, LDS]) stream.send(typeUrl, { initialVersions: versions(typeUrl) })
    await eventually(() => expect(fixture.server.tracker.connectedProxies(GROUP)).toBe(STREAMS))
    await eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(1))
    expect([...fixture.server.counters.bytes.values()]).toEqual([])
  })

  it('whose waits end in the same moment are served after it, in turns', async () => {
    let now = 0
    const alarms = new Map<() => void, number>()
    const clock: ServerClock = {
      now: () => now,
      wallTime: () => new Date(now),
      after(milliseconds, callback) {
        alarms.set(callback, now + milliseconds)
        return () => alarms.delete(callback)
      },
    }
    await using fixture = await serve([endpoints('a')], { clock })
    const streams = Array.from({ length: 10 }, () => fixture.delta())
    for (const stream of streams) stream.send(EDS, { subscribe: ['a'] })
    for (const stream of streams) await stream.next()
    fixture.apply(endpoints('a', 81))
    await new Promise(setImmediate)
    const sent = () => fixture.server.counters.responses.get(EDS)
    expect(sent()).toBe(streams.length)
    // Nobody answers: each is to get the change all the same.
    now += DEFAULT_BOUNDS.silenceMs + 1
    for (const [alarm, at] of [...alarms]) if (at <= now && alarms.delete(alarm)) alarm()
    expect(sent()).toBe(streams.length)
    for (const stream of streams) expect((await stream.next()).resources).toHaveLength(1)
  })

  it('groups get their own resources only', async () => {
    const identities = new Map([
      ['a', 'group-a'],
      ['b', 'group-b'],
    ])
    await using fixture = await serve([], {
      authenticator: { authenticate: async ({ token = '' }) => ({ subject: token, groups: [identities.get(token) ?? 'none'] }) },
    })
    fixture.cache.apply('group-a', [{ typeUrl: CDS, name: 'of-a', resource: cluster('of-a') }])
    fixture.cache.apply('group-b', [{ typeUrl: CDS, name: 'of-b', resource: cluster('of-b') }])
    for (const [token, want] of [
      ['a', 'of-a'],
      ['b', 'of-b'],
    ] as const) {
      const stream = fixture.delta({ metadata: { authorization: `Bearer ${token}` } })
      stream.send(CDS, { subscribe: ['*', 'of-a', 'of-b'] })
      const response = await stream.accept()
      expect(response.resources.map(({ name }) => name)).toEqual([want])
      expect(response.removed).toHaveLength(1)
    }
  })
})
