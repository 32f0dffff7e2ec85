/**
 * How fast a change in the API becomes traffic: measures the peer that is installed. Runs where the addresses of the cluster are; see
 * conformance/bench.sh.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { kubeConfigCredentials } from '../../src/k8s/credentials.js'
import { KubeClient } from '../../src/k8s/kube-client.js'
import { readWith } from '../lib/task-arguments.js'
import { apply, gatewayAddress, ROUTES, remove, until, untilBackendIsUp } from './cluster.js'
import { backendManifests, gatewayManifest, hostOf, NAMESPACE, routeManifest, routeName } from './manifests.js'
import { readOptions } from './options.js'
import { peerNamed } from './peers/index.js'
import { run } from './run.js'
import type { Stage } from './stage.js'
import { Client } from './traffic.js'

const options = readWith(() => readOptions(process.argv.slice(2)))
const peer = peerNamed(options.peer)
const start = performance.now()
const { signal } = new AbortController()
const client = new KubeClient(kubeConfigCredentials(), 'headgate-bench')
const say = (text: string): void => console.log(`${peer.name} ${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${text}`)

await apply(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, signal)
for (const manifest of [...peer.manifests, ...backendManifests(), gatewayManifest(peer.gatewayClass, peer.hasListenerSets)])
  await apply(client, manifest, signal)
await untilBackendIsUp(client, signal)
const address = await gatewayAddress(client, signal)
const first = new Client(address)
// That the Gateway is Programmed says nothing about the load balancer in front of it, and some open a listener for their first route.
await apply(client, routeManifest(0, 'first'), signal)
await until('the first answer of the Gateway', async () => (await first.ask(hostOf(0))).status === 200 || undefined)
await remove(client, ROUTES, routeName(0), signal)
first.close()
say(`the Gateway is at ${address}`)

const totalMs = options.minutesPerPeer * 60_000
const remainingMs = (): number => totalMs - (performance.now() - start)
const stage: Stage = { client, signal, peer, address, totalMs, remainingMs, say }
const about = {
  version: process.env.BENCH_VERSION ?? 'unknown',
  command: process.env.BENCH_COMMAND ?? 'npm run bench:cluster',
  cores: availableParallelism(),
}
const result = await run(stage, options, about)
client.close()
if (options.output !== '') writeFileSync(options.output, `${JSON.stringify(result, undefined, 2)}\n`)
say(`done in ${result.tookSeconds} s`)
