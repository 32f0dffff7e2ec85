/** The delta protocol over real sockets, rule by rule: the numbers are those of the checklist in docs/reference/xds.md. */
import { describe, expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import { DEFAULT_BOUNDS } from '../../src/xds/server/bounds.js'
import { SnapshotCache } from '../../src/xds/snapshot-cache.js'
import { eventually } from '../support/eventually.js'
import type { Received } from './support/ads-client.js'
import { GROUP, serve } from './support/fixture.js'
import { cluster, drop, endpoints, listener, put, routes, scope, secret, virtualHost } from './support/resources.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const LDS = TYPE_URL.listener
const RDS = TYPE_URL.routeConfiguration
const SRDS = TYPE_URL.scopedRouteConfiguration
const VHDS = TYPE_URL.virtualHost

const names = ({ resources }: Received): string[] => resources.map(({ name }) => name).sort()
const versions = ({ resources }: Received): Record<string, string> =>
  Object.fromEntries(resources.map(({ name, version }) => [name, version]))

describe('A1.1 streams', () => {
  it('A1.1.1: a first request without a node is refused with INVALID_ARGUMENT', async () => {
    await using fixture = await serve()
    const stream = fixture.delta()
    stream.forgetNode()
    stream.send(CDS)
    expect(await stream.failure()).toMatchObject({ code: 3, details: 'the first request of a stream must say which node it is from' })
  })

  it('A1.1.1: later requests need no node', async () => {
    await using fixture = await serve([cluster('a'), listener('l')])
    const stream = fixture.delta()
    stream.send(CDS)
    await stream.accept()
    stream.send(LDS)
    expect(names(await stream.accept(LDS))).toEqual(['l'])
  })

  it('A1.1.2: the nonce of another type answers nothing', async () => {
    await using fixture = await serve([cluster('a'), endpoints('b')])
    const stream = fixture.delta()
    stream.send(CDS)
    const clusters = await stream.next(CDS)
    stream.send(EDS, { subscribe: ['b'] })
    await stream.next(EDS)
    stream.send(EDS, { nonce: clusters.nonce, error: 'not mine' })
    await stream.quiet()
    expect(fixture.server.rejected.list()).toEqual([])
    expect(fixture.server.tracker.proxies(Date.now())[0]?.types.every(({ acknowledgedAt }) => acknowledgedAt === undefined)).toBe(true)
  })

  it('A1.1.3: a spontaneous request without a nonce is no answer to the response before it', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    await stream.next(EDS)
    stream.send(EDS, { subscribe: ['b'] })
    expect(names(await stream.next(EDS))).toEqual(['b'])
    expect(fixture.server.tracker.proxies(Date.now())[0]?.types[0]?.acknowledgedAt).toBeUndefined()
  })

  it('A1.1.4: only error_detail makes a rejection, even with an empty message', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS)
    await stream.reject('', CDS)
    await eventually(() => expect(fixture.server.rejected.list()).toMatchObject([{ typeUrl: CDS, name: 'a' }]))
  })

  it('A1.1.5: a response that is not answered holds no other type up', async () => {
    await using fixture = await serve([cluster('a'), endpoints('e')])
    const stream = fixture.delta()
    stream.send(CDS)
    await stream.next(CDS)
    const began = performance.now()
    stream.send(EDS, { subscribe: ['e'] })
    expect(names(await stream.accept(EDS))).toEqual(['e'])
    fixture.apply(endpoints('e', 81))
    expect(names(await stream.accept(EDS))).toEqual(['e'])
    expect(performance.now() - began).toBeLessThan(DEFAULT_BOUNDS.answerMs / 2)
  })

  it('A1.1.6: a type that is not served gets no answer and does no harm to the stream', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send('type.googleapis.com/envoy.service.runtime.v3.Runtime', { subscribe: ['r'] })
    expect(await stream.quiet()).toEqual([])
    stream.send(CDS)
    expect(names(await stream.accept())).toEqual(['a'])
  })

  it('A1.1.7: nothing is sent before the cache is complete to a client that has something, and then everything', async () => {
    const cache = new SnapshotCache()
    await using fixture = await serve([cluster('a')], { cache })
    const stream = fixture.delta()
    stream.send(CDS, { initialVersions: { gone: '1' } })
    await fixture.connected()
    expect(await stream.quiet()).toEqual([])
    fixture.apply(cluster('b'))
    expect(await stream.quiet()).toEqual([])
    cache.markComplete()
    const response = await stream.accept()
    expect(names(response)).toEqual(['a', 'b'])
    expect(response.removed).toEqual(['gone'])
  })
})

