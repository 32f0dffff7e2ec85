import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import { connectTransport } from './connect.js'
import { Http2Transport } from './http2-transport.js'
import type { Transport, TransportRequest, TransportResponse } from './transport.js'

const folder = mkdtempSync(join(tmpdir(), 'kube-transport-'))
const openssl = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=api']
execFileSync('openssl', [...openssl, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem'], {
  cwd: folder,
  stdio: 'ignore',
})
const cert = readFileSync(join(folder, 'cert.pem'))
const key = readFileSync(join(folder, 'key.pem'))
rmSync(folder, { recursive: true })

const text = async (response: TransportResponse): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
const request = (path: string, more: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'GET',
  path,
  headers: { authorization: 'Bearer t' },
  body: undefined,
  signal: new AbortController().signal,
  ...more,
})

describe.each(['h2', 'http/1.1'] as const)('a transport to a server that speaks %s', (protocol) => {
  let server: http2.Http2SecureServer | https.Server
  let transport: Transport
  let sessions: http2.ServerHttp2Session[]
  let open: number

  const url = (): URL => new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)

  beforeEach(async () => {
    sessions = []
    open = 0
    server =
      protocol === 'h2'
        ? http2.createSecureServer({ cert, key }).on('session', (session) => sessions.push(session))
        : https.createServer({ cert, key })
    server.on('request', (incoming: http2.Http2ServerRequest, outgoing: http2.Http2ServerResponse) => {
      if (incoming.url === '/watch') {
        open++
        outgoing.on('close', () => open--)
        outgoing.writeHead(200)
        outgoing.write('first\n')
        return
      }
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        outgoing.writeHead(207, { 'x-seen': String(incoming.headers.authorization) })
        outgoing.end(`${incoming.method} ${incoming.url} ${Buffer.concat(chunks).toString()}`)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    transport = connectTransport(url(), { ca: cert })
  })

  afterEach(async () => {
    transport.close()
    await new Promise((resolve) => server.close(resolve))
  })

  it('carries method, path, headers and bodies both ways', async () => {
    const response = await transport.send(request('/a?b=c', { method: 'PATCH', body: Buffer.from('hello') }))
    expect(response.status).toBe(207)
    expect(response.header('x-seen')).toBe('Bearer t')
    expect(await text(response)).toBe('PATCH /a?b=c hello')
  })

  it('streams, and tells the server when the reader has enough', async () => {
    const response = await transport.send(request('/watch'))
    for await (const chunk of response.body) {
      expect(chunk.toString()).toBe('first\n')
      expect(open).toBe(1)
      break
    }
    await eventually(() => expect(open).toBe(0))
  })

  // One that Node has as a whole, and one that waits for windows to be read.
  it.each([1_000, 4_000_000])('has a body of %d bytes also for who reads it late', async (bytes) => {
    const response = await transport.send(request('/late', { method: 'POST', body: Buffer.alloc(bytes, 'a') }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await text(response)).toBe(`POST /late ${'a'.repeat(bytes)}`)
  })

  it('ends a stream with its signal', async () => {
    const controller = new AbortController()
    const response = await transport.send(request('/watch', { signal: controller.signal }))
    setTimeout(() => controller.abort(), 20)
    await expect(text(response)).rejects.toThrow('aborted')
    await eventually(() => expect(open).toBe(0))
  })

  it('holds many streams and requests at once', async () => {
    const controller = new AbortController()
    const watches = await Promise.all(Array.from({ length: 150 }, () => transport.send(request('/watch', { signal: controller.signal }))))
    const answers = await Promise.all(Array.from({ length: 50 }, async (_, i) => text(await transport.send(request(`/${i}`)))))
    expect(answers).toHaveLength(50)
    expect(open).toBe(150)
    if (protocol === 'h2') expect(sessions.length).toBeLessThanOrEqual(3)
    const ends = watches.map((watch) => text(watch).catch(() => 'ended'))
    controller.abort()
    expect(new Set(await Promise.all(ends))).toEqual(new Set(['ended']))
  })

  it('leaves no connection open that is being made while it closes', async () => {
    const sent = transport.send(request('/watch')).then(text)
    transport.close()
    await expect(sent).rejects.toThrow()
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) => server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))))
    await eventually(async () => expect(await connections()).toBe(0))
  })

  it('refuses a server that cannot prove who it is', async () => {
    const stranger = connectTransport(url(), {})
    await expect(stranger.send(request('/'))).rejects.toThrow('self-signed certificate')
    stranger.close()
  })

  if (protocol === 'h2') {
    it('moves to a new connection when the server says goodbye, without losing what is on the old one', async () => {
      const watch = await transport.send(request('/watch'))
      sessions[0]?.goaway()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await text(await transport.send(request('/next')))).toBe('GET /next ')
      expect(sessions).toHaveLength(2)
      expect(open).toBe(1)
      await (watch.body[Symbol.asyncIterator]().return?.() ?? Promise.resolve())
    })

    it('reports a connection that breaks, and opens another', async () => {
      const watch = await transport.send(request('/watch'))
      const ended = text(watch).then(
        () => 'complete',
        () => 'broken',
      )
      sessions[0]?.destroy(new Error('gone'))
      expect(await ended).toBe('broken')
      expect(await text(await transport.send(request('/again')))).toBe('GET /again ')
    })
  }

  it('dials again after a server that was not there', async () => {
    const port = Number(url().port)
    await new Promise((resolve) => server.close(resolve))
    const late = connectTransport(new URL(`https://127.0.0.1:${port}`), { ca: cert })
    await expect(late.send(request('/'))).rejects.toThrow('ECONNREFUSED')
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    expect(await text(await late.send(request('/up')))).toBe('GET /up ')
    late.close()
  })
})

describe('a connection that died without a word', () => {
  it('is found by its pings: streams end, and new requests use a new one', async () => {
    const server = http2.createSecureServer({ cert, key })
    server.on('request', (incoming: http2.Http2ServerRequest, outgoing: http2.Http2ServerResponse) => {
      outgoing.writeHead(200)
      if (incoming.url === '/watch') outgoing.write('first\n')
      else outgoing.end('answer')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const port = (server.address() as AddressInfo).port
    // Stands between the two and can lose everything from one moment on, as a network does.
    const through = new Set<net.Socket>()
    const wire = net.createServer((socket) => {
      const onward = net.connect(port, '127.0.0.1')
      for (const end of [socket, onward]) through.add(end.on('error', () => undefined))
      socket.pipe(onward).pipe(socket)
    })
    await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve))
    const wirePort = (wire.address() as AddressInfo).port
    const dial = (): Promise<tls.TLSSocket> =>
      new Promise((resolve) => {
        const socket = tls.connect({ host: '127.0.0.1', port: wirePort, ca: cert, ALPNProtocols: ['h2'] }, () => resolve(socket))
      })
    const transport = new Http2Transport(new URL(`https://127.0.0.1:${wirePort}`), dial, { intervalMs: 50, timeoutMs: 100 })
    const watch = await transport.send(request('/watch'))
    const ended = text(watch).then(
      () => 'complete',
      () => 'broken',
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await Promise.race([ended, 'alive'])).toBe('alive')
    for (const socket of through) socket.unpipe().pause()
    expect(await ended).toBe('broken')
    expect(await text(await transport.send(request('/')))).toBe('answer')
    transport.close()
    for (const socket of through) socket.destroy()
    await Promise.all([new Promise((resolve) => wire.close(resolve)), new Promise((resolve) => server.close(resolve))])
  })
})
