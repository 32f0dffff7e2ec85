/**
 * `npm run bench:floor [-- --routes 1000,3000,5000,10000 --packing rds,scoped --edits 40]`: what a changed route needs from the
 * object to the first answer that shows it, as F(N) + X. F(N) is Envoy's share: a server that has the bytes beforehand writes them, and
 * a second Envoy with the same configuration shows them. X is ours: the rest of the same change through our whole control plane. Both
 * are measured in turn, edit by edit.
 *
 * Prints a table; LONG=1 writes docs/reports/bench-floor.json.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { ServerCredentials } from '@grpc/grpc-js'
import { printRoutePacking, routePacking } from '../../src/config/option-values.js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { LOCAL_GROUP, LocalPlacements } from '../../src/infra/host/local-placements.js'
import { createControlPlane } from '../../src/pipeline/control-plane.js'
import { decode, encode } from '../../src/xds/message.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import { DEFAULT_ROUTE_PACKING, type RoutePacking } from '../../src/xds/translate/packing.js'
import { change, endpointsObject, gatewayObjects, redirectRouteObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { freeOffset } from '../../test/support/free-offset.js'
import { startEnvoy } from '../../test/xds/support/real-envoy.js'
import { type Figures, figuresOf } from '../bench-cluster/figures.js'
import { cpuUs } from '../data-path/cpu.js'
import { Probe } from '../floor/probe.js'
import { ReplayServer } from '../floor/replay-server.js'
import { writeReport } from '../lib/report.js'
import { countOf, countsOf, readWith, taskArguments } from '../lib/task-arguments.js'

/** Where the second Envoy listens: the same ports on another loopback address. */
const REPLAY_ADDRESS = '127.0.0.3'
const PAUSE_MS = 30
/** HTTP on port 80 is bound here plus the offset. */
const HTTP_PORT = 8_080

const { values } = taskArguments({
  routes: { type: 'string', default: '1000,3000,5000,10000' },
  packing: { type: 'string', default: `rds,scoped,${printRoutePacking(DEFAULT_ROUTE_PACKING)}` },
  edits: { type: 'string', default: '40' },
})
const edits = countOf('edits', values.edits)
const packings = values.packing.split(',').map((name) => ({ name, packing: readWith(() => routePacking(name)) }))
const sizes = countsOf('routes', values.routes)
const certificate = await (await createAuthority()).issue({ dns: ['*.secure.example.com'] })

interface Row {
  readonly routes: number
  readonly packing: string
  /** Envoy's share, milliseconds. */
  readonly floor: Figures
  /** The whole way, milliseconds. */
  readonly whole: Figures
  /** The difference of the medians, milliseconds. */
  readonly ours: number
  readonly bytes: number
  /** Of the second Envoy per edit, on a processor, with the requests that ask for the answer. */
  readonly envoyCpuMs: number
  readonly envoyMiB: number
  readonly loopMaxMs: number
}

const rows: Row[] = []
console.log('routes  packing             F(N) p50    p99   whole p50    p99   X p50   KiB/edit  Envoy cpu ms  Envoy MiB  loop max ms')
for (const routes of sizes) {
  for (const { name, packing } of packings) {
    const row = await measure(routes, name, packing)
    rows.push(row)
    print(row)
  }
}
if (process.env.LONG === '1') {
  const figures = rows.flatMap(({ routes, packing, floor, whole, ours, bytes, envoyCpuMs, envoyMiB }) =>
    Object.entries({
      floorP50Ms: floor.p50,
      floorP99Ms: floor.p99,
      wholeP50Ms: whole.p50,
      wholeP99Ms: whole.p99,
      oursP50Ms: ours,
      bytesPerEdit: bytes,
      envoyCpuMs,
      envoyMiB,
    }).map(([name, value]) => [`${packing} ${routes} ${name}`, value] as const),
  )
  writeReport('bench-floor', 'npm run bench:floor', Object.fromEntries(figures))
}