describe('A1.3 subscriptions', () => {
  it('A1.3.1: names add up over requests', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b'), endpoints('c')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    expect(names(await stream.accept())).toEqual(['a'])
    stream.send(EDS, { subscribe: ['b'] })
    expect(names(await stream.accept())).toEqual(['b'])
    fixture.apply(endpoints('a', 81), endpoints('b', 81), endpoints('c', 81))
    expect(names(await stream.accept())).toEqual(['a', 'b'])
  })

  it('A1.3.1: a request with a stale nonce changes the subscription all the same', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b'), endpoints('c')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    await stream.accept()
    fixture.apply(endpoints('a', 81))
    await stream.next()
    stream.send(EDS, { subscribe: ['b'], unsubscribe: ['a'], nonce: 'stale' })
    expect(names(await stream.accept())).toEqual(['b'])
    fixture.apply(endpoints('a', 82))
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.2: a name that is subscribed again is sent again', async () => {
    await using fixture = await serve([endpoints('a')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    const first = await stream.accept()
    stream.send(EDS, { subscribe: ['a'] })
    expect(versions(await stream.accept())).toEqual(versions(first))
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.2: a name that is named twice in one request is sent once', async () => {
    await using fixture = await serve([endpoints('a')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a', 'a'] })
    expect(names(await stream.accept())).toEqual(['a'])
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.3: a name that does not exist is removed at once, and sent when it comes into being', async () => {
    await using fixture = await serve()
    const stream = fixture.delta()
    stream.send(RDS, { subscribe: ['later'] })
    expect(await stream.accept()).toMatchObject({ resources: [], removed: ['later'] })
    fixture.apply(routes('later', []))
    expect(names(await stream.accept())).toEqual(['later'])
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.3: a resource that is gone is removed, once', async () => {
    await using fixture = await serve([listener('a'), listener('b')])
    const stream = fixture.delta()
    stream.send(LDS)
    await stream.accept()
    fixture.apply(drop(listener('a')))
    expect(await stream.accept()).toMatchObject({ resources: [], removed: ['a'] })
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.3: what came and went before it could be sent is never mentioned', async () => {
    await using fixture = await serve([listener('a')])
    const stream = fixture.delta()
    stream.send(LDS)
    await stream.next()
    fixture.apply(listener('b'))
    fixture.apply(drop(listener('b')))
    stream.send(LDS, { nonce: '1' })
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.4: unsubscribing is not answered, and unknown names are ignored', async () => {
    await using fixture = await serve([endpoints('a')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    await stream.accept()
    stream.send(EDS, { unsubscribe: ['a', 'never'] })
    expect(await stream.quiet()).toEqual([])
    fixture.apply(endpoints('a', 81))
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.4: a name that is subscribed after it was unsubscribed is sent again', async () => {
    await using fixture = await serve([endpoints('a')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    await stream.accept()
    stream.send(EDS, { unsubscribe: ['a'] })
    stream.send(EDS, { subscribe: ['a'] })
    expect(names(await stream.accept())).toEqual(['a'])
  })

  it('A1.3.5: unsubscribing a name that the wildcard covers is answered with the resource', async () => {
    await using fixture = await serve([cluster('a'), cluster('b')])
    const stream = fixture.delta()
    stream.send(CDS, { subscribe: ['*', 'a'] })
    expect(names(await stream.accept())).toEqual(['a', 'b'])
    stream.send(CDS, { unsubscribe: ['a'] })
    expect(names(await stream.accept())).toEqual(['a'])
    fixture.apply(cluster('a', { content: 2 }))
    expect(names(await stream.accept())).toEqual(['a'])
  })

  it('A1.3.5: unsubscribing a name beside the wildcard is answered with a removal if it does not exist', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS, { subscribe: ['*', 'missing'] })
    expect(await stream.accept()).toMatchObject({ removed: ['missing'] })
    stream.send(CDS, { unsubscribe: ['missing'] })
    expect(await stream.accept()).toMatchObject({ resources: [], removed: ['missing'] })
  })

  it.each([
    { wildcard: 'the legacy one, an empty first request', request: {} },
    { wildcard: '*', request: { subscribe: ['*'] } },
  ])('A1.3.6: the wildcard gets everything: $wildcard', async ({ request }) => {
    await using fixture = await serve([cluster('a'), cluster('b')])
    const stream = fixture.delta()
    stream.send(CDS, request)
    expect(names(await stream.accept())).toEqual(['a', 'b'])
    fixture.apply(cluster('c'))
    expect(names(await stream.accept())).toEqual(['c'])
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.6: an empty request after a name was subscribed is no wildcard', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    await stream.accept()
    stream.send(EDS)
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.6: the wildcard can be given back while names stay', async () => {
    await using fixture = await serve([cluster('a'), cluster('b')])
    const stream = fixture.delta()
    stream.send(CDS, { subscribe: ['*', 'a'] })
    await stream.accept()
    stream.send(CDS, { unsubscribe: ['*'] })
    expect(await stream.quiet()).toEqual([])
    fixture.apply(cluster('a', { content: 2 }), cluster('b', { content: 2 }))
    expect(names(await stream.accept())).toEqual(['a'])
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.7: a first wildcard request is answered even when there is nothing', async () => {
    await using fixture = await serve()
    const stream = fixture.delta()
    stream.send(CDS)
    expect(await stream.accept()).toMatchObject({ typeUrl: CDS, resources: [], removed: [] })
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.11: no name is twice in a response, neither in both lists nor in one', async () => {
    await using fixture = await serve([cluster('a'), cluster('b')])
    const stream = fixture.delta()
    stream.send(CDS, { subscribe: ['*', 'a', 'a', 'x'], initialVersions: { gone: '1' } })
    const response = await stream.accept()
    const all = [...response.resources.map(({ name }) => name), ...response.removed]
    expect(all.sort()).toEqual(['a', 'b', 'gone', 'x'])
  })

  it('A1.3.12: a resource has the type of its response', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS)
    const response = await stream.accept()
    expect(response.resources.map(({ typeUrl }) => typeUrl)).toEqual([response.typeUrl])
  })

  it('A1.3.13: system_version_info is the revision of the group', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS)
    expect((await stream.accept()).version).toBe(String(fixture.cache.revision(GROUP)))
  })

  it('A1.3.15: virtual hosts come by wildcard and by name', async () => {
    await using fixture = await serve([virtualHost('edge/a.test'), virtualHost('edge/b.test')])
    const wildcard = fixture.delta()
    wildcard.send(VHDS)
    expect(names(await wildcard.accept())).toEqual(['edge/a.test', 'edge/b.test'])
    const one = fixture.delta()
    one.send(VHDS, { subscribe: ['edge/a.test', 'edge/none.test'] })
    const response = await one.accept()
    expect(names(response)).toEqual(['edge/a.test'])
    expect(response.removed).toEqual(['edge/none.test'])
    fixture.apply(drop(virtualHost('edge/b.test')))
    expect(await wildcard.accept()).toMatchObject({ removed: ['edge/b.test'] })
    expect(await one.quiet()).toEqual([])
  })
})

