/**
 * `npm run bench [-- rds|scoped N...]`: how long the control plane needs from a changed object to bytes that are ready for the socket,
 * at 1,000, 5,000 and 10,000 HTTPRoutes with own hostnames and own Services, by each packing of routes, and what it holds in memory. No
 * sockets, no Envoy.
 */
import { ServerCredentials } from '@grpc/grpc-js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { LOCAL_GROUP, LocalPlacements } from '../../src/infra/host/local-placements.js'
import { createControlPlane } from '../../src/pipeline/control-plane.js'
import type { KubeObject } from '../../src/provider/provider.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import { certificateObject, change, endpointsObject, gatewayObjects, routeObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'

const EDITS = 300
const PACKINGS = ['rds', 'scoped'] as const
const args = process.argv.slice(2)
const chosen = PACKINGS.filter((packing) => args.includes(packing))
const sizes = args.map(Number).filter(Number.isInteger)

const authority = await createAuthority()
const certificates = await Promise.all([1, 2].map(() => authority.issue({ dns: ['*.secure.example.com'] })))
const columns = ['packing', 'routes', 'cold ms', 'route edit p50', 'p99', 'endpoint edit p50', 'p99', 'Secret edit p50', 'p99', 'heap MiB']
console.log(columns.map((column) => column.padStart(Math.max(6, column.length))).join('  '))
for (const size of sizes.length > 0 ? sizes : [1_000, 5_000, 10_000]) {
  for (const packing of chosen.length > 0 ? chosen : PACKINGS) {
    const row = [packing, ...(await measure(size, packing))]
    console.log(row.map((cell, index) => cell.padStart(Math.max(6, columns[index]?.length ?? 0))).join('  '))
  }
}

async function measure(routes: number, packing: (typeof PACKINGS)[number]): Promise<readonly string[]> {
  const heapBefore = heapMiB()
  const { pipeline, snapshots } = createControlPlane({
    xds: { packing },
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(0, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
  })
  const [first, second] = certificates
  if (first === undefined || second === undefined) throw new Error('no certificates')
  const objects: KubeObject[] = [...gatewayObjects(first)]
  for (let i = 0; i < routes; i++) objects.push(routeObject(i), serviceObject(i), endpointsObject(i))

  const coldStart = performance.now()
  pipeline.changes(objects.map(change))
  pipeline.complete()
  await pipeline.idle()
  const coldMs = performance.now() - coldStart

  const edit = async (make: (n: number) => KubeObject): Promise<readonly string[]> => {
    const times: number[] = []
    for (let n = 0; n < EDITS; n++) {
      const edited = make(n)
      const revision = snapshots.revision(LOCAL_GROUP)
      const start = performance.now()
      pipeline.changes([change(edited)])
      await pipeline.idle()
      times.push(performance.now() - start)
      if (snapshots.revision(LOCAL_GROUP) !== revision + 1) throw new Error(`the edit of ${edited.kind} made no revision`)
    }
    times.sort((a, b) => a - b)
    return [0.5, 0.99].map((share) => (times[Math.floor(share * (EDITS - 1))] ?? 0).toFixed(2))
  }
  const route = await edit((n) => routeObject((n * 7919) % routes, n + 2))
  const endpoints = await edit((n) => endpointsObject((n * 7919) % routes, (n % 250) + 2))
  const secret = await edit((n) => certificateObject(n % 2 === 0 ? second : first, n + 2))
  return [String(routes), coldMs.toFixed(0), ...route, ...endpoints, ...secret, (heapMiB() - heapBefore).toFixed(0)]
}

function heapMiB(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1024 / 1024
}
