/** The state-of-the-world protocol over real sockets, rule by rule: the numbers are those of the checklist in docs/reference/xds.md. */
import { describe, expect, it } from '@jest/globals'
import { decode } from '../../src/xds/message.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import type { Received } from './support/ads-client.js'
import { serve } from './support/fixture.js'
import { cluster, drop, endpoints, listener, routes, scope } from './support/resources.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const LDS = TYPE_URL.listener
const RDS = TYPE_URL.routeConfiguration

/** The names inside the resources: the protocol has no others. */
function names({ typeUrl, resources }: Received): string[] {
  return resources
    .map(({ value }) => {
      if (typeUrl === EDS) return decode('envoy.config.endpoint.v3.ClusterLoadAssignment', value).clusterName ?? ''
      return decode('envoy.config.cluster.v3.Cluster', value).name ?? '' // every other type has its name in the same field
    })
    .sort()
}

describe('A1.2 state of the world', () => {
  it('A1.2.1: the version belongs to the content of the type, and survives a restart of the server', async () => {
    await using one = await serve([cluster('a'), cluster('b')])
    await using other = await serve([cluster('b'), cluster('a')])
    const versions = await Promise.all(
      [one, other].map(async (fixture) => {
        const stream = fixture.sotw()
        stream.send(CDS)
        return (await stream.accept()).version
      }),
    )
    expect(versions[0]).toBe(versions[1])
    expect(versions[0]).not.toBe('')
  })

  it('A1.2.1: a rejection names the version before it and is told by its error', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.sotw()
    stream.send(CDS)
    const { version } = await stream.accept()
    fixture.apply(cluster('bad'))
    await stream.reject('Error adding/updating cluster(s) bad: no', CDS, [], version)
    expect(await stream.quiet()).toEqual([])
    expect(fixture.server.rejected.list()).toMatchObject([{ name: 'bad', message: 'Error adding/updating cluster(s) bad: no' }])
    fixture.apply(cluster('c'))
    expect(names(await stream.accept())).toEqual(['a', 'c'])
  })

  it('A1.2.2: a request with a stale nonce is not answered, and its names are not taken over', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b'), endpoints('c')])
    const stream = fixture.sotw()
    stream.send(EDS, { names: ['a'] })
    const first = await stream.accept(EDS, ['a'])
    fixture.apply(endpoints('a', 81))
    const second = await stream.next(EDS)
    stream.send(EDS, { names: ['a', 'b'], version: first.version, nonce: first.nonce })
    expect(await stream.quiet()).toEqual([])
    stream.send(EDS, { names: ['a', 'c'], version: second.version, nonce: second.nonce })
    expect(names(await stream.accept(EDS, ['a', 'c']))).toEqual(['c'])
  })

  it('A1.2.2: a nonce of an earlier stream is not stale on a new one', async () => {
    await using fixture = await serve([endpoints('a')])
    const stream = fixture.sotw()
    stream.send(EDS, { names: ['a'], nonce: 'of another stream' })
    expect(names(await stream.accept(EDS, ['a']))).toEqual(['a'])
  })

  it('A1.2.3: names that are added under the current nonce are answered although nothing changed', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b')])
    const stream = fixture.sotw()
    stream.send(EDS, { names: ['a'] })
    const first = await stream.accept(EDS, ['a'])
    stream.send(EDS, { names: ['a', 'b'], version: first.version, nonce: first.nonce })
    expect(names(await stream.accept(EDS, ['a', 'b']))).toEqual(['b'])
  })

  it('A1.2.3: a name that is given back and taken again is sent again', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b')])
    const stream = fixture.sotw()
    stream.send(EDS, { names: ['a', 'b'] })
    const { nonce, version } = await stream.accept(EDS, ['a', 'b'])
    stream.send(EDS, { names: ['b'], nonce, version })
    expect(await stream.quiet()).toEqual([])
    stream.send(EDS, { names: ['a', 'b'], nonce, version })
    expect(names(await stream.accept(EDS, ['a', 'b']))).toEqual(['a'])
  })

  it.each([
    { type: 'clusters', make: (name: string, content?: number) => cluster(name, { content: content ?? 1 }) },
    { type: 'listeners', make: (name: string, content?: number) => listener(name, { content: content ?? 1 }) },
    { type: 'scopes', make: (name: string, content?: number) => scope(name, content === undefined ? [] : ['other']) },
  ])('A1.2.4: every response holds the full set, and an empty one deletes all: $type', async ({ make }) => {
    await using fixture = await serve([make('a'), make('b')])
    const { typeUrl } = make('a')
    const stream = fixture.sotw()
    stream.send(typeUrl)
    expect(names(await stream.accept())).toEqual(['a', 'b'])
    fixture.apply(make('a', 2))
    expect(names(await stream.accept())).toEqual(['a', 'b'])
    fixture.apply(drop(make('a')))
    expect(names(await stream.accept())).toEqual(['b'])
    fixture.apply(drop(make('b')))
    expect(names(await stream.accept())).toEqual([])
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.2.4: a first full response holds everything, however much that is', async () => {
    const many = Array.from({ length: 1_200 }, (_, index) => cluster(`c${index}`))
    await using fixture = await serve(many)
    const stream = fixture.sotw()
    stream.send(CDS)
    expect((await stream.accept()).resources).toHaveLength(1_200)
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.2.4: a first wildcard request is answered even when there is nothing', async () => {
    await using fixture = await serve()
    const stream = fixture.sotw()
    stream.send(LDS)
    expect(await stream.accept()).toMatchObject({ typeUrl: LDS, resources: [] })
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.2.4: clusters and listeners by name, as gRPC asks for them: the full set of the names', async () => {
    await using fixture = await serve([listener('a'), listener('b'), listener('c')])
    const stream = fixture.sotw()
    stream.send(LDS, { names: ['a', 'missing'] })
    const { nonce, version } = await stream.accept(LDS, ['a', 'missing'])
    stream.send(LDS, { names: ['a', 'b', 'missing'], nonce, version })
    expect(names(await stream.accept(LDS, ['a', 'b', 'missing']))).toEqual(['a', 'b'])
    fixture.apply(listener('c', { content: 2 }))
    expect(await stream.quiet()).toEqual([])
    fixture.apply(listener('missing'))
    expect(names(await stream.accept(LDS, ['a', 'b', 'missing']))).toEqual(['a', 'b', 'missing'])
  })

  it('A1.2.4: after a name was asked for, an empty list is no wildcard but nothing', async () => {
    await using fixture = await serve([listener('a')])
    const stream = fixture.sotw()
    stream.send(LDS, { names: ['a'] })
    const { nonce, version } = await stream.accept(LDS, ['a'])
    stream.send(LDS, { names: [], nonce, version })
    fixture.apply(listener('b'))
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.2.4: the wildcard *', async () => {
    await using fixture = await serve([cluster('a'), cluster('b')])
    const stream = fixture.sotw()
    stream.send(CDS, { names: ['*'] })
    expect(names(await stream.accept(CDS, ['*']))).toEqual(['a', 'b'])
    fixture.apply(cluster('c'))
    expect(names(await stream.accept(CDS, ['*']))).toEqual(['a', 'b', 'c'])
  })

  it('A1.2.5: other types get only what changed', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b')])
    const stream = fixture.sotw()
    stream.send(EDS, { names: ['a', 'b'] })
    expect(names(await stream.accept(EDS, ['a', 'b']))).toEqual(['a', 'b'])
    fixture.apply(endpoints('b', 81))
    expect(names(await stream.accept(EDS, ['a', 'b']))).toEqual(['b'])
    fixture.apply(drop(endpoints('a')))
    expect(await stream.quiet()).toEqual([])
  })

  it('A1.2.6 and A1.2.9: a name that does not exist is just absent, and sent as soon as it exists', async () => {
    await using fixture = await serve([routes('here', [])])
    const stream = fixture.sotw()
    stream.send(RDS, { names: ['here', 'later'] })
    expect(names(await stream.accept(RDS, ['here', 'later']))).toEqual(['here'])
    expect(await stream.quiet()).toEqual([])
    fixture.apply(routes('later', []))
    expect(names(await stream.accept(RDS, ['here', 'later']))).toEqual(['later'])
  })

  it('A1.2.6: nothing is sent for names that do not exist', async () => {
    await using fixture = await serve()
    const stream = fixture.sotw()
    stream.send(RDS, { names: ['later'] })
    await fixture.connected()
    expect(await stream.quiet()).toEqual([])
    fixture.apply(routes('later', []))
    expect(names(await stream.accept(RDS, ['later']))).toEqual(['later'])
  })

  it('A1.2.7: nothing is pushed when nothing changed', async () => {
    await using fixture = await serve([cluster('a')])
    const stream = fixture.sotw()
    stream.send(CDS)
    const { nonce, version } = await stream.accept()
    fixture.apply(cluster('a'))
    stream.send(CDS, { nonce, version })
    stream.send(CDS, { nonce, version })
    expect(await stream.quiet()).toEqual([])
    expect(fixture.server.counters.responses.get(CDS)).toBe(1)
  })

  it('A1.2.8: no name is twice in a response', async () => {
    await using fixture = await serve([endpoints('a')])
    const stream = fixture.sotw()
    stream.send(EDS, { names: ['a', 'a'] })
    expect(names(await stream.accept(EDS, ['a', 'a']))).toEqual(['a'])
  })
})
