/** `npm run bench:memory`: see scripts/tasks/bench-memory.sh. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type JsonObject, stringAt } from '../../src/k8s/kube-json.js'
import { installGatewayApi, startKubeApiServer } from '../../test/kube/support/kube-apiserver.js'
import { freePort } from '../../test/support/free-port.js'
import { apply, forEachAtOnce, pause } from '../bench-cluster/cluster.js'
import { BACKEND, type BackendRef, NAMESPACE, routeManifest } from '../bench-cluster/manifests.js'
import { certificate, listenerSet, ROUTES_PER_SET, routeOf } from '../bench-cluster/rows/listener-sets.js'
import { buildIfChanged } from '../lib/build.js'
import { countOf, countsOf, taskArguments } from '../lib/task-arguments.js'
import { type Controller, type Resident, startController } from './controller.js'
import { endpointsManifest, gatewayManifests, lastRouteManifest, ownBackend, serviceManifest } from './objects.js'
import { complete, startProxy } from './proxy.js'

const CRDS = join(import.meta.dirname, '..', '..', 'charts', 'headgate', 'crds')
const WRITES_AT_ONCE = 20
const CHANGES_PER_SECOND = 10

const { values } = taskArguments({
  routes: { type: 'string', default: '0,1000,3000' },
  sets: { type: 'string', default: '150' },
  own: { type: 'string', default: '5000' },
  'churn-seconds': { type: 'string', default: '60' },
  'node-flags': { type: 'string', default: '' },
})
const sizes = countsOf('routes', values.routes)
const churnSeconds = countOf('churn-seconds', values['churn-seconds'])
const nodeFlags = values['node-flags'].split(' ').filter((word) => word !== '')
const own = countOf('own', values.own)
const sets = countOf('sets', values.sets)
const signal = AbortSignal.timeout(3_600_000)

await buildIfChanged()
const api = await startKubeApiServer()
try {
  const port = await freePort()
  await prepare(port)
  await manyRoutes(sizes)
  if (own > 0) await ownServices(port)
} finally {
  await api.stop()
}

async function prepare(port: number): Promise<void> {
  await installGatewayApi(api.admin, 'experimental')
  for (const file of readdirSync(CRDS)) {
    const body = parse(readFileSync(join(CRDS, file), 'utf8'), { version: '1.1' }) as JsonObject
    await api.admin.json({ method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body }, signal)
  }
  for (const manifest of gatewayManifests(port)) await apply(api.admin, manifest, signal)
  await writeBackend(BACKEND, 0)
}

/** Routes to one Service come while the controller runs, as in `npm run bench:cluster`. */
async function manyRoutes(sizes: readonly number[]): Promise<void> {
  if (sizes.length === 0) return
  await running(async (controller) => {
    await controller.ready()
    await using _proxy = await startProxy(api.admin, controller, signal)
    let written = 0
    for (const size of sizes) {
      await forEachAtOnce(range(written, size), WRITES_AT_ONCE, (i) => apply(api.admin, routeManifest(i, '1'), signal))
      written = Math.max(written, size)
      await controller.settled()
      console.log(`${size} routes, one Service: ${print(controller.resident())}`)
    }
    if (sets > 0) await listenerSets(controller)
  })
  // What comes next is measured without them.
  const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}`
  await forEachAtOnce(range(0, sets), WRITES_AT_ONCE, async (set) => {
    const routes = range(0, ROUTES_PER_SET).map((route) => `httproutes/${stringAt(routeOf(set, route), 'metadata', 'name')}`)
    for (const each of [...routes, `listenersets/${stringAt(listenerSet(set), 'metadata', 'name')}`]) {
      await api.admin.json({ method: 'DELETE', path: `${path}/${each}` }, signal)
    }
  })
}

/** ListenerSets with a listener for HTTPS each come, with their routes. */
async function listenerSets(controller: Controller): Promise<void> {
  await apply(api.admin, await certificate(), signal)
  await forEachAtOnce(range(0, sets), WRITES_AT_ONCE, async (set) => {
    await apply(api.admin, listenerSet(set), signal)
    for (let route = 0; route < ROUTES_PER_SET; route++) await apply(api.admin, routeOf(set, route), signal)
  })
  await controller.settled()
  const after = controller.resident()
  const what = `${sets} ListenerSets with HTTPS and ${sets * ROUTES_PER_SET} routes besides`
  console.log(`${what}: ${print(after)}; the most so far ${after.peak.toFixed(0)} MB`)
}

/** Routes and Services are there before the controller is: first without statuses, then with those that it left. */
async function ownServices(port: number): Promise<void> {
  await forEachAtOnce(range(0, own), WRITES_AT_ONCE, async (i) => {
    await writeBackend(ownBackend(i), i)
    await apply(api.admin, routeManifest(i, '1', ownBackend(i)), signal)
  })
  await apply(api.admin, lastRouteManifest(own), signal)
  for (const statuses of ['to be written', 'there']) {
    await running(async (controller) => {
      await using _proxy = await startProxy(api.admin, controller, signal)
      const atEnvoy = complete(port).then(() => performance.now() - controller.startedAt)
      const [completeMs, readyMs] = await Promise.all([atEnvoy, controller.ready().then(() => performance.now() - controller.startedAt)])
      const title = `cold start with ${own} routes and Services, statuses ${statuses}`
      const took = `ready ${readyMs.toFixed(0)} ms, Envoy complete ${completeMs.toFixed(0)} ms`
      console.log(`${title}: ${took}, ${(controller.processorUs() / 1e6).toFixed(2)} s on a processor until then`)
      console.log(`  then: ${print(controller.resident())}; event loop longest ${await longestTurn(controller)}`)
      await controller.settled()
      console.log(`  settled: ${print(controller.resident())}; event loop longest ${await longestTurn(controller)}`)
      if (statuses === 'there') await churn(controller, churnSeconds)
    })
  }
}

async function churn(controller: Controller, seconds: number): Promise<void> {
  let most = controller.resident()
  for (let second = 0; second < seconds; second++) {
    const next = pause(1_000)
    await forEachAtOnce(range(0, CHANGES_PER_SECOND), WRITES_AT_ONCE, async (k) => {
      const i = ((second * CHANGES_PER_SECOND + k) * 7919) % own
      await apply(api.admin, routeManifest(i, `v${second}`, ownBackend(i)), signal)
      await apply(api.admin, endpointsManifest(ownBackend(i), i, second + 1), signal)
    })
    await next
    const now = controller.resident()
    if (now.total > most.total) most = now
  }
  const what = `${CHANGES_PER_SECOND} changed routes and endpoints a second for ${seconds} s`
  console.log(`  most during ${what}: ${print(most)}; event loop longest ${await longestTurn(controller)}`)
}

async function running(work: (controller: Controller) => Promise<void>): Promise<void> {
  const controller = await startController({ credentials: api.credentials('admin'), nodeFlags })
  try {
    await work(controller)
  } finally {
    await controller.stop()
  }
}

async function writeBackend(backend: BackendRef, i: number): Promise<void> {
  await apply(api.admin, serviceManifest(backend), signal)
  await apply(api.admin, endpointsManifest(backend, i, 0), signal)
}

async function longestTurn(controller: Controller): Promise<string> {
  const { clockMs, turns } = await controller.longestTurns()
  const onProcessor = turns.map(({ ms, atMs }) => `${ms.toFixed(0)} ms at ${(atMs / 1_000).toFixed(1)} s`)
  return `${clockMs.toFixed(0)} ms; on a processor ${onProcessor.join(', ')}`
}

function print({ total, anonymous, file }: Resident): string {
  return `${total.toFixed(0)} MB, ${anonymous.toFixed(0)} of its own and ${file.toFixed(0)} pages of files`
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
