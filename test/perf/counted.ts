/** What a change costs in things that can be counted: the same on every machine, however busy it is. */
import { ServerCredentials } from '@grpc/grpc-js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import type { Bookkeeping } from '../../src/incremental/index.js'
import { LOCAL_GROUP, LocalPlacements } from '../../src/infra/host/local-placements.js'
import { createControlPlane } from '../../src/pipeline/control-plane.js'
import type { KubeObject } from '../../src/provider/provider.js'
import { TYPE_URL, type TypeUrl } from '../../src/xds/resource.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { change, endpointsObject, gatewayObjects, routeObject, serviceObject } from './objects.js'

/** The collections whose fragments encode a message of Envoy. */
const ENCODERS = [
  'virtual host bytes',
  'scopes',
  'route configurations',
  'filter chains',
  'encoded listeners',
  'encoded clusters',
  'load assignments',
  'encoded secrets',
]

/** What one change cost. */
export interface Counted {
  /** Fragments that ran. */
  readonly fragments: number
  /** Those of them that encoded a message. */
  readonly encodes: number
  /** Resources of Envoy that changed. */
  readonly resources: number
  /** Bytes of these resources: what goes to each proxy. */
  readonly bytes: number
  /** Statuses that are written. */
  readonly statuses: number
}

/** A control plane with objects, without sockets. */
export interface CountedPlane {
  /** What the graph keeps besides values. */
  bookkeeping(): Bookkeeping
  /** Sets an object, or removes it, and counts. */
  change(object: KubeObject, gone?: 'gone'): Promise<Counted>
  /** How many fragments of each collection ran at the last change. */
  computed(): ReadonlyMap<string, number>
  /** The bytes of all resources together, by their type. */
  bytes(): Readonly<Record<string, number>>
}

/** Brings a control plane to this many routes, each with its own hostname, Service and EndpointSlice. */
export async function countedPlane(
  routes: number,
  packing: RoutePacking,
  certificate: Parameters<typeof gatewayObjects>[0],
): Promise<CountedPlane> {
  const objects = [...gatewayObjects(certificate)]
  for (let i = 0; i < routes; i++) objects.push(routeObject(i), serviceObject(i), endpointsObject(i))
  return planeOf(objects, packing)
}

/** Brings a control plane to these objects. */
export async function planeOf(objects: readonly KubeObject[], packing: RoutePacking): Promise<CountedPlane> {
  let counted: Counted = { fragments: 0, encodes: 0, resources: 0, bytes: 0, statuses: 0 }
  let runsByCollection = new Map<string, number>()
  const { pipeline, snapshots, translation } = createControlPlane({
    xds: { packing },
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(0, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
    onStatuses: (changes) => {
      counted = { ...counted, statuses: counted.statuses + changes.size }
    },
    onRound: ({ computed }) => {
      const runs = [...computed.values()].reduce((sum, count) => sum + count, 0)
      const encodes = ENCODERS.reduce((sum, name) => sum + (computed.get(name) ?? 0), 0)
      counted = { ...counted, fragments: counted.fragments + runs, encodes: counted.encodes + encodes }
      for (const [name, count] of computed) runsByCollection.set(name, (runsByCollection.get(name) ?? 0) + count)
    },
  })
  snapshots.onApplied((_group, changes) => {
    const bytes = changes.reduce((sum, { current }) => sum + (current?.value.length ?? 0), 0)
    counted = { ...counted, resources: counted.resources + changes.length, bytes: counted.bytes + bytes }
  })
  pipeline.changes(objects.map(change))
  pipeline.complete()
  await pipeline.idle()
  return {
    change: async (object, gone) => {
      counted = { fragments: 0, encodes: 0, resources: 0, bytes: 0, statuses: 0 }
      runsByCollection = new Map()
      const set = change(object)
      pipeline.changes([gone === undefined ? set : { ...set, object: undefined }])
      await pipeline.idle()
      return counted
    },
    bookkeeping: () => translation.graph.bookkeeping(),
    computed: () => runsByCollection,
    bytes: () => {
      const sizeOf = (typeUrl: TypeUrl): number =>
        [...snapshots.resources(LOCAL_GROUP, typeUrl).values()].reduce((sum, { value }) => sum + value.length, 0)
      return Object.fromEntries(Object.entries(TYPE_URL).map(([type, typeUrl]) => [type, sizeOf(typeUrl)]))
    },
  }
}
