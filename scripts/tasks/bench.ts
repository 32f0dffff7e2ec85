/**
 * `npm run bench [-- rds|scoped|default N...]`: how long the control plane needs from a changed object to bytes that are ready for the
 * socket, at 1,000, 5,000 and 10,000 HTTPRoutes with own hostnames and own Services, by the default packing of routes and by RDS, what it
 * holds in memory, and for how long it keeps the event loop during edits. No sockets, no Envoy. `npm run bench -- default 100 20000`
 * ends with the slope of the route edit over the sizes, in logarithms: 0 is flat, 1 grows with the number; the default packing fails above
 * 0.2 over a range of ten and more. 100000 routes load as well.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ServerCredentials } from '@grpc/grpc-js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { LOCAL_GROUP, LocalPlacements } from '../../src/infra/host/local-placements.js'
import { createControlPlane } from '../../src/pipeline/control-plane.js'
import type { KubeObject } from '../../src/provider/provider.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import { DEFAULT_ROUTE_PACKING, type RoutePacking } from '../../src/xds/translate/packing.js'
import { certificateObject, change, endpointsObject, gatewayObjects, routeObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { type Figures, figuresOf } from '../bench-cluster/figures.js'
import { isCount, taskArguments } from '../lib/task-arguments.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const EDITS = 300
/** How much a route edit may grow with the number of routes. */
const MAX_SLOPE = 0.2
const PACKINGS: Readonly<Record<string, RoutePacking>> = { default: DEFAULT_ROUTE_PACKING, rds: 'rds', scoped: 'scoped' }
const USUAL = ['default', 'rds']
const { words } = taskArguments({}, (word) => isCount(word) || word in PACKINGS)
const chosen = Object.keys(PACKINGS).filter((packing) => words.includes(packing))
const sizes = words.filter(isCount).map(Number)

const authority = await createAuthority()
const certificates = await Promise.all([1, 2].map(() => authority.issue({ dns: ['*.secure.example.com'] })))
const columns = [
  'packing',
  'routes',
  'cold ms',
  'route edit p50',
  'p99',
  'cpu p99',
  'max',
  'endpoint edit p50',
  'p99',
  'Secret edit p50',
  'p99',
  'heap MiB',
  'RSS MiB',
  'loop max ms',
]
console.log(columns.map((column) => column.padStart(Math.max(6, column.length))).join('  '))
const points: { readonly packing: string; readonly routes: number; readonly editMs: number }[] = []
for (const size of sizes.length > 0 ? sizes : [1_000, 5_000, 10_000]) {
  for (const packing of chosen.length > 0 ? chosen : USUAL) {
    const row = [packing, ...(await measure(size, packing))]
    points.push({ packing, routes: size, editMs: Number(row[3]) })
    console.log(row.map((cell, index) => cell.padStart(Math.max(6, columns[index]?.length ?? 0))).join('  '))
  }
}

for (const packing of new Set(points.map((point) => point.packing))) {
  const of = points.filter((point) => point.packing === packing)
  if (of.length < 2) continue
  const found = slope(of)
  const range = Math.max(...of.map(({ routes }) => routes)) / Math.min(...of.map(({ routes }) => routes))
  if (packing === 'default' && range >= 10 && found > MAX_SLOPE) process.exitCode = 1
  console.log(`${packing}: slope of a route edit (p50) over the number of routes, log-log: ${found.toFixed(2)}`)
}

/** Least squares over the logarithms. */
function slope(of: readonly { readonly routes: number; readonly editMs: number }[]): number {
  const xs = of.map(({ routes }) => Math.log(routes))
  const ys = of.map(({ editMs }) => Math.log(editMs))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [mx, my] = [mean(xs), mean(ys)]
  return mean(xs.map((x, i) => (x - mx) * ((ys[i] ?? 0) - my))) / mean(xs.map((x) => (x - mx) ** 2))
}

/** Milliseconds: by the clock, and on a processor (in steps of some milliseconds), which other work on the machine hardly changes. */
interface Edits {
  readonly wall: Figures
  readonly cpu: Figures
}

async function measure(routes: number, packing: string): Promise<readonly string[]> {
  const heapBefore = await heapMiB()
  const { pipeline, snapshots } = createControlPlane({
    xds: { packing: PACKINGS[packing] ?? DEFAULT_ROUTE_PACKING },
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

  const edit = async (make: (n: number) => KubeObject): Promise<Edits> => {
    const times: number[] = []
    const cpu: number[] = []
    for (let n = 0; n < EDITS; n++) {
      const edited = make(n)
      const revision = snapshots.revision(LOCAL_GROUP)
      const cpuBefore = process.threadCpuUsage()
      const start = performance.now()
      pipeline.changes([change(edited)])
      await pipeline.idle()
      times.push(performance.now() - start)
      const { user, system } = process.threadCpuUsage(cpuBefore)
      cpu.push((user + system) / 1_000)
      if (snapshots.revision(LOCAL_GROUP) !== revision + 1) throw new Error(`the edit of ${edited.kind} made no revision`)
    }
    return { wall: figuresOf(times), cpu: figuresOf(cpu) }
  }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const route = await edit((n) => routeObject((n * 7919) % routes, n + 2))
  const endpoints = await edit((n) => endpointsObject((n * 7919) % routes, (n % 250) + 2))
  const secret = await edit((n) => certificateObject(n % 2 === 0 ? second : first, n + 2))
  delay.disable()
  const rssMiB = process.memoryUsage().rss / 1024 / 1024
  const memory = [(await heapMiB()) - heapBefore, rssMiB, delay.max / 1e6].map((value) => value.toFixed(0))
  const two = (...values: readonly number[]) => values.map((value) => value.toFixed(2))
  return [
    String(routes),
    coldMs.toFixed(0),
    ...two(route.wall.p50, route.wall.p99, route.cpu.p99, route.cpu.max),
    ...two(endpoints.wall.p50, endpoints.wall.p99, secret.wall.p50, secret.wall.p99),
    ...memory,
  ]
}

/** What is in use: objects whose last reference went with a task are collected by the collection that comes after one. */
async function heapMiB(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return process.memoryUsage().heapUsed / 1024 / 1024
}
