/** Every way in which a body may arrive. */

import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Standalone } from '../../support/standalone.js'

/** A way to send a body. */
export interface Sending {
  readonly how: string
  /** The status of the answer; 0 where the connection ended or nothing came in time. */
  send(headgate: Standalone, path: string, body: Buffer): Promise<number>
}

const PAUSE_MS = 150
const PATIENCE_MS = 8_000

const chunk = (part: Buffer): Buffer => Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')])
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const head = (path: string, more: string): Buffer => Buffer.from(`POST ${path} HTTP/1.1\r\nhost: example.com\r\n${more}\r\n\r\n`)
const halves = (body: Buffer): readonly Buffer[] => [body.subarray(0, body.length - 2), body.subarray(body.length - 2)]
const length = (body: Buffer): string => `content-length: ${body.length}`
const CHUNKED = 'transfer-encoding: chunked'

/** Each packet is written a while after the one before. */
function http1(how: string, packets: (path: string, body: Buffer) => readonly Buffer[]): Sending {
  return {
    how: `HTTP/1.1, ${how}`,
    send: async (headgate, path, body) => {
      const { address, port } = headgate.place('default/gw', 80)
      const socket = connect({ host: address, port, noDelay: true })
      const status = new Promise<number>((resolve) => {
        let text = ''
        const end = (): void => {
          socket.destroy()
          resolve(Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(text)?.[1] ?? 0))
        }
        socket.setTimeout(PATIENCE_MS, end)
        socket.on('error', end)
        socket.on('close', end)
        socket.on('data', (bytes) => {
          text += bytes.toString('latin1')
          if (text.includes('\r\n\r\n')) end()
        })
      })
      for (const [at, packet] of packets(path, body).entries()) {
        if (at > 0) await setTimeout(PAUSE_MS)
        if (!socket.destroyed) socket.write(packet)
      }
      return status
    },
  }
}

function http2(
  how: string,
  headers: (body: Buffer) => Readonly<Record<string, string>>,
  parts: (body: Buffer) => readonly Buffer[],
  isLate = false,
): Sending {
  return {
    how: `HTTP/2, ${how}`,
    send: async (headgate, path, body) => {
      const client = headgate.http2('default/gw', 80)
      try {
        const stream = client.session.request({ ':method': 'POST', ':path': path, ':authority': 'example.com', ...headers(body) })
        const status = new Promise<number>((resolve) => {
          let found = 0
          stream.setTimeout(PATIENCE_MS, () => resolve(0))
          stream.on('response', (answer) => {
            found = answer[':status'] ?? 0
          })
          stream.on('error', () => resolve(found))
          stream.on('close', () => resolve(found))
          stream.resume()
        })
        if (isLate) await setTimeout(PAUSE_MS)
        const all = parts(body)
        for (const [at, part] of all.entries()) {
          if (at > 0) await setTimeout(PAUSE_MS)
          if (at === all.length - 1) stream.end(part)
          else stream.write(part)
        }
        return await status
      } finally {
        client.close()
      }
    },
  }
}

/** All of them. */
export const SENDINGS: readonly Sending[] = [
  http1('with its length, at once', (path, body) => [Buffer.concat([head(path, length(body)), body])]),
  http1('with its length, later', (path, body) => [head(path, length(body)), body]),
  http1('with its length, in two parts', (path, body) => {
    const [first = body, second = body] = halves(body)
    return [Buffer.concat([head(path, length(body)), first]), second]
  }),
  http1('in chunks, at once', (path, body) => [Buffer.concat([head(path, CHUNKED), chunk(body), LAST_CHUNK])]),
  http1('in chunks, later', (path, body) => [head(path, CHUNKED), Buffer.concat([chunk(body), LAST_CHUNK])]),
  http1('in chunks, in two parts', (path, body) => {
    const [first = body, second = body] = halves(body)
    return [Buffer.concat([head(path, CHUNKED), chunk(first)]), Buffer.concat([chunk(second), LAST_CHUNK])]
  }),
  http1('in chunks whose end comes later', (path, body) => [Buffer.concat([head(path, CHUNKED), chunk(body)]), LAST_CHUNK]),
  http2(
    'with its length, at once',
    (body) => ({ 'content-length': `${body.length}` }),
    (body) => [body],
  ),
  http2(
    'with its length, later',
    (body) => ({ 'content-length': `${body.length}` }),
    (body) => [body],
    true,
  ),
  http2(
    'at once',
    () => ({}),
    (body) => [body],
  ),
  http2(
    'later',
    () => ({}),
    (body) => [body],
    true,
  ),
  http2('in two parts', () => ({}), halves),
]