describe('A1.3 xdstp glob collections', () => {
  const collection = 'xdstp://headgate/envoy.config.route.v3.ScopedRouteConfiguration/edge'

  it('a glob gets the members of its collection and nothing else', async () => {
    await using fixture = await serve([scope(`${collection}/a`), scope(`${collection}/b`), scope(`${collection}2/c`), scope('plain')])
    const stream = fixture.delta()
    stream.send(SRDS, { subscribe: [`${collection}/*`] })
    expect(names(await stream.accept())).toEqual([`${collection}/a`, `${collection}/b`])
    fixture.apply(scope(`${collection}/d`), scope(`${collection}2/d`))
    expect(names(await stream.accept())).toEqual([`${collection}/d`])
    fixture.apply(drop(scope(`${collection}/a`)))
    expect(await stream.accept()).toMatchObject({ resources: [], removed: [`${collection}/a`] })
    stream.send(SRDS, { unsubscribe: [`${collection}/*`] })
    expect(await stream.quiet()).toEqual([])
    fixture.apply(drop(scope(`${collection}/b`)))
    expect(await stream.quiet()).toEqual([])
  })

  it('an empty collection is answered with its removal', async () => {
    await using fixture = await serve()
    const stream = fixture.delta()
    stream.send(SRDS, { subscribe: [`${collection}/*`] })
    expect(await stream.accept()).toMatchObject({ resources: [], removed: [`${collection}/*`] })
    fixture.apply(scope(`${collection}/a`))
    expect(names(await stream.accept())).toEqual([`${collection}/a`])
  })

  it('initial versions of members save sending them and find those that are gone', async () => {
    const kept = scope(`${collection}/a`)
    await using fixture = await serve([kept, scope(`${collection}/b`)])
    const stream = fixture.delta()
    stream.send(SRDS, {
      subscribe: [`${collection}/*`],
      initialVersions: { [kept.name]: kept.version, [`${collection}/old`]: '1', other: '1' },
    })
    const response = await stream.accept()
    expect(names(response)).toEqual([`${collection}/b`])
    expect(response.removed).toEqual([`${collection}/old`])
  })
})

