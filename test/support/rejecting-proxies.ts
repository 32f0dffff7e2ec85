/** Proxies that reject whatever has something bad in it, in an order that chance decides, and the whole pipeline that has to find what it is. */
import { ServerCredentials } from '@grpc/grpc-js'
import fc from 'fast-check'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { PodPlacements } from '../../src/infra/kubernetes/pod-placements.js'
import { type ControlPlane, createControlPlane } from '../../src/pipeline/control-plane.js'
import type { KubeObject } from '../../src/provider/provider.js'
import { RejectedVersions, suspectsOf } from '../../src/xds/rejected-versions.js'
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../../src/xds/resource.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { change, gatewayObjects, routeObject } from '../perf/objects.js'

/** The Gateways of the world, one proxy of each at most. */
export const GATEWAYS: readonly string[] = ['gw', 'other']

/** Their groups of proxies. */
export const GROUPS: readonly string[] = GATEWAYS.map((name) => `bench/${name}`)

/** The packings that the world is tried in. */
export const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped', { scopedAbove: 3 }]

const TABLES: readonly TypeUrl[] = [TYPE_URL.routeConfiguration, TYPE_URL.scopedRouteConfiguration]

/** Objects that can be to blame here. */
const KINDS: ReadonlySet<string> = new Set(['HTTPRoute', 'SecurityPolicy'])

/**
 * Route `i` of `test/perf/objects.ts` on both listeners of both Gateways.
 *
 * @param rulesOf its rules, from those that it has there
 */
export function routeEverywhere(
  i: number,
  generation: number,
  hostname: string,
  rulesOf: (rules: readonly object[]) => readonly object[],
): KubeObject {
  const route = routeObject(i, generation) as KubeObject & { readonly spec: { readonly rules: readonly object[] } }
  const spec = {
    parentRefs: GATEWAYS.map((name) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name })),
    hostnames: [hostname],
    rules: rulesOf(route.spec.rules),
  }
  return { ...route, spec } as KubeObject
}

/** A filter that marks answers; where it is bad, proxies reject it. */
export function markerFilter(isBad: boolean): object {
  return { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-marker', value: isBad ? 'bad' : 'good' }] } }
}

/** What a proxy was sent and will answer. */
export interface Answer {
  readonly group: string
  readonly resource: EncodedResource
}

/** The pipeline, and what its proxies were sent and have not answered. */
export interface RejectingProxies extends Pick<ControlPlane, 'pipeline' | 'snapshots' | 'translation'> {
  readonly connected: readonly string[]
  readonly answers: Answer[]
  /** Sends what is new. */
  take(): void
  /** A proxy accepts or rejects; `pointsAt` chooses among the names of suspects those that its words point at. */
  answer(answer: Answer, pointsAt: (suspects: readonly string[]) => readonly string[]): void
  /** What proxies shall have and reject: they go on with what they accepted before. */
  refused(): readonly string[]
}

/**
 * Two proxies, one of each Gateway, that reject every resource with something bad in it, and the whole pipeline.
 *
 * @param connected the groups whose proxy answers
 * @param refusing the group of a proxy that rejects everything, once it has what there was at first
 */
export async function rejectingProxies(
  packing: RoutePacking,
  connected: readonly string[],
  pair: { readonly certificate: string; readonly privateKey: string },
  refusing?: string,
): Promise<RejectingProxies> {
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
    const isRefused = group === refusing || resource.value.includes('bad')
    if (!isRefused) {
      accepted.set(key, resource)
      return
    }
    const all = suspectsOf(resource.origins, accepted.get(key)?.origins).filter(({ kind }) => KINDS.has(kind))
    const named = pointsAt(all.map(({ name }) => name))
    const suspects = all.filter(({ name }) => named.includes(name))
    const rejected = { ...resource, message: 'no', suspects: suspects.length > 0 ? suspects : all, at: '' }
    if (list.add(rejected)) pipeline.rejected(rejected, group)
  }
  const refused = (): readonly string[] =>
    connected.flatMap((group) =>
      TABLES.flatMap((typeUrl) => [...snapshots.resources(group, typeUrl).values()])
        .filter((resource) => list.has(resource))
        .map(({ name }) => `${group} ${name}`),
    )
  return { pipeline, connected, snapshots, translation, answers, take, answer, refused }
}

/** What chance decides: which answer comes next, whether the pipeline is done before the one after it, and whom Envoy's words point at. */
export interface Chance {
  readonly at: number
  readonly waits: boolean
  readonly evidence: 'everybody' | 'the culprits' | 'anybody'
}

/** How often chance decides: the long run of the project tries more. */
export const RUNS: number = process.env.LONG === '1' ? 150 : 30

/** Any chance. */
export const chances: fc.Arbitrary<Chance> = fc.record({
  at: fc.nat(20),
  waits: fc.boolean(),
  evidence: fc.constantFrom('everybody', 'the culprits', 'anybody'),
})

/** What was drawn, one after the other and again from the beginning. */
export function inTurn(drawn: readonly Chance[]): () => Chance {
  let draws = 0
  return () => drawn[draws++ % drawn.length] ?? { at: 0, waits: true, evidence: 'everybody' }
}

/**
 * The proxies answer until nothing is left to say.
 *
 * @param culprits names of objects that Envoy's words point at where they are good evidence
 */
export async function settle(on: RejectingProxies, culprits: readonly string[], draw: () => Chance): Promise<void> {
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
