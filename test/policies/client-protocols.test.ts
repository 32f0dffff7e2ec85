/** TLS and HTTP/2 of clients, through the real Envoy. */
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect } from '@jest/globals'
import { gateway, httpRoute, to } from '../features/manifests.js'
import { https, secret } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { about, clientPolicy } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'

const LISTENERS = `[{name: http, port: 80, protocol: HTTP}, ${https('https', undefined)}, ${https('own', 'own.example.com', 443, 'cert', ', options: {headgate.dev/tls-min-version: "1.2", headgate.dev/tls-max-version: "1.2"}')}]`

const world = featureWorld(['a'], async () => {
  const certificate = await (await createAuthority()).issue({ dns: ['example.com', 'own.example.com'] })
  return [gateway('gw', LISTENERS), secret('cert', certificate)].join('---\n')
})

const ROUTE = httpRoute('r', `[{${to('a')}}]`)

let round = 0
/** Uses a policy, and waits until an answer over plain HTTP shows that its listeners are in force. */
async function use(spec: string): Promise<void> {
  const mark = `m${++round}`
  const marker = clientPolicy(`headers: {lateResponseHeaders: {add: [{name: x-mark, value: ${mark}}]}}`, about(), 'marker')
  await world.write(ROUTE, clientPolicy(spec), marker)
  await eventually(async () => expect((await world.ask()).headers['x-mark']).toBe(mark))
}

/** What a handshake came to; undefined where it failed. */
interface Handshake {
  readonly version: string | null
  readonly cipher: string
  readonly group: string | undefined
  readonly alpn: string | false | null
}

function open(options: ConnectionOptions): TLSSocket {
  const { address, port } = world.headgate.place('default/gw', 443)
  return connectTls({ host: address, port, servername: 'example.com', rejectUnauthorized: false, ...options })
}

function handshake(options: ConnectionOptions = {}): Promise<Handshake | undefined> {
  return new Promise((resolve) => {
    const socket = open(options)
    const end = (found: Handshake | undefined): void => {
      socket.destroy()
      resolve(found)
    }
    socket.on('error', () => end(undefined))
    socket.on('close', () => end(undefined))
    socket.on('secureConnect', () => {
      const info = socket.getEphemeralKeyInfo() as { readonly name?: string } | null
      end({ version: socket.getProtocol(), cipher: socket.getCipher().standardName, group: info?.name, alpn: socket.alpnProtocol })
    })
  })
}

/** Whether a second connection resumes the session of a first one. */
function isResumed(options: ConnectionOptions): Promise<boolean> {
  const request = 'GET / HTTP/1.1\r\nhost: example.com\r\n\r\n'
  return new Promise((resolve) => {
    let session: Buffer | undefined
    const first = open(options)
    first.on('error', () => resolve(false))
    first.on('session', (found) => {
      session = found
    })
    first.on('secureConnect', () => first.write(request))
    // Tickets of TLS 1.3 come after the handshake, and before the answer.
    first.once('data', () => {
      first.destroy()
      if (session === undefined) return resolve(false)
      const second = open({ ...options, session })
      second.on('error', () => resolve(false))
      second.on('secureConnect', () => {
        resolve(second.isSessionReused())
        second.destroy()
      })
    })
  })
}

