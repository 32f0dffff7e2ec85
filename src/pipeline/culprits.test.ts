/** Whatever a proxy rejects of what several resources are made from, in whatever order it says so: in the end those to blame are held back, and no one else. */
import { ServerCredentials } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { change, gatewayObjects, routeObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import { PodPlacements } from '../infra/kubernetes/pod-placements.js'
import type { KubeObject } from '../provider/provider.js'
import { RejectedVersions, suspectsOf } from '../xds/rejected-versions.js'
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../xds/resource.js'
import { allowEveryone } from '../xds/server/authentication.js'
import type { RoutePacking } from '../xds/translate/packing.js'
import { createControlPlane } from './control-plane.js'

const GROUP = 'bench/gw'
const TABLES: readonly TypeUrl[] = [TYPE_URL.routeConfiguration, TYPE_URL.scopedRouteConfiguration]
const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped', { scopedAbove: 3 }]
const ROUTES = [1, 2, 3, 4, 5, 6]

/** Route `i` on both listeners, two routes to a host. */
function routeOf(i: number, generation: number, isBad: boolean): KubeObject {
  const route = routeObject(i, generation) as KubeObject & { readonly spec: { readonly rules: readonly object[] } }
  const [first, ...rules] = route.spec.rules
  const marker = { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-marker', value: isBad ? 'bad' : 'good' }] } }
  const spec = {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' }],
    hostnames: [`h${i >> 1}.secure.example.com`],
    rules: [{ ...first, filters: [marker] }, ...rules],
  }
  return { ...route, spec } as KubeObject
}

/** A proxy that rejects every resource with something bad in it, beside the whole pipeline. */
async function world(packing: RoutePacking, pair: { readonly certificate: string; readonly privateKey: string }) {
  const list = new RejectedVersions()
  const { pipeline, snapshots, translation } = createControlPlane({
    rejected: list,
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: allowEveryone(GROUP),
    credentials: ServerCredentials.createInsecure(),
    xds: { packing },
  })
  translation.inputs.addresses.set(GROUP, { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
  pipeline.changes(gatewayObjects(pair).map(change))
  pipeline.complete()
  await pipeline.idle()

  const sent = new Map<string, string>()
  const accepted = new Map<string, EncodedResource>()
  const answers: EncodedResource[] = []
  const take = (): void => {
    for (const resource of TABLES.flatMap((typeUrl) => [...snapshots.resources(GROUP, typeUrl).values()])) {
      const key = `${resource.typeUrl} ${resource.name}`
      if (sent.get(key) === resource.version || list.has(resource)) continue
      sent.set(key, resource.version)
      answers.push(resource)
    }
  }
  const answer = (resource: EncodedResource, pointsAt: (suspects: readonly string[]) => readonly string[]): void => {
    const key = `${resource.typeUrl} ${resource.name}`
    if (!resource.value.includes('bad')) {
      accepted.set(key, resource)
      return
    }
    const all = suspectsOf(resource.origins, accepted.get(key)?.origins).filter(({ kind }) => kind === 'HTTPRoute')
    const named = pointsAt(all.map(({ name }) => name))
    const suspects = all.filter(({ name }) => named.includes(name))
    const rejected = { ...resource, message: 'no', suspects: suspects.length > 0 ? suspects : all, at: '' }
    if (list.add(rejected)) pipeline.rejected(rejected, GROUP)
  }
  return { pipeline, snapshots, translation, accepted, answers, take, answer }
}

type World = Awaited<ReturnType<typeof world>>

/** What chance decides: which answer comes next, whether the pipeline is done before the one after it, and whom Envoy's words point at. */
interface Chance {
  readonly at: number
  readonly waits: boolean
  readonly evidence: 'everybody' | 'the culprits' | 'anybody'
}

const chances: fc.Arbitrary<Chance> = fc.record({
  at: fc.nat(20),
  waits: fc.boolean(),
  evidence: fc.constantFrom('everybody', 'the culprits', 'anybody'),
})

/** The proxy answers until nothing is left to say. */
async function settle(on: World, culprits: readonly string[], draw: () => Chance): Promise<void> {
  for (let steps = 0; steps < 1_000; steps++) {
    on.take()
    const { at, waits, evidence } = draw()
    const [resource] = on.answers.splice(at % Math.max(1, on.answers.length), 1)
    if (resource !== undefined) {
      on.answer(resource, (names) => {
        if (evidence === 'everybody') return names
        return evidence === 'anybody' ? names.slice(0, 1) : names.filter((name) => culprits.includes(name))
      })
      if (!waits) continue
    }
    await on.pipeline.idle()
    on.take()
    if (on.answers.length > 0) continue
    const revision = on.snapshots.revision(GROUP)
    on.pipeline.progress(GROUP, { acknowledgedRevision: revision, connectedProxies: 1 })
    await on.pipeline.idle()
    if (on.snapshots.revision(GROUP) === revision && resource === undefined) return
  }
  throw new Error('the search does not end')
}

describe('what several resources are made from', () => {
  it('is held back if it is to blame, and else delivered, in whatever order a proxy answers', async () => {
    const pair = await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })
    const generations = fc.array(fc.subarray(ROUTES), { minLength: 1, maxLength: 3 })
    const luck = fc.array(chances, { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PACKINGS), generations, luck, async (packing, badOfGenerations, drawn) => {
        const on = await world(packing, pair)
        let draws = 0
        const draw = (): Chance => drawn[draws++ % drawn.length] ?? { at: 0, waits: true, evidence: 'everybody' }
        for (const [index, bad] of badOfGenerations.entries()) {
          on.pipeline.changes(ROUTES.map((i) => change(routeOf(i, index + 1, bad.includes(i)))))
          const culprits = bad.map((i) => `route-${i}`)
          await settle(on, culprits, draw)
          const { quarantines, deliveries } = on.translation.inputs
          expect([...quarantines.entries()].map(([object, { state }]) => `${object} ${state}`).sort()).toEqual(
            culprits.map((name) => `HTTPRoute/bench/${name} rejected`),
          )
          expect(ROUTES.map((i) => deliveries.get(`HTTPRoute/bench/route-${i}`)?.state)).toEqual(
            ROUTES.map((i) => (bad.includes(i) ? 'rejected' : 'delivered')),
          )
        }
      }),
      { numRuns: 60 },
    )
  }, 120_000)
})
