/** Connections of clients, through the real Envoy: how long they last, how many there may be, and what is found out about them. */
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { backend, gateway, httpRoute, to } from '../features/manifests.js'
import { https, secret } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { type StreamBackend, startTcpBackend } from '../support/stream-backend.js'
import { about, clientPolicy } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { askProxy } from './proxy.js'
import { keepaliveTimer } from './support/keepalive-timer.js'

const LISTENERS = `[{name: http, port: 80, protocol: HTTP}, ${https('https', undefined)}, {name: tcp, port: 5432, protocol: TCP}]`
/** How long a test waits to see that nothing happens. */
const A_WHILE_MS = 1_200

let tcp: StreamBackend
/** A backend that writes for ever, and how much it got rid of. */
let pour: { readonly port: number; poured(): number; close(): void }

const world = featureWorld(['a'], async () => {
  const certificate = await (await createAuthority()).issue({ dns: ['example.com'] })
  tcp = await startTcpBackend('tcp')
  let bytes = 0
  const server = createServer((_request, response) => {
    bytes = 0
    response.writeHead(200)
    const chunk = Buffer.alloc(65_536)
    const more = (): void => {
      while (response.write(chunk)) bytes += chunk.length
      bytes += chunk.length
    }
    response.on('drain', more)
    response.on('error', () => {})
    more()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  pour = {
    port: (server.address() as AddressInfo).port,
    poured: () => bytes,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return [gateway('gw', LISTENERS), secret('cert', certificate), backend(tcp), backend({ name: 'pour', port: pour.port })].join('---\n')
})

beforeAll(() => expect(tcp.port).toBeGreaterThan(0))
afterAll(async () => {
  pour.close()
  await tcp.close()
})

const ROUTES = [
  httpRoute('r', `[{matches: [{path: {value: /pour}}], ${to('pour')}}, {${to('a')}}]`),
  `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: t}
spec: {parentRefs: [{name: gw, sectionName: tcp}], rules: [{${to('tcp')}}]}
`,
]

let round = 0
/** Uses a policy, and waits until an answer shows that it is in force. */
async function use(spec: string): Promise<void> {
  const mark = `m${++round}`
  const marker = clientPolicy(`headers: {lateResponseHeaders: {add: [{name: x-mark, value: ${mark}}]}}`, about(), 'marker')
  await world.write(...ROUTES, clientPolicy(spec), marker)
  for (const question of [{}, { port: 443, tls: {} }])
    await eventually(async () => expect((await world.ask(question)).headers['x-mark']).toBe(mark))
}

/** A connection that a test holds. */
interface Held {
  readonly socket: Socket
  text(): string
  readonly closed: Promise<void>
  isClosed(): boolean
}

async function hold(port: number, first = ''): Promise<Held> {
  const place = world.headgate.place('default/gw', port)
  const socket = connect({ host: place.address, port: place.port })
  let text = ''
  let isClosed = false
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  const closed = new Promise<void>((resolve) =>
    socket.on('close', () => {
      isClosed = true
      resolve()
    }),
  )
  await new Promise<void>((resolve) => {
    socket.on('connect', resolve)
    socket.on('close', () => resolve())
  })
  if (first !== '') socket.write(first, 'latin1')
  return { socket, text: () => text, closed, isClosed: () => isClosed }
}

const isAnswered = ({ text }: Held): boolean => text().includes(' 200 ')
const GET = 'GET / HTTP/1.1\r\nhost: example.com\r\n\r\n'
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, A_WHILE_MS))

/** Sees a connection stay without the setting and end with it. */
async function expectEnds(spec: string, port: number, first: string): Promise<string> {
  await use('scheme: Preserve')
  const stays = await hold(port, first)
  await aWhile()
  expect(stays.isClosed()).toBe(false)
  stays.socket.destroy()
  await use(spec)
  const ends = await hold(port, first)
  await ends.closed
  return ends.text()
}

describe('timeout', () => {
  policyField(['ClientTrafficPolicy timeout.tcp.idleTimeout'], 'ends connections of TCP without a byte', async () => {
    await expectEnds('timeout: {tcp: {idleTimeout: 300ms}}', 5432, 'hello')
  })

  policyField(
    ['ClientTrafficPolicy timeout.tcp.connectionInspectionTimeout'],
    'ends connections that do not say for whom they are',
    async () => {
      await expectEnds('timeout: {tcp: {connectionInspectionTimeout: 300ms}}', 443, '')
    },
  )

  policyField(['ClientTrafficPolicy timeout.tcp.tlsHandshakeTimeout'], 'ends handshakes that do not go on', async () => {
    const hello = await clientHello()
    await expectEnds('timeout: {tcp: {tlsHandshakeTimeout: 300ms}}', 443, hello)
  })

  policyField(['ClientTrafficPolicy timeout.http.requestReceivedTimeout'], 'answers requests that do not arrive', async () => {
    const partly = 'POST / HTTP/1.1\r\nhost: example.com\r\ncontent-length: 10\r\n\r\nab'
    expect(await expectEnds('timeout: {http: {requestReceivedTimeout: 300ms}}', 80, partly)).toMatch(/^HTTP\/1\.1 408 /)
  })

  policyField(
    ['ClientTrafficPolicy timeout.http.requestHeadersReceivedTimeout'],
    'answers requests whose headers do not arrive',
    async () => {
      const partly = 'GET / HTTP/1.1\r\nhost: example.com\r\n'
      expect(await expectEnds('timeout: {http: {requestHeadersReceivedTimeout: 300ms}}', 80, partly)).toMatch(/^HTTP\/1\.1 408 /)
    },
  )

  policyField(['ClientTrafficPolicy timeout.http.idleTimeout'], 'ends connections without requests', async () => {
    expect(await expectEnds('timeout: {http: {idleTimeout: 300ms}}', 80, GET)).toMatch(/^HTTP\/1\.1 200 /)
  })

  policyField(['ClientTrafficPolicy timeout.http.streamIdleTimeout'], 'ends requests in which nothing happens', async () => {
    await use('timeout: {http: {streamIdleTimeout: 300ms}}')
    expect((await world.ask({ path: '/?delayMs=3000' })).status).toBe(504)
    await use('timeout: {http: {streamIdleTimeout: 20s}}')
    expect((await world.ask({ path: '/?delayMs=1000' })).status).toBe(200)
  })
})

describe('connection', () => {
  policyField(['ClientTrafficPolicy connection.connectionLimit.value'], 'closes connections beyond a number, per listener', async () => {
    await use('connection: {connectionLimit: {value: 2}}')
    // The connections of the requests before may not be gone yet.
    await eventually(async () => {
      const held = [await hold(80, GET), await hold(80, GET), await hold(80, GET)]
      const other = await hold(5432, 'hello')
      try {
        await eventually(
          () => expect([held.filter((each) => each.isClosed()).length, held.filter(isAnswered).length]).toEqual([1, 2]),
          1_000,
        )
        await eventually(() => expect(other.text()).toBe('tcp: hello'))
      } finally {
        for (const { socket } of [...held, other]) socket.destroy()
      }
    }, 20_000)
  })

  policyField(
    ['ClientTrafficPolicy connection.connectionLimit.closeDelay'],
    'holds connections beyond the number before they are closed',
    async () => {
      await use('connection: {connectionLimit: {value: 1, closeDelay: 60s}}')
      await eventually(async () => {
        const [first, second] = [await hold(80, GET), await hold(80, GET)]
        try {
          await eventually(() => expect([first, second].filter(isAnswered)).toHaveLength(1), 1_000)
          await aWhile()
          expect([first, second].map((each) => [isAnswered(each), each.isClosed()])).toEqual([
            [true, false],
            [false, false],
          ])
        } finally {
          for (const { socket } of [first, second]) socket.destroy()
        }
      }, 20_000)
    },
  )

  policyField(
    ['ClientTrafficPolicy connection.connectionLimit.maxConnectionDuration', 'ClientTrafficPolicy http1.disableSafeMaxConnectionDuration'],
    'ends connections that have lasted long enough: with a word in an answer, or without',
    async () => {
      await use('connection: {connectionLimit: {maxConnectionDuration: 500ms}}')
      const polite = await hold(80, GET)
      await aWhile()
      expect([polite.isClosed(), polite.text().includes('connection: close')]).toEqual([false, false])
      polite.socket.write(GET)
      await polite.closed
      expect(polite.text()).toContain('connection: close')
      await use('connection: {connectionLimit: {maxConnectionDuration: 500ms}}, http1: {disableSafeMaxConnectionDuration: true}')
      const abrupt = await hold(80, GET)
      await abrupt.closed
      expect(abrupt.text()).not.toContain('connection: close')
    },
  )

  policyField(
    ['ClientTrafficPolicy connection.connectionLimit.maxRequestsPerConnection'],
    'ends connections after some requests',
    async () => {
      await use('connection: {connectionLimit: {maxRequestsPerConnection: 2}}')
      const held = await hold(80, GET)
      await eventually(() => expect(held.text().match(/ 200 OK/g)).toHaveLength(1))
      expect(held.text()).not.toContain('connection: close')
      held.socket.write(GET)
      await held.closed
      expect(held.text()).toContain('connection: close')
    },
  )

  policyField(['ClientTrafficPolicy connection.connectionLimit.maxStreamDuration'], 'ends requests that take too long', async () => {
    await use('connection: {connectionLimit: {maxStreamDuration: 300ms}}')
    expect((await world.ask({ path: '/?delayMs=3000' })).status).toBeGreaterThanOrEqual(400)
    await use('connection: {connectionLimit: {maxStreamDuration: 20s}}')
    expect((await world.ask({ path: '/?delayMs=1000' })).status).toBe(200)
  })

  policyField(['ClientTrafficPolicy connection.bufferLimit'], 'bounds what is held for a client that does not read', async () => {
    const held = async (): Promise<number> => {
      const { address, port } = world.headgate.place('default/gw', 80)
      const socket = connect({ host: address, port })
      socket.on('error', () => {})
      socket.pause()
      socket.write('GET /pour HTTP/1.1\r\nhost: example.com\r\n\r\n')
      let before = -1
      // Until nothing more is taken: what the kernel holds is the same each time.
      await eventually(async () => {
        const now = pour.poured()
        const isStill = now > 0 && now === before
        before = now
        await new Promise((resolve) => setTimeout(resolve, 500))
        expect(isStill).toBe(true)
      })
      socket.destroy()
      return pour.poured()
    }
    await use('connection: {bufferLimit: 32Ki}')
    const little = await held()
    await use('connection: {bufferLimit: 64Mi}')
    expect((await held()) - little).toBeGreaterThan(32 * 2 ** 20)
  })

  policyField(['ClientTrafficPolicy connection.maxAcceptPerSocketEvent'], 'accepts several connections at once', async () => {
    await use('connection: {maxAcceptPerSocketEvent: 16}')
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.answerer()))
    expect(new Set(answers)).toEqual(new Set(['a']))
    const body = await askProxy(world, '/config_dump?resource=dynamic_listeners')
    expect(body).toContain('"max_connections_to_accept_per_socket_event": 16')
  })
})

