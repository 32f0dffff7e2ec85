/** Whatever a proxy rejects of what several resources are made from, in whatever order it says so: in the end those to blame are held back, and no one else. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { change } from '../../../test/perf/objects.js'
import { createAuthority } from '../../../test/support/certificates.js'
import {
  chances,
  GROUPS,
  inTurn,
  markerFilter,
  PACKINGS,
  RUNS,
  rejectingProxies,
  routeEverywhere,
  settle,
} from '../../../test/support/rejecting-proxies.js'
import type { KubeObject } from '../../provider/provider.js'

const ROUTES = [1, 2, 3, 4, 5, 6]

/** Route `i` on both listeners of both Gateways, two routes to a host. */
function routeOf(i: number, generation: number, isBad: boolean): KubeObject {
  return routeEverywhere(i, generation, `h${i >> 1}.secure.example.com`, ([first, ...rules]) => [
    { ...first, filters: [markerFilter(isBad)] },
    ...rules,
  ])
}

describe('what several resources are made from', () => {
  it('is held back if it is to blame, and else delivered, in whatever order a proxy answers', async () => {
    const pair = await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })
    const generations = fc.array(fc.subarray(ROUTES), { minLength: 1, maxLength: 3 })
    const luck = fc.array(chances, { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PACKINGS),
        fc.constantFrom(GROUPS, GROUPS.slice(1)),
        generations,
        luck,
        async (packing, connected, badOfGenerations, drawn) => {
          const on = await rejectingProxies(packing, connected, pair)
          const draw = inTurn(drawn)
          for (const [index, bad] of badOfGenerations.entries()) {
            on.pipeline.changes(ROUTES.map((i) => change(routeOf(i, index + 1, bad.includes(i)))))
            const culprits = bad.map((i) => `route-${i}`)
            await settle(on, culprits, draw)
            const { quarantines, deliveries } = on.translation.inputs
            expect([...quarantines.entries()].map(([object, { state }]) => `${object} ${state}`).sort()).toEqual(
              culprits.map((name) => `HTTPRoute/bench/${name} rejected`),
            )
            expect(ROUTES.map((i) => deliveries.get(`HTTPRoute/bench/route-${i}`)?.state)).toEqual(
              ROUTES.map((i) => (bad.includes(i) ? 'rejected' : connected === GROUPS ? 'delivered' : 'noProxy')),
            )
          }
        },
      ),
      { numRuns: RUNS },
    )
  }, 120_000)
})

describe('a proxy that rejects everything', () => {
  it('takes nothing from the proxies of others: nothing is held back in vain', async () => {
    const [refusing = '', other = ''] = GROUPS
    const pair = await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PACKINGS),
        fc.array(fc.subarray(ROUTES), { minLength: 1, maxLength: 3 }),
        fc.array(chances, { minLength: 1 }),
        async (packing, badOfGenerations, drawn) => {
          const on = await rejectingProxies(packing, GROUPS, pair, refusing)
          const draw = inTurn(drawn)
          for (const [index, bad] of badOfGenerations.entries()) {
            on.pipeline.changes(ROUTES.map((i) => change(routeOf(i, index + 1, bad.includes(i)))))
            const culprits = bad.map((i) => `route-${i}`)
            await settle(on, culprits, draw)
            const held = [...on.translation.inputs.quarantines.entries()].map(([object]) => object).sort()
            expect(held).toEqual(culprits.map((name) => `HTTPRoute/bench/${name}`))
            expect(on.refused().filter((resource) => resource.startsWith(`${other} ${other}`))).toEqual([])
          }
        },
      ),
      { numRuns: RUNS },
    )
  }, 120_000)
})
