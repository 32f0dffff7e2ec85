/**
 * How fast a change in the API becomes traffic. Runs where the addresses of the cluster are; see conformance/bench.sh.
 *
 * Timers start when the API server has answered and end with the first right answer of the Gateway.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { kubeConfigCredentials } from '../../src/k8s/credentials.js'
import { KubeClient } from '../../src/k8s/kube-client.js'
import { apply, gatewayAddress, removeNamespace } from './cluster.js'
import { type Figures, figuresOf, printFigures } from './figures.js'
import { baseManifests, hostOf, NAMESPACE, routeManifest } from './manifests.js'
import { Client } from './traffic.js'

const { values } = parseArgs({ options: { routes: { type: 'string', default: '1000' }, flips: { type: 'string', default: '200' } } })
const routes = Number(values.routes)
const flips = Number(values.flips)
const { signal } = new AbortController()
const client = new KubeClient(kubeConfigCredentials(), 'headgate-bench')
const results: Record<string, unknown> = { commit: process.env.HEADGATE_COMMIT, date: new Date().toISOString(), routes }

await removeNamespace(client, signal)
await apply(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, signal)
for (const manifest of baseManifests()) await apply(client, manifest, signal)
const address = await gatewayAddress(client, signal)
console.log(`the Gateway is at ${address}`)

const half = Math.floor(routes / 2)
results.oneByOne = await oneByOne(0, half)
results.bulk = await bulk(half, routes)
results.oneMore = await oneByOne(routes, routes + 50)
results.flips = await flipBackends(flips)
await removeNamespace(client, signal)
client.close()

const folder = join(import.meta.dirname, '..', '..', 'docs', 'reports')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'bench-cluster.json'), `${JSON.stringify(results, undefined, 2)}\n`)

/** Routes one after the other, each measured from the API's answer to its first 200. */
async function oneByOne(from: number, to: number): Promise<{ readonly figures: Figures; readonly answers: object }> {
  const traffic = new Client(address)
  const times: number[] = []
  for (let i = from; i < to; i++) {
    await apply(client, routeManifest(i, '1'), signal)
    const took = await traffic.until(hostOf(i), ({ status }) => status === 200, 30_000)
    if (took === undefined) throw new Error(`stalled at route ${i}`)
    times.push(took)
    if ((i - from + 1) % 100 === 0) console.log(`  ${i + 1} routes, last 100: ${printFigures(figuresOf(times.slice(-100)))}`)
  }
  traffic.close()
  const figures = figuresOf(times)
  const answers = Object.fromEntries(traffic.answers)
  console.log(`routes ${from} to ${to} one by one: ${printFigures(figures)}; answers ${JSON.stringify(answers)}`)
  return { figures, answers }
}

/** Many routes at once: milliseconds from the last write until all of them serve. */
async function bulk(from: number, to: number): Promise<{ readonly routes: number; readonly writeMs: number; readonly servingMs: number }> {
  const start = performance.now()
  const indices = Array.from({ length: to - from }, (_, k) => from + k)
  for (let k = 0; k < indices.length; k += 20)
    await Promise.all(indices.slice(k, k + 20).map((i) => apply(client, routeManifest(i, '1'), signal)))
  const written = performance.now()
  const traffic = new Client(address)
  for (const i of indices)
    if ((await traffic.until(hostOf(i), ({ status }) => status === 200, 60_000)) === undefined) throw new Error(`stalled at route ${i}`)
  traffic.close()
  const result = { routes: to - from, writeMs: Math.round(written - start), servingMs: Math.round(performance.now() - written) }
  console.log(`${result.routes} routes at once: written in ${result.writeMs} ms, all serving ${result.servingMs} ms after the last write`)
  return result
}

/** One route changes its backend again and again while a client asks without pause. */
async function flipBackends(count: number): Promise<{ readonly flips: number; readonly answers: object }> {
  const traffic = new Client(address)
  let isDone = false
  const load = (async () => {
    while (!isDone) await traffic.ask(hostOf(0))
  })()
  for (let flip = 0; flip < count; flip++) {
    const backend = flip % 2 === 0 ? { name: 'other', port: 81 } : { name: 'backend', port: 80 }
    await apply(client, routeManifest(0, String(flip), backend), signal)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  isDone = true
  await load
  traffic.close()
  const answers = Object.fromEntries(traffic.answers)
  console.log(`${count} backend flips 20 ms apart under load: answers ${JSON.stringify(answers)}`)
  return { flips: count, answers }
}
