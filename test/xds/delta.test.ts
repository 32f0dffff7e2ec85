/** The delta protocol over real sockets, rule by rule: "A1.3" and so on name the section of the protocol checklist in docs/reference/xds.md. */
import { describe, expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import type { Received } from './support/ads-client.js'
import { serve } from './support/fixture.js'
import { cluster, drop, endpoints, listener, routes } from './support/resources.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const RDS = TYPE_URL.routeConfiguration
const names = ({ resources }: Received): string[] => resources.map(({ name }) => name).sort()

describe('A1.3 subscriptions', () => {
  it('a legacy wildcard, an empty first request, gets everything', async () => {
    await using fixture = await serve([cluster('a'), cluster('b')])
    const stream = fixture.delta()
    stream.send(CDS)
    expect(names(await stream.accept())).toEqual(['a', 'b'])
    fixture.apply(cluster('c'))
    expect(names(await stream.accept())).toEqual(['c'])
    expect(await stream.quiet()).toEqual([])
  })

  it('the wildcard * gets everything', async () => {
    await using fixture = await serve([cluster('a'), cluster('b')])
    const stream = fixture.delta()
    stream.send(CDS, { subscribe: ['*'] })
    expect(names(await stream.accept())).toEqual(['a', 'b'])
  })

  it('a first wildcard request is answered even when there is nothing', async () => {
    await using fixture = await serve()
    const stream = fixture.delta()
    stream.send(CDS)
    expect(await stream.accept()).toMatchObject({ typeUrl: CDS, resources: [], removed: [] })
    expect(await stream.quiet()).toEqual([])
  })

  it('an explicit subscription gets its names only', async () => {
    await using fixture = await serve([endpoints('a'), endpoints('b')])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['a'] })
    expect(names(await stream.accept())).toEqual(['a'])
    fixture.apply(endpoints('b', 81))
    expect(await stream.quiet()).toEqual([])
    fixture.apply(endpoints('a', 81))
    expect(names(await stream.accept())).toEqual(['a'])
  })

  it('a name that does not exist is removed at once, and sent when it comes into being', async () => {
    await using fixture = await serve()
    const stream = fixture.delta()
    stream.send(RDS, { subscribe: ['later'] })
    expect(await stream.accept()).toMatchObject({ resources: [], removed: ['later'] })
    fixture.apply(routes('later', []))
    expect(names(await stream.accept())).toEqual(['later'])
  })

  it('a resource that is gone is removed', async () => {
    await using fixture = await serve([listener('a'), listener('b')])
    const stream = fixture.delta()
    stream.send(TYPE_URL.listener)
    await stream.accept()
    fixture.apply(drop(listener('a')))
    expect(await stream.accept()).toMatchObject({ resources: [], removed: ['a'] })
    expect(await stream.quiet()).toEqual([])
  })
})
