/** Requests byte by byte: what a client of good manners would not send. */
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

/** What came back; `status` is 0 where nothing that looks like an answer did. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

/** How to connect. */
export interface RawOptions {
  /** Where the connection comes from. */
  readonly localAddress?: string
  readonly tls?: ConnectionOptions
}

/** Sends bytes over a connection of their own and reads until it ends or is silent for a while. */
export function sendRaw(
  { address, port }: { readonly address: string; readonly port: number },
  bytes: string | Buffer,
  { localAddress, tls }: RawOptions = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const plain = connect({ host: address, port, ...(localAddress === undefined ? {} : { localAddress }) })
    const socket: Socket = tls === undefined ? plain : connectTls({ socket: plain, rejectUnauthorized: false, ...tls })
    let text = ''
    const end = (): void => {
      socket.destroy()
      plain.destroy()
      resolve({ status: Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1] ?? 0), text })
    }
    plain.on('error', end)
    socket.setTimeout(2_000, end)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (isWhole(text)) end()
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
}

/** Sends requests at once over one connection and returns what comes until that is silent for a while. */
export function pipelined(
  { address, port }: { readonly address: string; readonly port: number },
  requests: readonly string[],
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    let text = ''
    const end = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(300, end)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.write(requests.join(''))
  })
}

/** True when head and body are there, as far as a length says. */
function isWhole(text: string): boolean {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  if (rest.length === 0) return false
  const length = /\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1]
  return length === undefined ? /\r\n0\r\n/.test(text) : rest.join('\r\n\r\n').length >= Number(length)
}
