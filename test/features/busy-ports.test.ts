/** A port of this machine that another program has costs nobody else anything, and is used again by the next Headgate. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { objectHealth } from '../../src/cli/object-health.js'
import { freeOffset } from '../support/free-offset.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway, httpRoute, to } from './manifests.js'

let app: TestBackend
let stateFolder = ''
let other: Server | undefined
let headgate: Standalone | undefined
beforeAll(async () => {
  app = await startBackend('app')
  stateFolder = await mkdtemp(join(tmpdir(), 'headgate-busy-'))
})
afterAll(async () => {
  await headgate?.stop()
  other?.close()
  await app.close()
  await rm(stateFolder, { recursive: true, force: true })
})

const listener = (name: string, port: number) => `{name: ${name}, port: ${port}, protocol: HTTP}`
const gatewayOf = (...listeners: readonly string[]) => gateway('gw', `[${listeners.join(', ')}]`)
const world = (...listeners: readonly string[]) => [gatewayOf(...listeners), backend(app), httpRoute('all', `[{${to('app')}}]`)].join('---')

async function occupy(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** The port that is bound for each port of the Gateway, after a request to it. */
async function served(running: Standalone, ...ports: readonly number[]): Promise<readonly number[]> {
  for (const port of ports) expect((await running.send('default/gw', port, { host: 'a.example.com' })).status).toBe(200)
  expect(objectHealth(running.status('Gateway/default/gw'))).toBe('ok')
  return ports.map((port) => running.place('default/gw', port).port)
}

it('a listener whose port another program has moves, at the start and later, and is back with the next start', async () => {
  const listenOffset = await freeOffset()
  const [http, alt] = [listener('http', 80), listener('alt', 9000)]
  other = await occupy(8080 + listenOffset)
  headgate = await startTestStandalone({ listenOffset, stateFolder }, { world: world(http, listener('tls', 443)) })
  expect(await served(headgate, 80, 443)).toEqual([18_080 + listenOffset, 8443 + listenOffset])
  const later = await occupy(9000 + listenOffset)
  await headgate.write('world', world(http, alt))
  expect(await served(headgate, 80, 9000)).toEqual([18_080 + listenOffset, 19_000 + listenOffset])
  for (const each of [other, later]) each.close()
  await headgate.stop()
  headgate = await startTestStandalone({ listenOffset, stateFolder }, { world: world(http, alt) })
  expect(await served(headgate, 80, 9000)).toEqual([8080 + listenOffset, 9000 + listenOffset])
}, 60_000)