describe('tcpKeepalive', () => {
  /** That of the proxy's end. */
  const timer = ({ socket }: Held) => keepaliveTimer(socket.remotePort, socket.localPort)

  policyField(['ClientTrafficPolicy tcpKeepalive.{probes,idleTime,interval}'], 'asks silent clients whether they are there', async () => {
    await use('scheme: Preserve')
    const silent = await hold(80, GET)
    await eventually(() => expect(silent.text()).toContain(' 200 '))
    await eventually(() => expect(timer(silent)).toBeGreaterThan(15_000))
    expect(timer(silent)).toBeLessThanOrEqual(18_000)
    silent.socket.destroy()
    await use('tcpKeepalive: {probes: 3, idleTime: 50s, interval: 10s}')
    const asked = await hold(80, GET)
    await eventually(() => expect(asked.text()).toContain(' 200 '))
    await eventually(() => expect(timer(asked)).toBeDefined())
    expect(timer(asked)).toBeLessThanOrEqual(5_000)
    expect(timer(asked)).toBeGreaterThan(1_000)
    asked.socket.destroy()
    const body = await askProxy(world, '/config_dump?resource=dynamic_listeners')
    for (const field of ['"keepalive_probes": 3', '"keepalive_time": 50', '"keepalive_interval": 10']) expect(body).toContain(field)
  })
})

/** What a client of TLS says first. */
function clientHello(): Promise<string> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk.toString('latin1'))
        done()
      },
    })
    connectTls({ socket: wire, servername: 'example.com' }).on('error', () => {})
  })
}
