/** Streams that are silent for longer than a proxy lets ordinary requests be. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import { backend, gateway, httpRoute, route, to } from '../features/manifests.js'
import { connectGrpc, type GrpcBackend, startGrpcBackend } from '../support/grpc-backend.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'

const METHOD = '/chat.Room/TalkStream'
/** Envoy ends a stream without activity after 5 minutes. */
const SILENT_MS = 6 * 60_000
const TIMEOUT_MS = SILENT_MS + 60_000

let headgate: Standalone
let web: TestBackend
let grpc: GrpcBackend
beforeAll(async () => {
  web = await startBackend('web')
  grpc = await startGrpcBackend('grpc', [METHOD])
  headgate = await startTestStandalone()
  const rooms = route('GRPCRoute', 'rooms', `[{${to('grpc')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [rooms.example.com]')
  const pages = httpRoute('pages', `[{${to('web')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [pages.example.com]')
  await headgate.write('objects', [gateway('gw'), backend(web), backend(grpc, ['kubernetes.io/h2c']), rooms, pages].join('---'))
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  grpc?.close()
  await web?.close()
})

const silence = () => new Promise((resolve) => setTimeout(resolve, SILENT_MS))

/** What a WebSocket answers before and after the silence. */
async function webSocket(): Promise<readonly unknown[]> {
  const { address, port } = headgate.place('default/gw', 80)
  const socket = new WebSocket(`ws://${address}:${port}/`, { headers: { host: 'pages.example.com' } })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const say = (text: string) =>
    new Promise((resolve, reject) => {
      socket.once('message', (data) => resolve(String(data))).once('close', () => reject(new Error('the WebSocket was closed')))
      socket.send(text)
    })
  const before = await say('hello')
  await silence()
  const after = await say('still here')
  socket.terminate()
  return [before, after]
}

/** What a gRPC stream answers before and after the silence. */
async function grpcStream(): Promise<readonly unknown[]> {
  const client = connectGrpc({ ...headgate.place('default/gw', 80), authority: 'rooms.example.com' })
  const stream = client.stream(METHOD)
  const say = (text: string) =>
    new Promise((resolve, reject) => {
      stream.once('data', resolve).once('error', reject)
      stream.write(text)
    })
  const before = await say('hello')
  await silence()
  const after = await say('still here')
  stream.end()
  client.close()
  return [before, after]
}

it(
  'a WebSocket and a gRPC stream survive 6 minutes of silence',
  async () => {
    const [web, grpc] = await Promise.all([webSocket(), grpcStream()])
    expect(web).toEqual(['web: hello', 'web: still here'])
    expect(grpc).toMatchObject([
      { backend: 'grpc', message: 'hello' },
      { backend: 'grpc', message: 'still here' },
    ])
  },
  TIMEOUT_MS,
)
