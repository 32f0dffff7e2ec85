/**
 * A policy that is held back closes its routes, and a route that is held back shows nothing of its policies: so one that is to blame can hide
 * the other. Nobody can tell them apart then, but proxies never stay behind, neighbours serve, and whoever mends what is to blame is served.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { change, endpointsObject, policyObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import {
  chances,
  GROUPS,
  inTurn,
  markerFilter,
  PACKINGS,
  rejectingProxies,
  routeEverywhere,
  settle,
} from '../../test/support/rejecting-proxies.js'
import type { KubeObject } from '../provider/provider.js'

const ROUTES = [1, 2, 3, 4]

/** What is wrong with a route, if anything: something that is seen whatever becomes of its requests, or where they go, which is not. */
const WRONGS = ['none', 'header', 'redirect'] as const

interface Wrong {
  readonly route: (typeof WRONGS)[number]
  readonly hasBadPolicy: boolean
}

const wrongs: fc.Arbitrary<readonly Wrong[]> = fc.array(fc.record({ route: fc.constantFrom(...WRONGS), hasBadPolicy: fc.boolean() }), {
  minLength: ROUTES.length,
  maxLength: ROUTES.length,
})

const RIGHT: Wrong = { route: 'none', hasBadPolicy: false }

/** Route `i` on both listeners of both Gateways, two routes to a host. */
function routeOf(i: number, generation: number, wrong: Wrong['route']): KubeObject {
  const marker = markerFilter(wrong === 'header')
  const redirect = { type: 'RequestRedirect', requestRedirect: { hostname: 'bad.example.com' } }
  const redirected = { filters: [marker, redirect], matches: [{ path: { type: 'PathPrefix', value: '/' } }] }
  return routeEverywhere(i, generation, `h${i >> 1}.secure.example.com`, ([first, ...rules]) =>
    wrong === 'redirect' ? [redirected] : [{ ...first, filters: [marker] }, ...rules],
  )
}

/** The policy about route `i`. */
function policyOf(i: number, generation: number, isBad: boolean): KubeObject {
  const policy = policyObject(i) as KubeObject & { readonly spec: { readonly targetRefs: readonly object[] } }
  const cors = { allowOrigins: [isBad ? 'https://bad.example.com' : `https://good-${generation}.example.com`] }
  return {
    ...policy,
    kind: 'SecurityPolicy',
    metadata: { ...policy.metadata, generation },
    spec: { targetRefs: policy.spec.targetRefs, cors },
  } as KubeObject
}

function objectsOf(i: number, generation: number, { route, hasBadPolicy }: Wrong): readonly KubeObject[] {
  return [routeOf(i, generation, route), policyOf(i, generation, hasBadPolicy)]
}

/** Who is to blame. */
function namesOf(i: number, { route, hasBadPolicy }: Wrong): readonly string[] {
  return [...(route === 'none' ? [] : [`route-${i}`]), ...(hasBadPolicy ? [`policy-${i}`] : [])]
}

describe('a route and its policy, either of which may be to blame', () => {
  it('never keep a proxy behind or their neighbours from serving, and serve when what is to blame is mended', async () => {
    const pair = await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PACKINGS),
        fc.constantFrom(GROUPS, GROUPS.slice(1)),
        fc.array(wrongs, { minLength: 1, maxLength: 3 }),
        fc.array(chances, { minLength: 1 }),
        async (packing, connected, generations, drawn) => {
          const on = await rejectingProxies(packing, connected, pair)
          const draw = inTurn(drawn)
          on.pipeline.changes(ROUTES.flatMap((i) => [serviceObject(i), endpointsObject(i)]).map(change))
          const { quarantines, deliveries } = on.translation.inputs
          const settled = async (culprits: readonly string[], expected: readonly number[]): Promise<void> => {
            await settle(on, culprits, draw)
            expect(on.refused()).toEqual([])
            const held = new Set([...quarantines.entries()].map(([object]) => Number(object.split('-').at(-1))))
            expect([...held].sort()).toEqual(expected)
          }
          for (const [index, all] of generations.entries()) {
            on.pipeline.changes(ROUTES.flatMap((i) => objectsOf(i, index + 1, all[i - 1] ?? RIGHT)).map(change))
            const culprits = ROUTES.flatMap((i) => namesOf(i, all[i - 1] ?? RIGHT))
            await settled(
              culprits,
              ROUTES.filter((i) => culprits.some((name) => name.endsWith(`-${i}`))),
            )
          }
          // Nobody touches what was right, even if it was blamed.
          const wrong = ROUTES.flatMap((i) => namesOf(i, generations.at(-1)?.[i - 1] ?? RIGHT))
          const mended = ROUTES.flatMap((i) => objectsOf(i, generations.length + 1, RIGHT))
          on.pipeline.changes(mended.filter(({ metadata }) => wrong.includes(metadata.name)).map(change))
          await settled([], [])
          expect([...quarantines.entries()]).toEqual([])
          const state = connected === GROUPS ? 'delivered' : 'noProxy'
          expect(ROUTES.map((i) => deliveries.get(`HTTPRoute/bench/route-${i}`)?.state)).toEqual(ROUTES.map(() => state))
        },
      ),
      { numRuns: 100 },
    )
  }, 300_000)
})
