/** What the Envoys of one Gateway refuse is not taken from those of another one that can do with it; and where it is, the object says whose words they are. */
import { ServerCredentials } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, policyObject, serviceObject } from '../../../test/perf/objects.js'
import { createAuthority } from '../../../test/support/certificates.js'
import { GATEWAYS, GROUPS, markerFilter, routeEverywhere } from '../../../test/support/rejecting-proxies.js'
import { CONTROLLER_NAME } from '../../gatewayapi/context.js'
import type { ObjectStatus } from '../../gatewayapi/object-status.js'
import { PodPlacements } from '../../infra/kubernetes/pod-placements.js'
import type { KubeObject } from '../../provider/provider.js'
import { type RejectedVersion, RejectedVersions } from '../../xds/rejected-versions.js'
import { TYPE_URL, type TypeUrl } from '../../xds/resource.js'
import { allowEveryone } from '../../xds/server/authentication.js'
import { createControlPlane } from '../control-plane.js'
import { ObjectStatuses } from '../observe/object-statuses.js'

const [FIRST = '', OTHER = ''] = GROUPS
const SERVICE = 'Service/bench/service-1'
const POLICY = 'BackendTrafficPolicy/bench/policy-1'
const SUSPECTED = ['Service', 'HTTPRoute', 'BackendTrafficPolicy']

/** A route to one Service at two Gateways, each with Envoys of an image of its own. */
async function world(known: readonly RejectedVersion[] = [], more: readonly KubeObject[] = []) {
  const images = new Map(GROUPS.map((group) => [group, `envoy of ${group}`]))
  const rejected = new RejectedVersions()
  for (const each of known) rejected.add(each)
  const statuses = new ObjectStatuses()
  const { pipeline, snapshots, translation } = createControlPlane({
    rejected,
    imageOf: (group) => images.get(group),
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: allowEveryone('none'),
    credentials: ServerCredentials.createInsecure(),
    onStatuses: (changes) => statuses.apply(changes),
  })
  for (const group of GROUPS) translation.inputs.addresses.set(group, { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
  const objects = gatewayObjects(await (await createAuthority()).issue({ dns: ['a.secure.example.com'] }))
  const gateways = GATEWAYS.flatMap((name) =>
    objects.flatMap((each) => (each.kind === 'Gateway' ? [{ ...each, metadata: { ...each.metadata, name } }] : [])),
  )
  const route = routeEverywhere(1, 1, 'a.secure.example.com', ([first, ...rules]) => [
    { ...first, filters: [markerFilter(true)] },
    ...rules,
  ])
  pipeline.changes([...objects, ...gateways, route, serviceObject(1), endpointsObject(1), ...more].map(change))
  pipeline.complete()
  await pipeline.idle()
  const acknowledge = async (): Promise<void> => {
    for (const group of GROUPS) pipeline.progress(group, { acknowledgedRevision: snapshots.revision(group), connectedProxies: 1 })
    await pipeline.idle()
  }
  const resource = (group: string, typeUrl: TypeUrl, name: string) =>
    [...snapshots.resources(group, typeUrl).values()].find((each) => each.name.includes(name))
  /** The Envoys of a group, of the image that they are to be of, refuse what they got. */
  const refuse = async (group: string, typeUrl: TypeUrl, name: string): Promise<void> => {
    const found = resource(group, typeUrl, name)
    if (found === undefined) throw new Error(`${group} has no ${name}`)
    const by = { group, image: images.get(group) ?? '' }
    const suspects = found.origins.filter(({ kind }) => SUSPECTED.includes(kind))
    const entry = { ...found, message: 'what is that', suspects, at: '', by }
    if (rejected.add(entry)) pipeline.rejected(entry, group)
    await pipeline.idle()
    await acknowledge()
  }
  return {
    rejected,
    refuse,
    acknowledge,
    resource,
    held: () => [...translation.inputs.quarantines.entries()].map(([object]) => object),
    programmed: (gateway: string) => conditionOf(statuses.get(`Gateway/${gateway}`), 'Programmed'),
    delivered: () => conditionOf(statuses.get('HTTPRoute/bench/route-1'), 'headgate.dev/Delivered'),
    becomes: async (group: string, image: string): Promise<void> => {
      images.set(group, image)
      pipeline.imagesChanged(new Set([group]))
      await pipeline.idle()
    },
  }
}

function conditionOf(status: ObjectStatus | undefined, type: string) {
  const conditions = status?.shape === 'gateway' ? status.conditions : status?.shape === 'route' ? status.parents[0]?.conditions : undefined
  return conditions?.find((condition) => condition.type === type)
}

describe('what the Envoys of one Gateway refuse', () => {
  it('stays where those of another one have it, and their own Gateway says so', async () => {
    const on = await world()
    await on.acknowledge()
    await on.refuse(FIRST, TYPE_URL.cluster, SERVICE)
    expect(on.held()).toEqual([])
    expect(on.resource(OTHER, TYPE_URL.cluster, SERVICE)).toBeDefined()
    expect(on.programmed(FIRST)).toMatchObject({ status: 'False', reason: 'Invalid', message: expect.stringContaining('what is that') })
    expect(on.programmed(OTHER)).toMatchObject({ status: 'True' })
    // So it is after a restart.
    const after = await world(on.rejected.list())
    expect(after.held()).toEqual([])
    expect(after.resource(OTHER, TYPE_URL.cluster, SERVICE)).toBeDefined()
    // Another image may understand it.
    await on.becomes(FIRST, 'a newer one')
    await on.acknowledge()
    expect(on.programmed(FIRST)).toMatchObject({ status: 'True' })
  })

  it('takes no policy about a backend from others, and is held back when they refuse it as well', async () => {
    const { spec: _, ...rest } = policyObject(1) as KubeObject & { readonly spec: object }
    const targetRefs = [{ group: '', kind: 'Service', name: 'service-1' }]
    const on = await world([], [{ ...rest, spec: { targetRefs, circuitBreaker: { maxParallelRequests: 7 } } } as KubeObject])
    await on.acknowledge()
    expect(on.resource(OTHER, TYPE_URL.cluster, SERVICE)?.origins.map(({ kind }) => kind)).toContain('BackendTrafficPolicy')
    await on.refuse(FIRST, TYPE_URL.cluster, SERVICE)
    expect(on.held()).toEqual([])
    expect(on.programmed(FIRST)).toMatchObject({ status: 'False', message: expect.stringContaining('what is that') })
    await on.refuse(OTHER, TYPE_URL.cluster, SERVICE)
    expect(on.held()).toContain(POLICY)
  })

  it('is held back when those of all Gateways that use it refuse it', async () => {
    const on = await world()
    await on.refuse(FIRST, TYPE_URL.cluster, SERVICE)
    await on.refuse(OTHER, TYPE_URL.cluster, SERVICE)
    expect(on.held()).toEqual([SERVICE])
    expect((await world(on.rejected.list())).held()).toEqual([SERVICE])
  })

  it('is kept from others where it stands in a table of routes, and says whose words they are', async () => {
    const on = await world()
    await on.refuse(FIRST, TYPE_URL.routeConfiguration, '443')
    expect(on.held()).toEqual(['HTTPRoute/bench/route-1'])
    const message = expect.stringContaining(`what is that (said by proxies of "${FIRST}"; those of another Gateway do not get it either)`)
    expect(on.delivered()).toMatchObject({ status: 'False', reason: 'Rejected', message })
  })
})
