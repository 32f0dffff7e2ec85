/**
 * Objects change under load: the whole pipeline, a real Envoy, closed-loop clients that count every answer, and a WebSocket and a gRPC
 * stream that must stay up through all of it. Few rounds by default; more with LONG=1.
 */

import type { ClientDuplexStream } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocket, WebSocketServer } from 'ws'
import { backend, gateway, httpRoute, ref, route, service, to, under } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { connectGrpc, type GrpcBackend, type GrpcClient, startGrpcBackend } from '../support/grpc-backend.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { type Load, startLoad } from './support/load.js'

const IS_LONG = process.env.LONG === '1'
const ROUNDS = IS_LONG ? 100 : 15
const ROUTES = IS_LONG ? 500 : 45
const TIMEOUT_MS = 120_000
const STREAM = '/test.Echo/TalkStream'
const BUSY = 'busy.test'
/** Hostnames of the route that is busy. */
const spec = (gateways: readonly string[]) =>
  `parentRefs: [${gateways.map((name) => `{name: ${name}}`).join(', ')}]\n  hostnames: [${BUSY}]`

describe('objects change under load', () => {
  let headgate: Standalone
  let one: TestBackend
  let two: TestBackend
  let grpcBackend: GrpcBackend
  let grpc: GrpcClient
  let talk: ClientDuplexStream<unknown, unknown>
  let sockets: WebSocketServer
  let webSocket: WebSocket
  let loads: readonly Load[] = []
  const heard: unknown[] = []
  const ended: string[] = []

  beforeAll(async () => {
    one = await startBackend('one')
    two = await startBackend('two')
    grpcBackend = await startGrpcBackend('grpc', [STREAM])
    sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(`echo ${message}`)))
    await new Promise((resolve) => sockets.once('listening', resolve))
    const address = sockets.address()
    const socketPort = typeof address === 'object' && address !== null ? address.port : 0
    headgate = await startTestStandalone()
    await headgate.write(
      'base',
      [
        gateway('gw'),
        gateway('other'),
        backend(one),
        backend(two),
        backend({ name: 'grpc', port: grpcBackend.port }, ['kubernetes.io/h2c']),
        backend({ name: 'sockets', port: socketPort }),
        route('GRPCRoute', 'talk', `[{${to('grpc')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [talk.test]'),
        httpRoute('sockets', `[{${to('sockets')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [sockets.test]'),
      ].join('---'),
    )
    await headgate.write('busy', httpRoute('busy', `[{${to('one')}}]`, spec(['gw'])))
    const place = headgate.place('default/gw', 80)
    grpc = connectGrpc({ ...place, authority: 'talk.test' })
    talk = grpc.stream(STREAM)
    talk.on('data', (message) => heard.push(message))
    talk.on('error', (error) => ended.push(`gRPC: ${error.message}`))
    webSocket = new WebSocket(`ws://${place.address}:${place.port}/`, { headers: { host: 'sockets.test' } })
    webSocket.on('message', (message) => heard.push(String(message)))
    webSocket.on('close', () => ended.push('WebSocket'))
    await new Promise((resolve, reject) => {
      webSocket.on('open', resolve)
      webSocket.on('error', reject)
    })
  }, TIMEOUT_MS)

  afterEach(async () => {
    await Promise.all(loads.map((load) => load.end()))
  })

  afterAll(async () => {
    webSocket?.terminate()
    talk?.cancel()
    grpc?.close()
    sockets?.close()
    await headgate?.stop()
    grpcBackend?.close()
    await Promise.all([one?.close(), two?.close()])
  }, TIMEOUT_MS)

  /** Both long-lived streams still answer. */
  async function expectStreamsUp(): Promise<void> {
    heard.length = 0
    webSocket.send('hello')
    talk.write({ hello: 'gRPC' })
    await eventually(() => {
      expect(heard).toContain('echo hello')
      expect(heard).toContainEqual(expect.objectContaining({ backend: 'grpc', message: { hello: 'gRPC' } }))
    })
    expect(ended).toEqual([])
  }

  /** Runs the rounds under load and expects nothing but 200, on the connections that were there before. */
  async function underLoad(round: (number: number) => Promise<void>): Promise<void> {
    const place = headgate.place('default/gw', 80)
    loads = ['/', '/a', '/b'].map((path) => startLoad({ ...place, host: BUSY, path }))
    for (let number = 1; number <= ROUNDS; number++) await round(number)
    await eventually(() => {
      for (const load of loads) expect(load.total()).toBeGreaterThan(10)
    })
    const connections = loads.map((load) => load.connections())
    const answers = await Promise.all(loads.map((load) => load.end()))
    for (const seen of answers) expect(Object.keys(seen)).toEqual(['200'])
    expect(connections).toEqual([1, 1, 1])
    await expectStreamsUp()
    expect(headgate.running.controlPlane.server.rejected.list()).toEqual([])
  }

  const rule = (path: string, name: string): string => under(path, to(name))
  const writeBusy = (rules: readonly string[], gateways: readonly string[] = ['gw']) =>
    headgate.write('busy', httpRoute('busy', `[${rules.join(', ')}]`, spec(gateways)))

  it(
    'rules are reordered, added and removed',
    async () => {
      const rules = [rule('/', 'one'), rule('/a', 'two'), rule('/b', 'one'), rule('/c', 'two')]
      await underLoad(async (number) => {
        const from = number % rules.length
        await writeBusy([...rules.slice(from), ...rules.slice(0, from)].slice(0, 1 + (number % 4)).concat(rule('/', 'one')))
      })
    },
    TIMEOUT_MS,
  )

  it(
    'the backend of a route is replaced',
    async () => {
      await underLoad((number) => writeBusy([rule('/', number % 2 === 0 ? 'one' : 'two')]))
    },
    TIMEOUT_MS,
  )

  it(
    'a Service is recreated with other ports',
    async () => {
      const rules = (port: number) => [under('/', `backendRefs: [{name: svc, port: ${port}}]`)]
      await underLoad(async (number) => {
        const isOdd = number % 2 === 1
        const objects = [service('svc', isOdd ? [one] : [two, one]), httpRoute('busy', `[${rules(isOdd ? 8001 : 8002)}]`, spec(['gw']))]
        await headgate.write('busy', objects.join('---'))
      })
    },
    TIMEOUT_MS,
  )

  it(
    'a route moves between gateways; what it leaves is served by the route behind it',
    async () => {
      await headgate.write('rest', httpRoute('rest', `[{${to('two')}}]`, 'parentRefs: [{name: gw}, {name: other}]'))
      const other = headgate.place('default/other', 80)
      const there = startLoad({ ...other, host: BUSY })
      await underLoad((number) => writeBusy([rule('/', 'one')], number % 2 === 0 ? ['gw'] : ['other']))
      expect(Object.keys(await there.end())).toEqual(['200'])
      await headgate.remove('rest')
    },
    TIMEOUT_MS,
  )

  it(
    'a listener is added and removed beside the busy one',
    async () => {
      await writeBusy([rule('/', 'one')])
      await underLoad(async (number) => {
        const isOdd = number % 2 === 1
        if (isOdd)
          await headgate.write('side', gateway('side', '[{name: a, port: 81, protocol: HTTP}, {name: b, port: 82, protocol: HTTP}]'))
        else await headgate.remove('side')
      })
    },
    TIMEOUT_MS,
  )

  it(
    'filters, timeouts and policies of the busy route and its backend come and go',
    async () => {
      const filters = [
        'filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-a, value: b}]}}]',
        'timeouts: {request: 5s}',
        'retry: {attempts: 2, codes: [503]}',
        'filters: [{type: CORS, cors: {allowOrigins: ["https://a.test"]}}]',
      ]
      const policy = `
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {name: policy}
spec:
  targetRefs: [{group: "", kind: Service, name: svc}]
  sessionPersistence: {cookie: {name: sticky}}
`
      await underLoad(async (number) => {
        const extra = filters[number % filters.length] ?? ''
        const rules = `[{${extra}, backendRefs: [{name: svc, port: 8001}]}]`
        const objects = [service('svc', [one]), httpRoute('busy', rules, spec(['gw'])), ...(number % 2 === 0 ? [policy] : [])]
        await headgate.write('busy', objects.join('---'))
      })
    },
    TIMEOUT_MS,
  )

  it(
    'a mistake in one route, and its correction, touch nothing else',
    async () => {
      await writeBusy([rule('/', 'one')])
      await underLoad(async (number) => {
        const target = number % 2 === 0 ? `{${ref('one')}}` : `{${ref('missing')}}`
        await headgate.write(
          'side',
          httpRoute('side', `[{backendRefs: [${target}]}]`, 'parentRefs: [{name: gw}]\n  hostnames: [side.test]'),
        )
      })
      await headgate.remove('side')
    },
    TIMEOUT_MS,
  )

  it(
    `${ROUTES} routes to new Services are added one by one: the first answer after 404 is 200`,
    async () => {
      const perRound = ROUTES / ROUNDS
      const status = async (name: string): Promise<number> =>
        (await headgate.send('default/fresh', 80, { host: `${name}.added.test` })).status
      await headgate.write('fresh', gateway('fresh'))
      expect(await status('nobody')).toBe(404)
      await underLoad(async (number) => {
        for (let index = (number - 1) * perRound; index < number * perRound; index++) {
          const name = `n${index}`
          const hostnames = `parentRefs: [{name: fresh}]\n  hostnames: [${name}.added.test]`
          const route = httpRoute(name, `[{backendRefs: [{name: ${name}, port: 8001}]}]`, hostnames)
          await headgate.put(name, [service(name, [index % 2 === 0 ? one : two]), route].join('---'))
          const seen = [await status(name)]
          while (seen.at(-1) !== 200 && seen.length < 5_000) seen.push(await status(name))
          expect([name, [...new Set(seen)].filter((each) => each !== 404)]).toEqual([name, [200]])
        }
      })
    },
    TIMEOUT_MS,
  )
})