describe('A1.3 reconnecting', () => {
  it.each([
    { type: 'clusters', made: cluster('a'), request: {} },
    { type: 'listeners', made: listener('a'), request: { subscribe: ['*'] } },
    { type: 'route configurations', made: routes('a', []), request: { subscribe: ['a'] } },
    { type: 'scopes', made: scope('a'), request: {} },
    { type: 'a wildcard together with the name', made: cluster('a'), request: { subscribe: ['*', 'a'] } },
  ])('A1.3.8: what the client has is not sent again: $type', async ({ made, request }) => {
    await using fixture = await serve([made])
    const stream = fixture.delta()
    stream.send(made.typeUrl, { ...request, initialVersions: { a: made.version } })
    await fixture.connected()
    expect(await stream.quiet()).toEqual([])
    expect(fixture.server.counters.bytes.get(made.typeUrl) ?? 0).toBe(0)
  })

  it('A1.3.8: only what differs is sent', async () => {
    await using fixture = await serve([cluster('a'), cluster('b'), cluster('c')])
    const stream = fixture.delta()
    stream.send(CDS, { initialVersions: { a: cluster('a').version, b: 'old' } })
    expect(names(await stream.accept())).toEqual(['b', 'c'])
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.9: what the client has and does not exist any more is removed', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS, { initialVersions: { a: cluster('a').version, gone: '1' } })
    expect(await stream.accept()).toMatchObject({ resources: [], removed: ['gone'] })
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.9: listeners that are gone do not wait for clusters that are gone, nor the other way round', async () => {
    await using fixture = await serve()
    const stream = fixture.delta()
    stream.send(CDS, { initialVersions: { c: '1' } })
    stream.send(LDS, { initialVersions: { l: '1' } })
    expect(await stream.accept(LDS)).toMatchObject({ removed: ['l'] })
    expect(await stream.accept(CDS)).toMatchObject({ removed: ['c'] })
  })

  it.each([
    { type: 'endpoints', made: endpoints('a') },
    { type: 'secrets', made: secret('a') },
  ])('A1.3.10: small resources that Envoy may have lost are sent again: $type', async ({ made }) => {
    await using fixture = await serve([made])
    const stream = fixture.delta()
    stream.send(made.typeUrl, { subscribe: ['a'], initialVersions: { a: made.version } })
    await fixture.connected()
    expect(names(await stream.accept())).toEqual(['a'])
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.8: a resource that changed while the client was away is sent; several streams of one node are independent', async () => {
    await using fixture = await serve([cluster('a')])
    const first = fixture.delta()
    first.send(CDS)
    const { resources } = await first.accept()
    const second = fixture.delta()
    second.send(CDS, { initialVersions: { a: resources[0]?.version ?? '' } })
    await fixture.connected(2)
    expect(await second.quiet()).toEqual([])
    fixture.apply(cluster('a', { content: 2 }))
    expect(names(await first.accept())).toEqual(['a'])
    expect(names(await second.accept())).toEqual(['a'])
    first.cancel()
    fixture.apply(cluster('a', { content: 3 }))
    expect(names(await second.accept())).toEqual(['a'])
  })
})

describe('A1.3 rejections', () => {
  it('A1.3.14: a rejected version is not sent again, a later one is', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS)
    await stream.accept()
    fixture.apply(cluster('a', { content: 2 }))
    await stream.reject('Error adding/updating cluster(s) a: no')
    expect(await stream.quiet()).toEqual([])
    fixture.apply(cluster('b'))
    expect(names(await stream.accept())).toEqual(['b'])
    fixture.apply(cluster('a', { content: 3 }))
    expect(names(await stream.accept())).toEqual(['a'])
  })

  it('A1.3.14: going back to what the client runs sends nothing', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS)
    await stream.accept()
    fixture.apply(cluster('a', { content: 2 }))
    await stream.reject('no')
    await stream.quiet()
    fixture.apply(cluster('a'))
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.3.14: a client that comes back does not get the version that it rejected', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.delta()
    stream.send(CDS)
    await stream.accept()
    fixture.apply(put(cluster('a', { content: 2 })))
    await stream.reject('no')
    await stream.quiet()
    const again = fixture.delta()
    again.send(CDS, { initialVersions: { a: cluster('a').version } })
    expect(await again.quiet()).toEqual([])
  })
})
