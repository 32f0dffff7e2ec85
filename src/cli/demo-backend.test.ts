import { connect } from 'node:http2'
import { connect as connectTcp, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type DemoBackends, startDemoBackends } from './demo-backend.js'

const packageFolder = join(import.meta.dirname, '..', '..')
const anyPort = { v1: 0, v2: 0, grpc: 0 }
let demo: DemoBackends

beforeAll(async () => {
  demo = await startDemoBackends(packageFolder, anyPort)
})
afterAll(() => demo.stop())

describe('demo backends', () => {
  it('echo a request over HTTP/1.1 and say who answered', async () => {
    const response = await fetch(`http://127.0.0.1:${demo.ports.v1}/a?b=c`, { method: 'POST', body: 'hello', headers: { 'x-test': '1' } })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toMatchObject({
      answeredBy: 'demo-v1',
      method: 'POST',
      host: `127.0.0.1:${demo.ports.v1}`,
      path: '/a?b=c',
      httpVersion: '1.1',
      headers: { 'x-test': '1' },
      body: 'hello',
    })
  })

  it('echo a request over HTTP/2 without TLS on the same port', async () => {
    const session = connect(`http://127.0.0.1:${demo.ports.v2}`)
    const stream = session.request({ ':path': '/x' })
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    session.close()
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ answeredBy: 'demo-v2', path: '/x', httpVersion: '2.0' })
  })

  it('go on when somebody goes in the middle of a body', async () => {
    const socket = connectTcp(demo.ports.v1, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf')
    const session = connect(`http://127.0.0.1:${demo.ports.v1}`)
    const stream = session.request({ ':method': 'POST' }).on('error', () => {})
    stream.write('half')
    await sleep(100)
    socket.destroy()
    session.destroy()
    await sleep(100)
    expect(await (await fetch(`http://127.0.0.1:${demo.ports.v1}/`)).json()).toMatchObject({ answeredBy: 'demo-v1' })
  })

  it('echo a message over gRPC', async () => {
    const client = new Client(`127.0.0.1:${demo.ports.grpc}`, credentials.createInsecure())
    const hello = Buffer.from([0x0a, 5, ...Buffer.from('hello')])
    const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
      const same = (bytes: Buffer): Buffer => bytes
      client.makeUnaryRequest('/headgate.demo.v1.EchoService/Echo', same, same, hello, (error, value) =>
        error ? reject(error) : resolve(value),
      )
    })
    client.close()
    expect(answer?.toString()).toContain('hello')
    expect(answer?.toString()).toContain('demo-grpc')
  })

  it('name the port that is taken and leave nothing running', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
    })
    for (const ports of [
      { ...anyPort, v2: port },
      { ...anyPort, grpc: port },
    ]) {
      await expect(startDemoBackends(packageFolder, ports)).rejects.toThrow(
        new RegExp(`cannot listen on 127.0.0.1:${port}: another program listens there.`),
      )
    }
    taken.close()
  })
})
