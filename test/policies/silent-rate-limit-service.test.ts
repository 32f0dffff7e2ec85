/** A rate limit service that goes away without a word, as with its node: connections stay, and nothing comes over them any more. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type LimitServer, startLimitServer } from '../support/limit-server.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { onRoute } from './backend-traffic.js'

let limits: LimitServer
let app: TestBackend
let headgate: Standalone
let node: Server
const connections: { readonly near: Socket; readonly far: Socket }[] = []

beforeAll(async () => {
  limits = await startLimitServer()
  app = await startBackend('app')
  node = createServer((near) => {
    const far = connect(limits.port, '127.0.0.1')
    for (const each of [near, far]) each.on('error', () => {})
    near.pipe(far).pipe(near)
    connections.push({ near, far })
  })
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  const address = node.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  headgate = await startTestStandalone({ rateLimitService: { host: '127.0.0.1', port: address.port } })
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  await app?.close()
  for (const { near, far } of connections) for (const each of [near, far]) each.destroy()
  node?.close()
  limits?.close()
})

it('is asked over another connection soon', async () => {
  const rateLimit = onRoute('rateLimit: {type: Global, rules: [{limit: {requests: 1000000, unit: Second}}]}')
  await headgate.write('objects', [gateway('gw'), backend(app), httpRoute('r', `[{${to('app')}}]`), rateLimit].join('---'))
  // Each worker of Envoy has a connection of its own.
  const statuses = async () => {
    const all = Array.from({ length: 40 }, () => headgate.send('default/gw', 80, { host: 'example.com', path: '/' }))
    return [...new Set((await Promise.all(all)).map((answer) => answer.status))]
  }
  await eventually(async () => expect(await statuses()).toEqual([200]))
  for (const { near, far } of connections) {
    near.unpipe(far)
    far.unpipe(near)
    near.resume()
  }
  expect(await statuses()).toContain(500)
  await eventually(async () => expect(await statuses()).toEqual([200]), 30_000)
}, 60_000)
