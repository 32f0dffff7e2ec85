import { describe, expect, it } from '@jest/globals'
import { change, endpointsObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { GROUPS, PACKINGS, rejectingProxies, routeEverywhere, settle } from '../../test/support/rejecting-proxies.js'
import type { KubeObject } from '../provider/provider.js'
import { UnseenRoutes } from './unseen-routes.js'

const KEYS = ['HTTPRoute/n/r@n/a', 'HTTPRoute/n/r@n/b'] as const
const ROUTE = 'HTTPRoute/n/r'
const everything = (): boolean => true
const revisions = (): ReadonlyMap<string, number> => new Map([['n/a', 7]])

describe('UnseenRoutes', () => {
  it('keeps the generation that proxies had seen until the last of the rules is open, published and acknowledged', () => {
    const unseen = new UnseenRoutes()
    unseen.rules(ROUTE, KEYS[0], true, 1)
    unseen.rules(ROUTE, KEYS[1], true, 2)
    unseen.rules(ROUTE, KEYS[0], false, 2)
    unseen.published(revisions)
    expect(unseen.progress(everything)).toEqual([])
    expect([unseen.isClosed(ROUTE), unseen.seenGeneration(ROUTE)]).toEqual([true, 1])

    unseen.rules(ROUTE, KEYS[1], false, 2)
    expect(unseen.progress(everything)).toEqual([])
    unseen.published(revisions)
    expect(unseen.progress((group, revision) => group === 'n/a' && revision < 7)).toEqual([])
    expect([unseen.isClosed(ROUTE), unseen.seenGeneration(ROUTE)]).toEqual([false, 1])
    expect(unseen.progress(everything)).toEqual([ROUTE])
    expect(unseen.seenGeneration(ROUTE)).toBeUndefined()
  })

  it('begins anew where something is closed again before proxies saw it open', () => {
    const unseen = new UnseenRoutes()
    unseen.rules(ROUTE, KEYS[0], true, 1)
    unseen.rules(ROUTE, KEYS[0], false, 2)
    unseen.published(revisions)
    unseen.rules(ROUTE, KEYS[0], true, 2)
    expect(unseen.progress(everything)).toEqual([])
    unseen.rules(ROUTE, KEYS[0], false, 2)
    expect(unseen.progress(everything)).toEqual([])
    expect(unseen.seenGeneration(ROUTE)).toBe(1)
  })

  it('knows nothing of routes that were open always', () => {
    const unseen = new UnseenRoutes()
    unseen.rules(ROUTE, KEYS[0], false, 1)
    expect([unseen.isClosed(ROUTE), unseen.seenGeneration(ROUTE)]).toEqual([false, undefined])
  })
})

describe('a route that proxies refuse as soon as its backend is there', () => {
  it.each(PACKINGS.map((packing) => ({ packing })))('is held back, and its neighbours serve: $packing', async ({ packing }) => {
    const pair = await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })
    const on = await rejectingProxies(packing, GROUPS, pair)
    const settled = () => settle(on, [], () => ({ at: 0, waits: true, evidence: 'everybody' }))
    on.pipeline.changes([1, 2].map((i) => change(rewritingRoute(i, i === 2 ? '/bad' : '/good'))))
    await settled()
    const { quarantines, deliveries } = on.translation.inputs
    expect([...quarantines.entries()]).toEqual([])
    on.pipeline.changes([1, 2].flatMap((i) => [serviceObject(i), endpointsObject(i)]).map(change))
    await settled()
    expect(on.refused()).toEqual([])
    expect([...quarantines.entries()]).toMatchObject([['HTTPRoute/bench/route-2', { state: 'rejected' }]])
    expect([1, 2].map((i) => deliveries.get(`HTTPRoute/bench/route-${i}`)?.state)).toEqual(['delivered', 'rejected'])
  })
})

/** Route `i` with a rewritten path, which nobody sees while there is nothing to send requests to. */
function rewritingRoute(i: number, path: string): KubeObject {
  const rewrite = { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: path } } }
  return routeEverywhere(i, 1, 'h.secure.example.com', ([first]) => [{ ...first, filters: [rewrite] }])
}
