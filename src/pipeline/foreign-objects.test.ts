/** A shared cluster: thousands of objects of other controllers, which change all the time. */
import { ServerCredentials } from '@grpc/grpc-js'
import { expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, routeObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import { LOCAL_GROUP, LocalPlacements } from '../infra/host/local-placements.js'
import type { KubeObject } from '../provider/provider.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { createControlPlane } from './control-plane.js'
import type { RoundReport } from './round.js'

const GATEWAYS = 1_000
const ROUTES = 3_000
const SERVICES = 1_000

/** An object of another controller, in its nth version. */
function foreign(kind: 'Gateway' | 'ListenerSet' | 'HTTPRoute' | 'Service', at: number, version: number): KubeObject {
  const metadata = {
    name: `foreign-${at}`,
    namespace: 'others',
    generation: version,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { version: String(version) },
  }
  const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: `foreign-${at % GATEWAYS}` }
  const listener = { name: 'http', port: 80 + version, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } }
  const spec = {
    Gateway: { gatewayClassName: 'other', listeners: [listener] },
    ListenerSet: { parentRef, listeners: [listener] },
    HTTPRoute: { parentRefs: [parentRef], hostnames: [`v${version}.example.com`], rules: [] },
    Service: { type: 'ClusterIP', ports: [{ name: 'http', port: 80 + version, protocol: 'TCP' }] },
  }[kind]
  const apiVersion = kind === 'Service' ? 'v1' : 'gateway.networking.k8s.io/v1'
  return { apiVersion, kind, metadata, spec } as KubeObject
}

it('costs no fragment, no status and no resource, whatever changes there', async () => {
  const rounds: RoundReport[] = []
  let statuses = 0
  const { pipeline, snapshots, store } = createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(0, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
    onStatuses: (changes) => {
      statuses += changes.size
    },
    onRound: (report) => rounds.push(report),
  })
  const pair = await (await createAuthority()).issue({ dns: ['*.secure.example.com'] })
  const otherClass = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'other', namespace: '', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { controllerName: 'example.com/other' },
  } as KubeObject
  const others = (version: number): readonly KubeObject[] => [
    ...Array.from({ length: GATEWAYS }, (_, at) => foreign('Gateway', at, version)),
    ...Array.from({ length: GATEWAYS / 10 }, (_, at) => foreign('ListenerSet', at, version)),
    ...Array.from({ length: ROUTES }, (_, at) => foreign('HTTPRoute', at, version)),
    ...Array.from({ length: SERVICES }, (_, at) => foreign('Service', at, version)),
  ]
  const ours = [...gatewayObjects(pair), routeObject(1), serviceObject(1), endpointsObject(1)]
  pipeline.changes([...ours, otherClass, ...others(1)].map(change))
  pipeline.complete()
  await pipeline.idle()
  expect(store.count('HTTPRoute')).toBe(ROUTES + 1)
  const [cold] = rounds.splice(0)
  // Only what is ours was translated.
  expect(cold?.computed.get('attachments')).toBe(1)
  const revision = snapshots.revision(LOCAL_GROUP)
  statuses = 0
  for (const version of [2, 3]) {
    for (const object of others(version)) pipeline.changes([change(object)])
    await pipeline.idle()
  }
  // Nobody even looks whether there is something to do.
  expect(rounds).toEqual([])
  expect(statuses).toBe(0)
  expect(snapshots.revision(LOCAL_GROUP)).toEqual(revision)
  // They are ours as soon as their class is.
  pipeline.changes([change({ ...otherClass, spec: { controllerName: CONTROLLER_NAME } } as KubeObject)])
  await pipeline.idle()
  expect(rounds.at(-1)?.computed.get('attachments')).toBe(ROUTES)
}, 60_000)
