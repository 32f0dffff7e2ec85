/** BackendTrafficPolicy: tunnels of datagrams (RFC 9298) through Envoy to a proxy behind it, which sends them on as UDP. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { backend } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { GOOD, onRoute, routeTo, said } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'

const world = featureWorld(['a'])

/** A datagram in a capsule (RFC 9297 §3.5, RFC 9298 §5): type 0, its length, context 0. Short ones: every number is one byte. */
function capsule(text: string): Buffer {
  return Buffer.concat([Buffer.from([0, text.length + 1, 0]), Buffer.from(text)])
}
/** The datagrams of complete capsules. */
function datagrams(bytes: Buffer): readonly string[] {
  const found: string[] = []
  for (let at = 0; at + 1 < bytes.length && at + 2 + (bytes[at + 1] ?? 0) <= bytes.length; at += 2 + (bytes[at + 1] ?? 0)) {
    found.push(bytes.subarray(at + 3, at + 2 + (bytes[at + 1] ?? 0)).toString())
  }
  return found
}

let echo: UdpSocket
let masque: Server
/** The requests that opened tunnels. */
const opened: string[] = []
beforeAll(async () => {
  echo = createSocket('udp4')
  echo.on('message', (message, from) => echo.send(`echo ${message.toString()}`, from.port, from.address))
  await new Promise<void>((resolve) => echo.bind(0, '127.0.0.1', resolve))
  masque = createServer((socket) => tunnel(socket))
  await new Promise<void>((resolve) => masque.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  echo?.close()
  masque?.close()
})

/** A proxy that takes the upgrade and sends each datagram to the host and port of the path. */
function tunnel(socket: Socket): void {
  const udp = createSocket('udp4')
  let target: { readonly host: string; readonly port: number } | undefined
  let bytes = Buffer.alloc(0)
  let sent = 0
  udp.on('message', (message) => socket.write(capsule(message.toString())))
  socket.on('error', () => {})
  socket.on('close', () => udp.close())
  socket.on('data', (data) => {
    bytes = Buffer.concat([bytes, data])
    if (target === undefined) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = bytes.subarray(0, end).toString()
      bytes = bytes.subarray(end + 4)
      opened.push(head)
      const [, host = '', port = ''] = /^GET \/\.well-known\/masque\/udp\/([^/]+)\/([0-9]+)\/ /.exec(head) ?? []
      target = { host, port: Number(port) }
      const isUpgrade = /\r\nupgrade: connect-udp/i.test(head)
      socket.write(
        isUpgrade
          ? 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: connect-udp\r\ncapsule-protocol: ?1\r\n\r\n'
          : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      )
    }
    for (const datagram of datagrams(bytes).slice(sent)) {
      sent += 1
      udp.send(datagram, target.port, target.host)
    }
  })
}

const pathTo = (): string => `/.well-known/masque/udp/127.0.0.1/${echo.address().port}/`

/** A tunnel over HTTP/1.1: the status, and what came back for two datagrams. */
function overHttp1(): Promise<{ readonly status: number; readonly echoed: readonly string[] }> {
  const { address, port } = world.headgate.place('default/gw', 80)
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const socket = connect(port, address, () =>
      socket.write(
        `GET ${pathTo()} HTTP/1.1\r\nhost: example.com\r\nconnection: Upgrade\r\nupgrade: connect-udp\r\ncapsule-protocol: ?1\r\n\r\n`,
      ),
    )
    const end = (): void => {
      socket.destroy()
      const head = bytes.indexOf('\r\n\r\n')
      resolve({
        status: Number(/^HTTP\/1.1 ([0-9]+)/.exec(bytes.toString('latin1'))?.[1] ?? 0),
        echoed: head < 0 ? [] : datagrams(bytes.subarray(head + 4)),
      })
    }
    socket.setTimeout(10_000, end)
    socket.on('error', end)
    socket.on('close', end)
    socket.on('data', (data) => {
      const isFirst = bytes.length === 0
      bytes = Buffer.concat([bytes, data])
      if (isFirst && !bytes.toString('latin1').startsWith('HTTP/1.1 101')) end()
      else if (isFirst) socket.write(Buffer.concat([capsule('one'), capsule('two')]))
      else if (datagrams(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).length === 2) end()
    })
  })
}

/** The same over HTTP/2 (RFC 8441, RFC 9298 §3.4). */
function overHttp2(): Promise<{ readonly status: number; readonly echoed: readonly string[] }> {
  const { address, port } = world.headgate.place('default/gw', 80)
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${address}:${port}`)
    let status = 0
    let bytes = Buffer.alloc(0)
    const end = (): void => {
      session.destroy()
      resolve({ status, echoed: datagrams(bytes) })
    }
    session.on('error', end)
    session.on('remoteSettings', () => {
      const stream = session.request(
        {
          ':method': 'CONNECT',
          ':protocol': 'connect-udp',
          ':scheme': 'http',
          ':path': pathTo(),
          ':authority': 'example.com',
          'capsule-protocol': '?1',
        },
        { endStream: false },
      )
      stream.setTimeout(10_000, end)
      stream.on('error', end)
      stream.on('response', (headers) => {
        status = Number(headers[':status'])
        if (status !== 200) end()
        else stream.write(Buffer.concat([capsule('one'), capsule('two')]))
      })
      stream.on('data', (data: Buffer) => {
        bytes = Buffer.concat([bytes, data])
        if (datagrams(bytes).length === 2) end()
      })
    })
  })
}

policyField(['BackendTrafficPolicy httpUpgrade.type'], 'CONNECT-UDP: datagrams go through', async () => {
  await world.write(
    backend({ name: 'masque', port: (masque.address() as AddressInfo).port }),
    routeTo('masque'),
    onRoute('httpUpgrade: [{type: CONNECT-UDP}]'),
  )
  expect(said(world)).toEqual(GOOD)
  const echoed = ['echo one', 'echo two']
  expect(await overHttp1()).toEqual({ status: 101, echoed })
  expect(opened.at(-1)).toMatch(/\r\ncapsule-protocol: \?1/i)
  expect(await overHttp2()).toEqual({ status: 200, echoed })
})

it('CONNECT-UDP opens no tunnel where nobody allows it', async () => {
  await world.write(backend({ name: 'masque', port: (masque.address() as AddressInfo).port }), routeTo('masque'))
  const before = opened.length
  expect((await overHttp1()).status).toBe(403)
  expect((await overHttp2()).status).not.toBe(200)
  expect(opened).toHaveLength(before)
}, 60_000)
