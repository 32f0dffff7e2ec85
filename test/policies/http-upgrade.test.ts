/** BackendTrafficPolicy: protocols that requests change to, and tunnels. */
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocketServer } from 'ws'
import { backend, httpRoute, ref } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { type AuthServer, startAuthServer } from '../support/auth-server.js'
import { createAuthority } from '../support/certificates.js'
import { type ExtProcServer, startExtProcServer } from '../support/ext-proc-server.js'
import { startTcpBackend } from '../support/stream-backend.js'
import { ABOUT_GATEWAY, GOOD, onRoute, policy, routeTo, said } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { type RawBackend, startRawBackend } from './raw-backend.js'

const world = featureWorld(['a'])

/** Sends lines over one connection, each after the answer to the one before, and returns what came. */
function talk(lines: readonly string[]): Promise<readonly string[]> {
  const { address, port } = world.headgate.place('default/gw', 80)
  return new Promise((resolve, reject) => {
    const answers: string[] = []
    const socket = connect(port, address, () => socket.write(lines[0] ?? ''))
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')))
    socket.on('data', (data) => {
      answers.push(data.toString('latin1'))
      const next = lines[answers.length]
      if (next === undefined) {
        socket.destroy()
        resolve(answers)
      } else socket.write(next)
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(answers))
  })
}

const upgrade = (protocol: string): string => `GET / HTTP/1.1\r\nhost: example.com\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n\r\n`
const CONNECT = 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n'

describe('httpUpgrade', () => {
  it('is a WebSocket where nobody says it, over TLS as well where HTTP/1.1 is spoken', async () => {
    const { certificate: cert, privateKey: key } = await (await createAuthority()).issue({ dns: ['a.test'] })
    const server = createServer({ cert, key })
    const sockets = new WebSocketServer({ server })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      for (const spoken of ['https', 'kubernetes.io/wss']) {
        const { port } = server.address() as AddressInfo
        const dashboard = backend({ name: 'dashboard', port }, [spoken])
        await world.write(dashboard, httpRoute('r', `[{backendRefs: [{${ref('dashboard')}}]}]`))
        const opening = 'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
        const [answer] = await talk([upgrade('websocket').replace(/\r\n$/, opening)])
        expect([spoken, answer?.split('\r\n', 1)[0]]).toEqual([spoken, 'HTTP/1.1 101 Switching Protocols'])
      }
    } finally {
      for (const each of sockets.clients) each.terminate()
      server.close()
    }
  }, 60_000)

  policyField(['BackendTrafficPolicy httpUpgrade.type'], 'only to protocols that are named', async () => {
    const switching = await startRawBackend('switching', (text) =>
      text.startsWith('GET')
        ? /upgrade: (?:spdy|websocket)/i.test(text)
          ? 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: spdy/3.1\r\n\r\n'
          : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
        : `echo ${text}`,
    )
    try {
      await world.write(backend(switching), routeTo('switching'), onRoute('httpUpgrade: [{type: spdy/3.1}]'))
      expect(said(world)).toEqual(GOOD)
      const [answer, echoed] = await talk([upgrade('spdy/3.1'), 'hello'])
      expect(answer).toContain('101')
      expect(echoed).toContain('echo hello')
      expect((await talk([upgrade('websocket')]))[0]).toMatch(/^HTTP\/1.1 (?:403|200)/)
      await world.write(backend(switching), routeTo('switching'))
      expect((await talk([upgrade('spdy/3.1')]))[0]).toMatch(/^HTTP\/1.1 (?:403|200)/)
      expect((await talk([upgrade('websocket')]))[0]).toContain('101')
      await world.write(backend(switching), routeTo('switching'), onRoute('httpUpgrade: []'))
      expect((await talk([upgrade('websocket')]))[0]).toMatch(/^HTTP\/1.1 (?:403|200)/)
    } finally {
      await switching.close()
    }
  })

  describe('is not waited for: it has no end', () => {
    let auth: AuthServer
    let inspector: ExtProcServer
    let switching: RawBackend
    beforeAll(async () => {
      auth = await startAuthServer('auth')
      inspector = await startExtProcServer('inspector')
      switching = await startRawBackend('switching', (text) => {
        if (text.startsWith('CONNECT')) return 'HTTP/1.1 200 OK\r\n\r\n'
        return text.startsWith('GET') ? 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: any\r\n\r\n' : `echo ${text}`
      })
    })
    afterAll(async () => {
      await switching?.close()
      auth?.close()
      inspector?.close()
    })

    const ABOUT = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'
    const own = (kind: string, settings: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: ${kind}
metadata: {name: own}
spec: {${ABOUT}, ${settings}}
`
    const extProc = (body: string): string =>
      own(
        'ExtensionPolicy',
        `extProc: [{backendRef: {${ref('inspector')}}, processingMode: {request: {body: ${body}}, response: {body: ${body}}}}]`,
      )
    const rows: readonly (readonly [who: string, more: string, policies: readonly string[], echoed: string])[] = [
      ['a buffer', ', requestBuffer: {limit: "4"}', [], 'echo longer than the limit'],
      ['a buffer behind others', ', requestBuffer: {limit: "4"}, decompression: [{type: Gzip}]', [], 'echo longer than the limit'],
      [
        'a buffer before others',
        ', requestBuffer: {limit: "4"}, bandwidthLimit: {request: {limit: {value: 1Mi, unit: Second}}}',
        [],
        'echo longer than the limit',
      ],
      [
        'a server that decides',
        '',
        [own('SecurityPolicy', `extAuth: {grpc: {backendRef: {${ref('auth')}}}, bodyToExtAuth: {maxRequestBytes: 4}}`)],
        'echo longer than the limit',
      ],
      ['a service that wants whole bodies', '', [extProc('Buffered')], 'ECHO LONGER THAN THE LIMIT'],
      ['a service that wants the beginning of bodies', '', [extProc('BufferedPartial')], 'ECHO LONGER THAN THE LIMIT'],
    ]
    it.each(rows)('by %s', async (_who, more, policies, text) => {
      const backends = [switching, auth, inspector].map((each) => backend(each, each === switching ? [] : ['kubernetes.io/h2c']))
      await world.write(
        ...backends,
        routeTo('switching'),
        onRoute(`httpUpgrade: [{type: websocket}, {type: other}, {type: CONNECT}]${more}`),
        ...policies,
      )
      expect(said(world)).toEqual(GOOD)
      for (const [first, status] of [
        [upgrade('WebSocket'), '101'],
        [upgrade('other'), '101'],
        [CONNECT, '200'],
      ] as const) {
        const [answer, echoed] = await talk([first, 'longer than the limit'])
        expect(answer).toContain(status)
        expect(echoed).toContain(text)
      }
    })
  })

  policyField(['BackendTrafficPolicy httpUpgrade.connect.terminate'], 'a tunnel ends here, or goes on', async () => {
    const tcp = await startTcpBackend('tcp')
    const proxy = await startRawBackend('proxy', (text) => (text.startsWith('CONNECT') ? 'HTTP/1.1 200 OK\r\n\r\n' : `proxied ${text}`))
    try {
      await world.write(backend(tcp), routeTo('tcp'), onRoute('httpUpgrade: [{type: CONNECT, connect: {terminate: true}}]'))
      expect(said(world)).toEqual(GOOD)
      const ended = await talk([CONNECT, 'hello'])
      expect(ended[0]).toContain('200')
      expect(ended[1]).toBe('tcp: hello')
      await world.write(backend(proxy), routeTo('proxy'), onRoute('httpUpgrade: [{type: CONNECT}]'))
      const passed = await talk([CONNECT, 'hello'])
      expect(passed[0]).toContain('200')
      expect(passed[1]).toBe('proxied hello')
      await world.write(backend(proxy), routeTo('proxy'))
      expect((await talk([CONNECT]))[0]).toMatch(/^HTTP\/1.1 404/)
    } finally {
      await Promise.all([tcp.close(), proxy.close()])
    }
  })

  it('only CONNECT ends here', async () => {
    await world.write(routeTo('a'), policy(`${ABOUT_GATEWAY}, httpUpgrade: [{type: websocket, connect: {terminate: true}}]`))
    expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
  })
})