describe('tls', () => {
  policyField(['ClientTrafficPolicy tls.{minVersion,maxVersion}'], 'bounds the version, which a listener does for itself', async () => {
    const rows = [
      { tls: 'minVersion: "1.3"', offers: { maxVersion: 'TLSv1.2' }, want: undefined },
      { tls: 'minVersion: "1.3"', offers: {}, want: 'TLSv1.3' },
      { tls: 'maxVersion: "1.2"', offers: {}, want: 'TLSv1.2' },
      { tls: 'minVersion: "1.2", maxVersion: "1.2"', offers: { minVersion: 'TLSv1.3' }, want: undefined },
      { tls: 'minVersion: Auto, maxVersion: Auto', offers: {}, want: 'TLSv1.3' },
      { tls: 'minVersion: "1.3"', offers: { servername: 'own.example.com' }, want: 'TLSv1.2' },
    ] as const
    for (const { tls, offers, want } of rows) {
      await use(`tls: {${tls}}`)
      await eventually(async () => expect([tls, offers, (await handshake(offers))?.version]).toEqual([tls, offers, want]))
    }
  })

  policyField(['ClientTrafficPolicy tls.ciphers'], 'bounds cipher suites', async () => {
    await use('tls: {ciphers: [ECDHE-ECDSA-AES256-GCM-SHA384]}')
    const offers = { maxVersion: 'TLSv1.2' } as const
    await eventually(async () => expect((await handshake(offers))?.cipher).toBe('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'))
    expect(await handshake({ ...offers, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toBeUndefined()
  })

  policyField(['ClientTrafficPolicy tls.ecdhCurves'], 'bounds the groups of the key exchange', async () => {
    await use('tls: {ecdhCurves: [P-384]}')
    await eventually(async () => expect((await handshake({ ecdhCurve: 'prime256v1:secp384r1' }))?.group).toBe('secp384r1'))
    expect(await handshake({ ecdhCurve: 'prime256v1' })).toBeUndefined()
  })

  policyField(['ClientTrafficPolicy tls.signatureAlgorithms'], 'bounds signature algorithms', async () => {
    await use('tls: {signatureAlgorithms: [ecdsa_secp256r1_sha256]}')
    await eventually(async () => expect((await handshake())?.version).toBe('TLSv1.3'))
    await use('tls: {signatureAlgorithms: [rsa_pss_rsae_sha256]}')
    // The certificate of the listener cannot sign so.
    await eventually(async () => expect(await handshake()).toBeUndefined())
  })

  policyField(['ClientTrafficPolicy tls.alpnProtocols'], 'says what may be spoken', async () => {
    const offers = { ALPNProtocols: ['h2', 'http/1.1'] }
    for (const [protocols, want] of [
      ['[http/1.1]', 'http/1.1'],
      ['[h2]', 'h2'],
      ['[h2, http/1.1]', 'h2'],
      ['[]', false],
    ] as const) {
      await use(`tls: {alpnProtocols: ${protocols}}`)
      await eventually(async () => expect([protocols, (await handshake(offers))?.alpn]).toEqual([protocols, want]))
    }
  })

  policyField(['ClientTrafficPolicy tls.fingerprints'], 'takes fingerprints of handshakes', async () => {
    const early =
      'headers: {earlyRequestHeaders: {set: [{name: x-ja3, value: "%TLS_JA3_FINGERPRINT%"}, {name: x-ja4, value: "%TLS_JA4_FINGERPRINT%"}]}}'
    const seen = async () => {
      const { echo } = await world.ask({ port: 443, tls: {} })
      return [echo?.headers['x-ja3'] ?? '', echo?.headers['x-ja4'] ?? '']
    }
    const ja3 = expect.stringMatching(/^[0-9a-f]{32}$/)
    const ja4 = expect.stringMatching(/^t13[di][0-9a-z]{6}_[0-9a-f]{12}_[0-9a-f]{12}$/)
    const none = expect.stringMatching(/^-?$/)
    await use(early)
    await eventually(async () => expect(await seen()).toEqual([none, none]))
    await use(`tls: {fingerprints: [JA3]}, ${early}`)
    await eventually(async () => expect(await seen()).toEqual([ja3, none]))
    await use(`tls: {fingerprints: [JA3, JA4]}, ${early}`)
    await eventually(async () => expect(await seen()).toEqual([ja3, ja4]))
  })

  policyField(
    ['ClientTrafficPolicy tls.session.resumption.{stateless,stateful}'],
    'resumes sessions in the ways that it says',
    async () => {
      const old = { maxVersion: 'TLSv1.2' } as const
      const rows = [
        { session: '{resumption: {stateless: {}, stateful: {}}}', want: [true, true] },
        { session: '{resumption: {stateless: {}}}', want: [true, true] },
        { session: '{resumption: {stateful: {}}}', want: [false, true] },
        { session: '{}', want: [false, false] },
      ]
      for (const { session, want } of rows) {
        await use(`tls: {session: ${session}}`)
        await eventually(async () => expect([session, [await isResumed({}), await isResumed(old)]]).toEqual([session, want]))
      }
    },
  )
})

/** A session of HTTP/2 in the clear; Node answers pings by itself. */
async function session(): Promise<ClientHttp2Session> {
  const { address, port } = world.headgate.place('default/gw', 80)
  const found = connectHttp2(`http://${address}:${port}`)
  found.on('error', () => {})
  await new Promise<void>((resolve) => found.on('remoteSettings', () => resolve()))
  return found
}

describe('http2', () => {
  policyField(
    ['ClientTrafficPolicy http2.{initialStreamWindowSize,initialConnectionWindowSize,maxConcurrentStreams}'],
    'tells clients what may be under way',
    async () => {
      await use('http2: {initialStreamWindowSize: 128Ki, initialConnectionWindowSize: 3Mi, maxConcurrentStreams: 7}')
      const client = await session()
      expect(client.remoteSettings).toMatchObject({ initialWindowSize: 128 * 1024, maxConcurrentStreams: 7 })
      await eventually(() => expect(client.state.remoteWindowSize).toBe(3 * 1024 * 1024))
      client.destroy()
    },
  )

  policyField(['ClientTrafficPolicy http2.onInvalidMessage'], 'ends the stream or the connection', async () => {
    for (const [action, survives] of [
      ['TerminateStream', true],
      ['TerminateConnection', false],
    ] as const) {
      await use(`http2: {onInvalidMessage: ${action}}`)
      await eventually(async () => expect([action, await afterInvalidMessage()]).toEqual([action, survives]))
    }
  })

  policyField(
    ['ClientTrafficPolicy http2.connectionKeepalive.{interval,timeout,intervalJitter}'],
    'asks clients whether they are there, and leaves those that do not answer',
    async () => {
      await use('http2: {connectionKeepalive: {interval: 200ms, timeout: 20s, intervalJitter: 0}}')
      const client = await session()
      await new Promise<void>((resolve) => client.on('ping', () => resolve()))
      client.destroy()
      await use('http2: {connectionKeepalive: {interval: 200ms, timeout: 300ms, intervalJitter: 50}}')
      await silentHttp2Client()
    },
  )
})

/** Speaks HTTP/2 and answers nothing; resolves when it is left. */
function silentHttp2Client(): Promise<void> {
  const { address, port } = world.headgate.place('default/gw', 80)
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: address, port })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(Buffer.from('000000040000000000', 'hex'))
  })
}

