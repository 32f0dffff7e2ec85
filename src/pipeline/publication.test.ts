import { ServerCredentials } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, routeObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { resourceVersions } from '../../test/support/resource-versions.js'
import { cluster } from '../../test/xds/support/resources.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import { LOCAL_GROUP, LocalPlacements } from '../infra/host/local-placements.js'
import { TYPE_URL } from '../xds/resource.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { SnapshotCache } from '../xds/snapshot-cache.js'
import { resourceKey } from '../xds/translate/resource-key.js'
import { createControlPlane } from './control-plane.js'
import { PresentVersions } from './deliveries/present-versions.js'
import { publish } from './publication.js'

function controlPlane() {
  return createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(0, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
  })
}

describe('publish', () => {
  it('gives way after each step, and shows all of a revision at once', () => {
    const snapshots = new SnapshotCache()
    const names = Array.from({ length: 100 }, (_, at) => `cluster-${at}`)
    const resources = new Map(names.map((name) => [resourceKey('g', { typeUrl: TYPE_URL.cluster, name }), cluster(name)]))
    const { deliveries } = controlPlane().pipeline
    const trace = () => ({ id: 'a', receivedAt: 0, translationAt: 0, readyAt: 0 })
    const publication = publish({ snapshots, deliveries, versions: new PresentVersions({ snapshots }), trace }, resources, true)
    const seen = new Set<number>()
    let steps = 0
    for (; publication.next().done !== true; steps++) seen.add(snapshots.resources('g', TYPE_URL.cluster).size)
    expect(steps).toBeGreaterThan(2 * names.length)
    expect([...seen]).toEqual([0, names.length])
    expect([snapshots.revision('g'), snapshots.isComplete]).toEqual([1, true])
  })
})

it('what comes while something is published is translated and published next, and what a proxy says counts', async () => {
  const pair = await (await createAuthority()).issue({ dns: ['*.secure.example.com'] })
  const routes = Array.from({ length: 20 }, (_, at) => [routeObject(at), serviceObject(at), endpointsObject(at)])
  const objects = [...gatewayObjects(pair), ...routes.flat()].map(change)
  const later = [change(routeObject(7, 2)), change(endpointsObject(8, 9)), { ...change(routeObject(9)), object: undefined }]
  const { pipeline, snapshots, translation } = controlPlane()
  pipeline.changes(objects)
  pipeline.complete()
  await pipeline.idle()
  const stop = snapshots.onApplied((group, _changes, revision) => {
    stop()
    pipeline.changes(later)
    pipeline.progress(group, { acknowledgedRevision: revision, connectedProxies: 1 })
  })
  // Nobody follows how far an EndpointSlice has come, so this one alone is no reason to look again.
  const endpoints = change(endpointsObject(3, 2))
  pipeline.changes([endpoints])
  await pipeline.idle()
  const delivery = (object: string): unknown => translation.inputs.deliveries.get(object)
  expect(delivery('HTTPRoute/bench/route-6')).toEqual({ acknowledgedGeneration: 1, state: 'delivered' })
  expect(delivery('HTTPRoute/bench/route-7')).toEqual({ acknowledgedGeneration: 1, state: 'pending' })

  const afresh = controlPlane()
  afresh.pipeline.changes([...objects, endpoints, ...later])
  afresh.pipeline.complete()
  await afresh.pipeline.idle()
  expect(resourceVersions(snapshots, LOCAL_GROUP)).toEqual(resourceVersions(afresh.snapshots, LOCAL_GROUP))
}, 60_000)
