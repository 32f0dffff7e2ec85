/**
 * A policy that is held back closes its routes, and a route that is held back answers nothing but errors. Proxies see what is behind either of them all
 * the same: in the end those to blame are held back, and no one else.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { change, endpointsObject, policyObject, serviceObject } from '../../../test/perf/objects.js'
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

const ROUTES = [1, 2, 3, 4]

/** What is wrong with a route, if anything: something about every answer, or where its requests go. */
const WRONGS = ['none', 'header', 'redirect'] as const

interface Wrong {
  readonly route: (typeof WRONGS)[number]
  /** One policy says which origins may read answers, another one who may send what changes something. */
  readonly hasBadPolicy: boolean
  readonly hasBadGuard: boolean
}

const wrongs: fc.Arbitrary<readonly Wrong[]> = fc.array(
  fc.record({ route: fc.constantFrom(...WRONGS), hasBadPolicy: fc.boolean(), hasBadGuard: fc.boolean() }),
  {
    minLength: ROUTES.length,
    maxLength: ROUTES.length,
  },
)

const RIGHT: Wrong = { route: 'none', hasBadPolicy: false, hasBadGuard: false }

/** Route `i` on both listeners of both Gateways, two routes to a host. */
function routeOf(i: number, generation: number, wrong: Wrong['route']): KubeObject {
  const marker = markerFilter(wrong === 'header')
  const redirect = { type: 'RequestRedirect', requestRedirect: { hostname: 'bad.example.com' } }
  const redirected = { filters: [marker, redirect], matches: [{ path: { type: 'PathPrefix', value: '/' } }] }
  return routeEverywhere(i, generation, `h${i >> 1}.secure.example.com`, ([first, ...rules]) =>
    wrong === 'redirect' ? [redirected] : [{ ...first, filters: [marker] }, ...rules],
  )
}

/** A policy about route `i`. */
function policyOf(i: number, generation: number, name: string, settings: object): KubeObject {
  const policy = policyObject(i) as KubeObject & { readonly spec: { readonly targetRefs: readonly object[] } }
  return {
    ...policy,
    kind: 'SecurityPolicy',
    metadata: { ...policy.metadata, name, generation },
    spec: { targetRefs: policy.spec.targetRefs, ...settings },
  } as KubeObject
}

function objectsOf(i: number, generation: number, { route, hasBadPolicy, hasBadGuard }: Wrong): readonly KubeObject[] {
  const origins = (isBad: boolean): readonly string[] => [isBad ? 'https://bad.example.com' : `https://good-${generation}.example.com`]
  return [
    routeOf(i, generation, route),
    policyOf(i, generation, `policy-${i}`, { cors: { allowOrigins: origins(hasBadPolicy) } }),
    policyOf(i, generation, `guard-${i}`, { csrf: { additionalOrigins: origins(hasBadGuard) } }),
  ]
}

/** Who is to blame. */
function namesOf(i: number, { route, hasBadPolicy, hasBadGuard }: Wrong): readonly string[] {
  return [...(route === 'none' ? [] : [`route-${i}`]), ...(hasBadPolicy ? [`policy-${i}`] : []), ...(hasBadGuard ? [`guard-${i}`] : [])]
}

describe('a route and its policies, each of which may be to blame', () => {
  it('are held back if they are to blame, and serve when they are mended', async () => {
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
          const settled = async (culprits: readonly string[]): Promise<void> => {
            await settle(on, culprits, draw)
            expect(on.refused()).toEqual([])
            expect([...quarantines.entries()].map(([object]) => object.split('/').at(-1)).sort()).toEqual([...culprits].sort())
          }
          for (const [index, all] of generations.entries()) {
            on.pipeline.changes(ROUTES.flatMap((i) => objectsOf(i, index + 1, all[i - 1] ?? RIGHT)).map(change))
            await settled(ROUTES.flatMap((i) => namesOf(i, all[i - 1] ?? RIGHT)))
          }
          const wrong = ROUTES.flatMap((i) => namesOf(i, generations.at(-1)?.[i - 1] ?? RIGHT))
          const mended = ROUTES.flatMap((i) => objectsOf(i, generations.length + 1, RIGHT))
          on.pipeline.changes(mended.filter(({ metadata }) => wrong.includes(metadata.name)).map(change))
          await settled([])
          const state = connected === GROUPS ? 'delivered' : 'noProxy'
          expect(ROUTES.map((i) => deliveries.get(`HTTPRoute/bench/route-${i}`)?.state)).toEqual(ROUTES.map(() => state))
        },
      ),
      { numRuns: RUNS },
    )
  }, 300_000)
})
