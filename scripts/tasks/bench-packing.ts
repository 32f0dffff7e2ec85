/**
 * `npm run bench:packing [-- rds|scoped N...]`: from a changed virtual host to the first answer that shows the change, through
 * our translation, our server and a real Envoy, among N virtual hosts, by each packing of routes.
 */
import { Agent, get } from 'node:http'
import { parseResourceKey } from '../../src/xds/translate/resource-key.js'
import { host, type IrValues, irGraph, port, prefix, route, routeTable, virtualHost } from '../../test/envoy-api/ir-fixtures.js'
import { freePort } from '../../test/support/free-port.js'
import { serve } from '../../test/xds/support/fixture.js'
import { startEnvoy } from '../../test/xds/support/real-envoy.js'
import { isCount, taskArguments } from '../lib/task-arguments.js'

const EDITS = 60
const WAIT_MS = 60_000
const PACKINGS = ['rds', 'scoped'] as const
const { words } = taskArguments({}, (word) => isCount(word) || PACKINGS.some((packing) => packing === word))
const chosen = PACKINGS.filter((packing) => words.includes(packing))
const sizes = words.filter(isCount).map(Number)

console.log('packing   hosts  cold ms  edit p50 ms   p99 ms  KiB sent per edit')
for (const size of sizes.length > 0 ? sizes : [100, 1_000, 5_000]) {
  for (const packing of chosen.length > 0 ? chosen : PACKINGS) {
    const row = await measure(size, packing)
    console.log([packing, size, ...row].map((cell, index) => String(cell).padStart([7, 6, 7, 11, 7, 17][index] ?? 0)).join('  '))
  }
}

async function measure(size: number, packing: (typeof PACKINGS)[number]): Promise<readonly string[]> {
  const boundPort = await freePort()
  const ir = irGraph({ accessLog: 'off', packing })
  await using fixture = await serve()
  const change = (values: IrValues): void => {
    ir.set(values)
    ir.graph.flush()
    const changes = [...ir.xds.resources.takeChanges()].flatMap(([key, resource]) => {
      const reference = parseResourceKey(key)?.reference
      return reference === undefined ? [] : [{ ...reference, resource }]
    })
    fixture.apply(...changes)
  }
  const cold = performance.now()
  const virtualHosts = Array.from({ length: size }, (_, index) => edited(index, 'first'))
  change({ ports: [port({ boundPort })], routeTables: [routeTable()], virtualHosts })
  await using _envoy = await startEnvoy({ xds: { port: fixture.port } })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  await until(boundPort, agent, size - 1, 'first')
  const coldMs = performance.now() - cold
  const sent = () => [...fixture.server.counters.bytes.values()].reduce((sum, bytes) => sum + bytes, 0)
  const before = sent()
  const times: number[] = []
  for (let edit = 0; edit < EDITS; edit++) {
    const index = (edit * 7919) % size
    const start = performance.now()
    change({ virtualHosts: [edited(index, `edit ${edit}`)] })
    await until(boundPort, agent, index, `edit ${edit}`)
    times.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  agent.destroy()
  times.sort((a, b) => a - b)
  const at = (share: number): string => (times[Math.floor(share * (EDITS - 1))] ?? 0).toFixed(1)
  return [coldMs.toFixed(0), at(0.5), at(0.99), ((sent() - before) / EDITS / 1024).toFixed(1)]
}

function edited(index: number, body: string): ReturnType<typeof virtualHost> {
  const answer = (path: string) => route({ name: path, match: prefix(path), action: { kind: 'directResponse', statusCode: 200, body } })
  return virtualHost([answer('/a'), answer('/')], { domain: host(`host-${index}.example.com`) })
}

async function until(boundPort: number, agent: Agent, index: number, body: string): Promise<void> {
  const end = performance.now() + WAIT_MS
  while (performance.now() < end) {
    if ((await ask(boundPort, agent, `host-${index}.example.com`)) === body) return
  }
  throw new Error(`host ${index} did not answer "${body}" within ${WAIT_MS} ms`)
}

function ask(boundPort: number, agent: Agent, name: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port: boundPort, agent, headers: { host: name } }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve(body))
    })
    request.on('error', () => setTimeout(() => resolve(''), 5))
  })
}
