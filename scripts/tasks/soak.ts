/**
 * `npm run soak [-- MINUTES]`: churn for 3 minutes (30 with LONG=1), then the slope of the heap after warm-up. Clusters, endpoints and
 * scopes come and go; clients connect, reject, stall and leave. Exits with 1 when the heap grows by more than its noise.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ServerCredentials } from '@grpc/grpc-js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { AdsServer } from '../../src/xds/server/ads-server.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import { SnapshotCache } from '../../src/xds/snapshot-cache.js'
import { AdsClient, type DeltaStream } from '../../test/xds/support/ads-client.js'
import { cluster, drop, endpoints, put, scope } from '../../test/xds/support/resources.js'

const GROUP = 'soak'
const NAMES = 300
const CLIENTS = 20
/** One client is replaced by a new one after so many rounds of 5 ms. */
const CLIENT_ROUNDS = 25
const SAMPLES = 30
/** The share of all samples that is warm-up. */
const WARM_UP = 1 / 2
/** Growth over the rest that counts as noise. */
const NOISE_MIB = 5

const minutes = Number(process.argv[2] ?? (process.env.LONG === '1' ? 30 : 3))
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const cache = new SnapshotCache()
cache.markComplete()
const server = new AdsServer({ cache, authenticator: allowEveryone(GROUP), credentials: ServerCredentials.createInsecure() })
const port = await server.listen('127.0.0.1', 0)
const clients = new Map<number, AdsClient>()
let changes = 0
let rejections = 0
let reconnects = 0

const end = performance.now() + minutes * 60_000
const samples: { readonly minute: number; readonly mebibytes: number }[] = []
let nextSample = performance.now()
for (let round = 0; performance.now() < end; round++) {
  change(round)
  if (round % CLIENT_ROUNDS === 0) replaceClient((round / CLIENT_ROUNDS) % CLIENTS)
  await new Promise((resolve) => setTimeout(resolve, 5))
  if (performance.now() < nextSample) continue
  nextSample += (minutes * 60_000) / SAMPLES
  collectGarbage()
  samples.push({ minute: minutes - (end - performance.now()) / 60_000, mebibytes: process.memoryUsage().heapUsed / 1024 / 1024 })
}
const streams = server.streams
for (const client of clients.values()) client.close()
await server.close()

const steady = samples.slice(Math.floor(samples.length * WARM_UP))
const slope = slopePerHour(steady)
const rss = Math.round(process.memoryUsage().rss / 1024 / 1024)
console.log(
  `${changes} changes, ${reconnects} connections, ${rejections} rejections in ${minutes} minutes; ${streams} streams open at the end`,
)
console.log(`heap ${samples.map(({ mebibytes }) => mebibytes.toFixed(0)).join(' ')} MiB; RSS ${rss} MiB`)
console.log(`heap slope after warm-up: ${slope.toFixed(1)} MiB per hour`)
const growth = (slope * minutes * (1 - WARM_UP)) / 60
if (growth > NOISE_MIB) {
  console.error(`The heap grew by ${growth.toFixed(1)} MiB after warm-up; ${NOISE_MIB} would be noise.`)
  process.exitCode = 1
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
