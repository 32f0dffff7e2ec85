/** A cluster that is shared with other controllers: what their objects cost the controller, as a process of its own. */
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { fieldAt, type JsonObject } from '../../src/k8s/kube-json.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { endProgram, startProgram } from '../support/program.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const GROUP = 'gateway.networking.k8s.io'
const API = `/apis/${GROUP}/v1`
const ROUTES = `${API}/namespaces/default/httproutes`
const COUNTS = { routes: 4_000, services: 500, secrets: 500 }
const CHANGES_PER_SECOND = 100
const WARM_UP_SECONDS = 5
const SECONDS = 20
/** A second, of an idle controller: its lease, its timers. */
const MOST_WAKES = 40
/** Half of a core would be a fault of another kind: other work on the machine must not fail the test. */
const MOST_CORES = 0.5

describe('the controller in a shared cluster', () => {
  let api: KubeApiServer
  let controller: ChildProcess | undefined
  let metricsPort: number
  let changes = 0

  /** Sums of metrics by name. */
  const metrics = async (): Promise<ReadonlyMap<string, number>> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    const sums = new Map<string, number>()
    for (const [, name = '', value = ''] of text.matchAll(/^([a-z_]+)(?:\{[^\n]*\})? ([0-9.e+-]+)$/gm)) {
      sums.set(name, (sums.get(name) ?? 0) + Number(value))
    }
    return sums
  }

  /** What the controller does a second while something goes on: how often its event loop wakes up, and for how long all threads run. */
  const during = async (work: () => Promise<unknown>): Promise<{ readonly wakes: number; readonly cores: number }> => {
    const read = () => {
      const tasks = `/proc/${controller?.pid}/task`
      const wakes = Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`${tasks}/${controller?.pid}/status`, 'utf8'))?.[1])
      // Nanoseconds, where the counters of the process itself would have to be asked for, which costs as much as all else.
      const ran = readdirSync(tasks).map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
      return { wakes, ranMs: ran.reduce((sum, each) => sum + each, 0) / 1e6, atMs: performance.now() }
    }
    const before = read()
    await work()
    const after = read()
    const ms = after.atMs - before.atMs
    return { wakes: ((after.wakes - before.wakes) / ms) * 1_000, cores: (after.ranMs - before.ranMs) / ms }
  }

  beforeAll(async () => {
    api = await startKubeApiServer()
    await installGatewayApi(api.admin, 'experimental')
    const gatewayClass = (name: string, controllerName: string) =>
      create(api.admin, `${API}/gatewayclasses`, {
        apiVersion: `${GROUP}/v1`,
        kind: 'GatewayClass',
        metadata: { name },
        spec: { controllerName },
      })
    await gatewayClass('headgate', 'headgate.dev/gateway-controller')
    await gatewayClass('other', 'example.com/other')
    const gateway = (name: string, gatewayClassName: string) =>
      create(api.admin, `${API}/namespaces/default/gateways`, {
        apiVersion: `${GROUP}/v1`,
        kind: 'Gateway',
        metadata: { name },
        spec: { gatewayClassName, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
      })
    await gateway('ours', 'headgate')
    await gateway('theirs', 'other')
    const objects: (readonly [path: string, object: JsonObject])[] = [
      ...Array.from({ length: COUNTS.routes }, (_, at): readonly [string, JsonObject] => [
        ROUTES,
        {
          apiVersion: `${GROUP}/v1`,
          kind: 'HTTPRoute',
          metadata: { name: `r${at}` },
          spec: { parentRefs: [{ name: 'theirs' }], hostnames: [`r${at}.example.com`] },
        },
      ]),
      ...Array.from({ length: COUNTS.services }, (_, at): readonly [string, JsonObject] => [
        '/api/v1/namespaces/default/services',
        { apiVersion: 'v1', kind: 'Service', metadata: { name: `s${at}` }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
      ]),
      ...Array.from({ length: COUNTS.secrets }, (_, at): readonly [string, JsonObject] => [
        '/api/v1/namespaces/default/secrets',
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: `x${at}` } },
      ]),
    ]
    const next = objects.values()
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (const [path, object] of next) await create(api.admin, path, object)
      }),
    )
    const [xds, admin, health] = [await freePort(), await freePort(), await freePort()]
    metricsPort = await freePort()
    controller = startProgram(
      process.execPath,
      [
        // As in the image.
        '--max-semi-space-size=4',
        ...['--import', 'tsx', join(REPOSITORY, 'src', 'main.ts'), '--provider', 'kubernetes', '--kubeconfig', api.kubeconfig],
        ...['--namespace', 'default', '--log-level', 'error', '--xds-address', `127.0.0.1:${xds}`, '--admin-address', `127.0.0.1:${admin}`],
        ...['--health-address', `127.0.0.1:${health}`, '--metrics-address', `127.0.0.1:${metricsPort}`],
      ],
      { cwd: REPOSITORY, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, POD_NAME: 'foreign' } },
    )
    await eventually(async () => expect((await fetch(`http://127.0.0.1:${health}/readyz`)).status).toBe(200), 120_000)
    // Nobody runs pods here: of Envoys that do not come, something would be told after half a minute.
    const envoys = '/apis/apps/v1/namespaces/default/deployments/headgate-ours'
    const signal = AbortSignal.timeout(60_000)
    await eventually(async () => expect(await api.admin.find(envoys, signal)).toBeDefined(), 60_000)
    const { spec } = await api.admin.json({ path: envoys }, signal)
    const replicas = fieldAt(spec, 'replicas') as number
    const body = { status: { replicas, readyReplicas: replicas, availableReplicas: replicas } }
    await api.admin.json({ method: 'PATCH', path: `${envoys}/status`, body, contentType: CONTENT_TYPE.mergePatch }, signal)
  }, 300_000)

  afterAll(async () => {
    if (controller !== undefined) await endProgram(controller, 10_000)
    await api.stop()
  })

  /** Changes of others, `CHANGES_PER_SECOND` at the beginning of each second. */
  const change = async (seconds: number): Promise<void> => {
    const patch = (path: string, body: JsonObject) =>
      api.admin.json({ method: 'PATCH', path, body, contentType: CONTENT_TYPE.mergePatch }, AbortSignal.timeout(10_000))
    const beganMs = performance.now()
    for (let second = 0; second < seconds; second++) {
      await Promise.all(
        Array.from({ length: CHANGES_PER_SECOND }, (_, at) => {
          const label = { metadata: { labels: { change: `v${changes++}` } } }
          if (at % 10 === 8) return patch(`/api/v1/namespaces/default/services/s${(second * 10 + at) % COUNTS.services}`, label)
          if (at % 10 === 9) return patch(`/api/v1/namespaces/default/secrets/x${(second * 10 + at) % COUNTS.secrets}`, label)
          const hostnames = [`v${changes}.example.com`]
          return patch(`${ROUTES}/r${(second * CHANGES_PER_SECOND + at) % COUNTS.routes}`, { spec: { hostnames } })
        }),
      )
      await sleep(Math.max(0, (second + 1) * 1_000 - (performance.now() - beganMs)))
    }
  }

  it('computes, writes and sends nothing for 5,000 objects of others that change 100 times a second', async () => {
    // The statuses of our own class and Gateway, and what is made for it; then what is done the first time.
    await sleep(5_000)
    await change(WARM_UP_SECONDS)
    const idle = await during(() => sleep(10_000))
    const before = await metrics()
    const busy = await during(() => change(SECONDS))
    const after = await metrics()
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
    process.stdout.write(`without changes: ${idle.cores.toFixed(4)} cores, woken ${idle.wakes.toFixed(0)} times a second\n`)
    process.stdout.write(
      `${CHANGES_PER_SECOND} changes of others a second: ${busy.cores.toFixed(4)} cores, woken ${busy.wakes.toFixed(0)} times a second\n`,
    )
    expect(after.get('headgate_objects')).toBeGreaterThan(COUNTS.routes + COUNTS.services)
    expect(grown('headgate_fragments_computed_total')).toBe(0)
    expect(grown('headgate_status_writes_total')).toBe(0)
    expect(grown('headgate_xds_encodes_total')).toBe(0)
    expect(grown('headgate_xds_response_bytes_total')).toBe(0)
    expect(grown('headgate_translation_seconds_count')).toBe(0)
    // A timer that somebody adds shows here, however busy the machine is.
    expect(idle.wakes).toBeLessThan(MOST_WAKES)
    expect(busy.cores).toBeLessThan(MOST_CORES)
  }, 120_000)
})