async function measure(routes: number, name: string, packing: RoutePacking): Promise<Row> {
  const offset = await freeOffset()
  const httpPort = HTTP_PORT + offset
  const { pipeline, snapshots, server } = createControlPlane({
    xds: { packing },
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(offset, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
  })
  const resources = new Map<string, EncodedResource>()
  let changed: EncodedResource[] = []
  snapshots.onApplied((_group, changes) => {
    for (const { typeUrl, name: resource, current } of changes) {
      if (current === undefined) resources.delete(`${typeUrl} ${resource}`)
      else resources.set(`${typeUrl} ${resource}`, current)
    }
    changed = changes.flatMap(({ current }) => (current === undefined ? [] : [current]))
  })
  const objects = [...gatewayObjects(certificate)]
  for (let i = 0; i < routes; i++) objects.push(redirectRouteObject(i, 0), serviceObject(i), endpointsObject(i))
  pipeline.changes(objects.map(change))
  pipeline.complete()
  await pipeline.idle()
  const replay = new ReplayServer(new Map([...resources].map(([key, resource]) => [key, elsewhere(resource)])))
  const probes = { ours: new Probe('127.0.0.1', httpPort), replay: new Probe(REPLAY_ADDRESS, httpPort) }
  try {
    await using envoy = await startEnvoy({ xds: { port: await server.listen('127.0.0.1', 0) } })
    await using second = await startEnvoy({ xds: { port: await replay.listen() } })
    for (const probe of [probes.ours, probes.replay]) await probe.until(hostOf(routes - 1), targetOf(0))
    const sent = () => [...server.counters.bytes.values()].reduce((sum, bytes) => sum + bytes, 0)
    const before = sent()
    const floor: number[] = []
    const whole: number[] = []
    const cpu: number[] = []
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    for (let edit = 1; edit <= edits; edit++) {
      const index = (edit * 7919) % routes
      const edited = redirectRouteObject(index, edit)
      let start = performance.now()
      pipeline.changes([change(edited)])
      await probes.ours.until(hostOf(index), targetOf(edit))
      whole.push(performance.now() - start)
      await pause()
      const send = replay.prepare(changed)
      await pause()
      const cpuBefore = cpuUs(second.pid)
      start = performance.now()
      send()
      await probes.replay.until(hostOf(index), targetOf(edit))
      floor.push(performance.now() - start)
      cpu.push((cpuUs(second.pid) - cpuBefore) / 1_000)
      await pause()
    }
    delay.disable()
    const [of, all] = [figuresOf(floor), figuresOf(whole)]
    const envoyMiB = Number(/"allocated": "(\d+)"/.exec(await envoy.admin('/memory'))?.[1]) / 1024 / 1024
    return {
      routes,
      packing: name,
      floor: of,
      whole: all,
      ours: all.p50 - of.p50,
      bytes: (sent() - before) / edits,
      envoyCpuMs: figuresOf(cpu).p50,
      envoyMiB,
      loopMaxMs: delay.max / 1e6,
    }
  } finally {
    probes.ours.close()
    probes.replay.close()
    replay.close()
    await server.close()
  }
}

/** A listener at the address of the second Envoy; everything else as it is. */
function elsewhere(resource: EncodedResource): EncodedResource {
  if (resource.typeUrl !== TYPE_URL.listener) return resource
  const listener = decode('envoy.config.listener.v3.Listener', resource.value)
  const socketAddress =
    listener.address === undefined || !('socketAddress' in listener.address) ? undefined : listener.address.socketAddress
  if (socketAddress === undefined) return resource
  const moved = { ...listener, address: { socketAddress: { ...socketAddress, address: REPLAY_ADDRESS } } }
  return { ...resource, value: encode('envoy.config.listener.v3.Listener', moved) }
}

function hostOf(route: number): string {
  return `host-${route}.example.com`
}

function targetOf(edit: number): string {
  return `edit-${edit}.example.com`
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}

function print({ routes, packing, floor, whole, ours, bytes, envoyCpuMs, envoyMiB, loopMaxMs }: Row): void {
  const ms = [floor.p50, floor.p99, whole.p50, whole.p99, ours].map((value) => value.toFixed(1))
  const cells = [
    String(routes),
    packing,
    ...ms,
    (bytes / 1024).toFixed(1),
    envoyCpuMs.toFixed(1),
    envoyMiB.toFixed(0),
    loopMaxMs.toFixed(0),
  ]
  const widths = [6, 18, 9, 5, 10, 5, 6, 9, 12, 9, 11]
  console.log(cells.map((cell, index) => (index === 1 ? cell.padEnd(18) : cell.padStart(widths[index] ?? 0))).join('  '))
}
