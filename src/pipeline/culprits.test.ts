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

const GATEWAYS = ['gw', 'other']
const GROUPS = GATEWAYS.map((name) => `bench/${name}`)
const TABLES: readonly TypeUrl[] = [TYPE_URL.routeConfiguration, TYPE_URL.scopedRouteConfiguration]
const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped', { scopedAbove: 3 }]
const ROUTES = [1, 2, 3, 4, 5, 6]

/** Route `i` on both listeners of both Gateways, two routes to a host. */
function routeOf(i: number, generation: number, isBad: boolean): KubeObject {
  const route = routeObject(i, generation) as KubeObject & { readonly spec: { readonly rules: readonly object[] } }
  const [first, ...rules] = route.spec.rules
  const marker = { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-marker', value: isBad ? 'bad' : 'good' }] } }
  const spec = {
    parentRefs: GATEWAYS.map((name) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name })),
    hostnames: [`h${i >> 1}.secure.example.com`],
    rules: [{ ...first, filters: [marker] }, ...rules],
  }
  return { ...route, spec } as KubeObject
}

/** What a proxy was sent and will answer. */
interface Answer {
  readonly group: string
  readonly resource: EncodedResource
}

/** Two proxies, one of each Gateway, that reject every resource with something bad in it, and the whole pipeline. */
async function world(
  packing: RoutePacking,
  connected: readonly string[],
  pair: { readonly certificate: string; readonly privateKey: string },
) {
  const list = new RejectedVersions()
  const { pipeline, snapshots, translation } = createControlPlane({
    rejected: list,
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: allowEveryone('none'),
    credentials: ServerCredentials.createInsecure(),
    xds: { packing },
  })
  for (const group of GROUPS) translation.inputs.addresses.set(group, { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
  const objects = gatewayObjects(pair)
  const named = (name: string) =>
    objects.flatMap((each) => (each.kind === 'Gateway' ? [{ ...each, metadata: { ...each.metadata, name } }] : []))
  pipeline.changes([...objects, ...GATEWAYS.flatMap(named)].map(change))
  pipeline.complete()
  await pipeline.idle()
  for (const group of connected) pipeline.progress(group, { acknowledgedRevision: 0, connectedProxies: 1 })

  const sent = new Map<string, string>()
  const accepted = new Map<string, EncodedResource>()
  const answers: Answer[] = []
  const take = (): void => {
    for (const group of connected) {
      for (const resource of TABLES.flatMap((typeUrl) => [...snapshots.resources(group, typeUrl).values()])) {
        const key = `${group} ${resource.typeUrl} ${resource.name}`
        if (sent.get(key) === resource.version || list.has(resource)) continue
        sent.set(key, resource.version)
        answers.push({ group, resource })
      }
    }
  }
  const answer = ({ group, resource }: Answer, pointsAt: (suspects: readonly string[]) => readonly string[]): void => {
    const key = `${group} ${resource.typeUrl} ${resource.name}`
    if (!resource.value.includes('bad')) {
      accepted.set(key, resource)
      return
    }
    const all = suspectsOf(resource.origins, accepted.get(key)?.origins).filter(({ kind }) => kind === 'HTTPRoute')
    const named = pointsAt(all.map(({ name }) => name))
    const suspects = all.filter(({ name }) => named.includes(name))
    const rejected = { ...resource, message: 'no', suspects: suspects.length > 0 ? suspects : all, at: '' }
    if (list.add(rejected)) pipeline.rejected(rejected, group)
  }
  return { pipeline, connected, snapshots, translation, accepted, answers, take, answer }
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
    const [next] = on.answers.splice(at % Math.max(1, on.answers.length), 1)
    if (next !== undefined) {
      on.answer(next, (names) => {
        if (evidence === 'everybody') return names
        return evidence === 'anybody' ? names.slice(0, 1) : names.filter((name) => culprits.includes(name))
      })
      if (!waits) continue
    }
    await on.pipeline.idle()
    on.take()
    const revisions = on.connected.map((group) => on.snapshots.revision(group))
    for (const [index, group] of on.connected.entries()) {
      if (on.answers.some((answer) => answer.group === group)) continue
      on.pipeline.progress(group, { acknowledgedRevision: revisions[index] ?? 0, connectedProxies: 1 })
    }
    await on.pipeline.idle()
    const isNews = on.connected.some((group, index) => on.snapshots.revision(group) !== revisions[index])
    if (on.answers.length === 0 && next === undefined && !isNews) return
  }
  throw new Error('the search does not end')
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
          const on = await world(packing, connected, pair)
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
              ROUTES.map((i) => (bad.includes(i) ? 'rejected' : connected === GROUPS ? 'delivered' : 'noProxy')),
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  }, 120_000)
})
