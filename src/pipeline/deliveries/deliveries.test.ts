/** Rejections of which no object is to blame that something could do without. */

import { ServerCredentials } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import {
  certificateObject,
  change,
  endpointsObject,
  gatewayObjects,
  policyObject,
  routeObject,
  serviceObject,
} from '../../../test/perf/objects.js'
import { createAuthority } from '../../../test/support/certificates.js'
import { CONTROLLER_NAME } from '../../gatewayapi/context.js'
import type { Condition } from '../../gatewayapi/model.js'
import { PodPlacements } from '../../infra/kubernetes/pod-placements.js'
import type { KubeObject } from '../../provider/provider.js'
import { objectKey } from '../../util/object-ref.js'
import { type RejectedVersion, RejectedVersions } from '../../xds/rejected-versions.js'
import { TYPE_URL } from '../../xds/resource.js'
import { allowEveryone } from '../../xds/server/authentication.js'
import { createControlPlane } from '../control-plane.js'
import { ObjectStatuses } from '../observe/object-statuses.js'

const GROUP = 'bench/gw'

async function delivered(known: readonly RejectedVersion[] = []) {
  const statuses = new ObjectStatuses()
  const list = new RejectedVersions()
  for (const version of known) list.add(version)
  const { pipeline, snapshots, translation } = createControlPlane({
    rejected: list,
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: allowEveryone(GROUP),
    credentials: ServerCredentials.createInsecure(),
    onStatuses: (changes) => statuses.apply(changes),
  })
  const pair = await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })
  translation.inputs.addresses.set(GROUP, { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
  pipeline.changes([...gatewayObjects(pair), routeObject(1), serviceObject(1), endpointsObject(1)].map(change))
  pipeline.complete()
  const acknowledge = async () => {
    await pipeline.idle()
    pipeline.progress(GROUP, { acknowledgedRevision: snapshots.revision(GROUP), connectedProxies: 1 })
    await pipeline.idle()
  }
  await acknowledge()
  const programmed = (): Condition | undefined => {
    const status = statuses.get('Gateway/bench/gw')
    return status?.shape === 'gateway' ? status.conditions.find(({ type }) => type === 'Programmed') : undefined
  }
  const [secure] = [...snapshots.resources(GROUP, TYPE_URL.listener).values()].filter(({ name }) => name.includes('443'))
  if (secure === undefined) throw new Error('the Gateway has a listener on port 443')
  const rejected: RejectedVersion = { ...secure, message: 'no such thing', origins: [], suspects: [], at: '' }
  const [table] = [...snapshots.resources(GROUP, TYPE_URL.routeConfiguration).values()].filter(({ origins }) =>
    origins.some(({ kind }) => kind === 'HTTPRoute'),
  )
  return {
    pipeline,
    snapshots,
    pair,
    acknowledge,
    programmed,
    rejected,
    table,
    quarantines: translation.inputs.quarantines,
    deliveries: translation.inputs.deliveries,
  }
}

describe('a rejected resource for which no object can be held back', () => {
  it('takes Programmed from the Gateway that it was made from, with the words of Envoy, until it changes', async () => {
    const { pipeline, pair, acknowledge, programmed, rejected } = await delivered()
    expect(programmed()?.status).toBe('True')
    pipeline.rejected(rejected, GROUP)
    await acknowledge()
    expect(programmed()).toMatchObject({ status: 'False', reason: 'Invalid', message: expect.stringContaining('no such thing') })
    // The listener loses its certificate, and with it the version that was rejected.
    pipeline.changes([{ kind: 'Secret', key: objectKey('bench', 'certificate'), object: undefined }])
    await acknowledge()
    expect(programmed()?.status).toBe('True')
    pipeline.changes([change(certificateObject(pair, 2))])
    await acknowledge()
    expect(programmed()?.status).toBe('True')
  })

  it('says nothing when the version is not wanted any more: the next one is on its way', async () => {
    const { pipeline, acknowledge, programmed, rejected } = await delivered()
    pipeline.rejected({ ...rejected, version: 'older' }, GROUP)
    await acknowledge()
    expect(programmed()?.status).toBe('True')
  })
})

describe('objects of which several resources are made', () => {
  const onBothListeners = (i: number): KubeObject => {
    const route = routeObject(i)
    const spec = { ...(route as { spec?: object }).spec, hostnames: ['a.secure.example.com'] }
    return { ...route, spec: { ...spec, parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' }] } } as KubeObject
  }

  /** Two new routes of one host, in the tables of two listeners, both of which were rejected because of the first route. */
  async function withTwoTables() {
    const world = await delivered()
    world.pipeline.changes([onBothListeners(2), onBothListeners(3)].map(change))
    await world.pipeline.idle()
    const rejections = [...world.snapshots.resources(GROUP, TYPE_URL.routeConfiguration).values()].flatMap((table): RejectedVersion[] => {
      const suspects = table.origins.filter(({ name }) => name === 'route-2')
      return suspects.length === 0 ? [] : [{ ...table, message: 'missing ): (', suspects, at: '' }]
    })
    const [first, second, ...others] = rejections
    if (first === undefined || second === undefined || others.length > 0) throw new Error('the routes stand in two tables')
    return { ...world, first, second }
  }

  it('are held back once: a second rejection of what was sent before blames nobody else', async () => {
    const { pipeline, acknowledge, quarantines, first, second } = await withTwoTables()
    pipeline.rejected(first, GROUP)
    pipeline.rejected(second, GROUP)
    await acknowledge()
    expect([...quarantines.entries()]).toMatchObject([['HTTPRoute/bench/route-2', { state: 'rejected' }]])
  })

  it('are held back once, also when the second rejection comes after what follows was sent', async () => {
    const { pipeline, acknowledge, quarantines, first, second } = await withTwoTables()
    pipeline.rejected(first, GROUP)
    await pipeline.idle()
    pipeline.rejected(second, GROUP)
    await acknowledge()
    expect([...quarantines.entries()]).toMatchObject([['HTTPRoute/bench/route-2', { state: 'rejected' }]])
  })
})

describe('an object that is held back', () => {
  it('stays rejected when it is used elsewhere or anew: proxies do not get it', async () => {
    const { pipeline, acknowledge, rejected, deliveries } = await delivered()
    const policy = policyObject(1)
    pipeline.changes([change(policy)])
    await pipeline.idle()
    const { kind, metadata } = policy
    const origin = { group: 'headgate.dev', kind, namespace: 'bench', name: metadata.name, generation: 1 }
    pipeline.rejected({ ...rejected, version: 'with the policy', origins: [origin], suspects: [origin] }, GROUP)
    await acknowledge()
    expect(deliveries.get('BackendTrafficPolicy/bench/policy-1')?.state).toBe('rejected')
    pipeline.changes([{ ...change(routeObject(1)), object: undefined }])
    await acknowledge()
    pipeline.changes([change(routeObject(1))])
    await acknowledge()
    expect(deliveries.get('BackendTrafficPolicy/bench/policy-1')?.state).toBe('rejected')
  })
})

describe('a version that is known to be rejected, after a restart', () => {
  const route = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'bench', name: 'route-1', generation: 1 }

  it('holds back what the search ended with, where its own suspects were too many to be kept', async () => {
    const { table } = await delivered()
    if (table === undefined) throw new Error('the routes stand in a table')
    const entry = { ...table, message: 'missing ): (', origins: [], at: '' }
    const again = await delivered([
      { ...entry, suspects: [] },
      { ...entry, version: 'without-some', suspects: [route] },
    ])
    expect([...again.quarantines.entries()]).toMatchObject([['HTTPRoute/bench/route-1', { state: 'rejected', message: 'missing ): (' }]])
  })

  it('takes nothing away where no suspect is known', async () => {
    const { table } = await delivered()
    if (table === undefined) throw new Error('the routes stand in a table')
    const again = await delivered([{ ...table, message: 'no', origins: [], suspects: [], at: '' }])
    expect([...again.quarantines.entries()]).toEqual([])
  })
})
