/**
 * `npm run soak [-- MINUTES]`: churn for 3 minutes (30 with LONG=1), then the slope of the heap after warm-up. Clusters, endpoints and
 * scopes come and go on an ADS server of their own, whose clients connect, reject, stall and leave; beside it the objects of a whole control
 * plane do (`test/perf/pipeline-churn.ts`). Exits with 1 when the heap grows by more than its noise, or a stream is left
 * over. LONG=1 writes docs/reports/soak.json.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ServerCredentials } from '@grpc/grpc-js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { AdsServer } from '../../src/xds/server/ads-server.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import { SnapshotCache } from '../../src/xds/snapshot-cache.js'
import { fillRejected, startPipelineChurn } from '../../test/perf/pipeline-churn.js'
import { AdsClient, type DeltaStream } from '../../test/xds/support/ads-client.js'
import { cluster, drop, endpoints, put, scope } from '../../test/xds/support/resources.js'
import { writeReport } from '../lib/report.js'
import { isCount, taskArguments } from '../lib/task-arguments.js'

const GROUP = 'soak'
const NAMES = 300
const CLIENTS = 20
const ROUND_MS = 5
/** One client is replaced by a new one after so many rounds. */
const CLIENT_ROUNDS = 25
/** The control plane translates after each change: so many rounds lie between two of them. */
const PIPELINE_ROUNDS = 4
const PROXY_ROUNDS = 600
const SAMPLES = 30
/** The share of all samples that is warm-up. */
const WARM_UP = 1 / 2
/** Growth over the rest that counts as noise. */
const NOISE_MIB = 5

const isLong = process.env.LONG === '1'
const [asked] = taskArguments({}, isCount).words
const minutes = Number(asked ?? (isLong ? 30 : 3))
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const cache = new SnapshotCache()
cache.markComplete()
const server = new AdsServer({ cache, authenticator: allowEveryone(GROUP), credentials: ServerCredentials.createInsecure() })
fillRejected(server.rejected)
const port = await server.listen('127.0.0.1', 0)
const pipeline = await startPipelineChurn()
const clients = new Map<number, AdsClient>()
let changes = 0
let rejections = 0
let reconnects = 0

const began = performance.now()
const end = began + minutes * 60_000
const samples: { readonly minute: number; readonly mebibytes: number }[] = []
let nextSample = performance.now()
for (let round = 0; performance.now() < end; round++) {
  change(round)
  if (round % CLIENT_ROUNDS === 0) replaceClient((round / CLIENT_ROUNDS) % CLIENTS)
  if (round % PIPELINE_ROUNDS === 0) pipeline.change(round / PIPELINE_ROUNDS)
  if (round % PROXY_ROUNDS === PROXY_ROUNDS - 1) pipeline.reconnect((round + 1) / PROXY_ROUNDS)
  await new Promise((resolve) => setTimeout(resolve, ROUND_MS))
  if (performance.now() < nextSample) continue
  nextSample += (minutes * 60_000) / SAMPLES
  collectGarbage()
  samples.push({ minute: (performance.now() - began) / 60_000, mebibytes: process.memoryUsage().heapUsed / 1024 / 1024 })
}
const streams = server.streams
for (const client of clients.values()) client.close()
await Promise.all([server.close(), pipeline.stop()])

const steady = samples.slice(Math.floor(samples.length * WARM_UP))
const slope = slopePerHour(steady)
const growth = (slope * minutes * (1 - WARM_UP)) / 60
const figures = {
  minutes,
  serverChanges: changes,
  serverConnections: reconnects,
  serverRejections: rejections,
  openStreams: streams,
  objectChanges: pipeline.counts.changes,
  proxyConnections: pipeline.counts.connections,
  tableRejections: pipeline.counts.rejections,
  objectsHeldBack: pipeline.held(),
  heapMib: samples.map(({ mebibytes }) => round1(mebibytes)),
  heapSlopeMibPerHour: round1(slope),
  heapGrowthAfterWarmUpMib: round1(growth),
  noiseMib: NOISE_MIB,
  rssMib: round1(process.memoryUsage().rss / 1024 / 1024),
}
for (const [name, figure] of Object.entries(figures)) console.log(`${name}: ${Array.isArray(figure) ? figure.join(' ') : figure}`)
if (isLong) writeReport('soak', `LONG=1 npm run soak${asked === undefined ? '' : ` -- ${asked}`}`, figures)
if (growth > NOISE_MIB) fail(`The heap grew by ${growth.toFixed(1)} MiB after warm-up; ${NOISE_MIB} would be noise.`)
if (streams > CLIENTS) fail(`${streams} streams are open for ${CLIENTS} clients.`)
// A soak in which nothing is rejected would not have watched what rejections leave behind.
if (rejections === 0 || (minutes >= 1 && pipeline.counts.rejections === 0)) fail('Nothing was rejected.')

function fail(message: string): void {
  console.error(message)
  process.exitCode = 1
}

function round1(value: number): number {
  return Math.round(value * 10) / 10
}
function change(round: number): void {
  const name = `n${(round * 7919) % NAMES}`
  const content = (round % 50) + 1
  const isThere = round % 7 !== 0
  cache.apply(
    GROUP,
    isThere
      ? [put(cluster(name, { eds: true, content })), put(endpoints(name, content)), put(scope(name, [name, `x${content}`]))]
      : [drop(cluster(name)), drop(endpoints(name)), drop(scope(name))],
  )
  changes += 1
}

function replaceClient(index: number): void {
  clients.get(index)?.close()
  const client = new AdsClient(port, { node: { id: `soak-${index}` } })
  clients.set(index, client)
  reconnects += 1
  const stream = client.delta()
  stream.send(TYPE_URL.cluster)
  stream.send(TYPE_URL.clusterLoadAssignment, { subscribe: Array.from({ length: NAMES }, (_, name) => `n${name}`) })
  stream.send(TYPE_URL.scopedRouteConfiguration)
  if (index === 0) stream.stall()
  else void answer(stream, index)
}

/** Accepts what comes, and rejects one response in fifty. */
async function answer(stream: DeltaStream, index: number): Promise<void> {
  try {
    for (let count = index; ; count++) {
      if (count % 50 === 49) {
        await stream.reject('no')
        rejections += 1
      } else await stream.accept()
    }
  } catch {
    // the stream was closed, or nothing came for a while: its successor goes on
  }
}

/** The least-squares line through the samples. */
function slopePerHour(points: readonly { readonly minute: number; readonly mebibytes: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(points.map(({ minute }) => minute))
  const y = mean(points.map(({ mebibytes }) => mebibytes))
  const covariance = points.reduce((sum, point) => sum + (point.minute - x) * (point.mebibytes - y), 0)
  const variance = points.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0)
  return (covariance / variance) * 60
}