const FRAMES = { headers: 1, goAway: 7 } as const

/** A frame of HTTP/2. Source: RFC 9113, 4.1. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A literal header without indexing. Source: RFC 7541, 6.2.2. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)])
}

/** Sends a request with a name in capitals, which HTTP/2 forbids, and a good one behind it: whether the good one is answered. */
function afterInvalidMessage(): Promise<boolean> {
  const { address, port } = world.headgate.place('default/gw', 80)
  // GET, http, /: of the static table.
  const request = (stream: number, ...more: readonly Buffer[]): Buffer =>
    frame(FRAMES.headers, 0x5, stream, Buffer.concat([Buffer.from([0x82, 0x86, 0x84]), literal(':authority', 'example.com'), ...more]))
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    let bytes = Buffer.alloc(0)
    const end = (isAnswered: boolean): void => {
      socket.destroy()
      resolve(isAnswered)
    }
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
        const [type, stream] = [bytes.readUInt8(3), bytes.readUInt32BE(5)]
        if (type === FRAMES.goAway) end(false)
        if (type === FRAMES.headers && stream === 3) end(true)
        bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3))
      }
    })
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(frame(4, 0, 0, Buffer.alloc(0)))
    socket.write(request(1, literal('X-Capital', 'a')))
    socket.write(request(3))
  })
}
