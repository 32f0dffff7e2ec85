/** A backend that shows its connections: how many there were, their first bytes, and when they end. */
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A running backend. */
export interface RawBackend {
  readonly name: string
  readonly port: number
  /** Every connection that came, in order. */
  readonly connections: readonly RawConnection[]
  /** Those that are open. */
  open(): number
  close(): Promise<void>
}

/** One connection. */
export interface RawConnection {
  /** What has come so far. */
  received(): Buffer
  readonly remotePort: number
}

/** Answers each request of HTTP/1.1 with 200 after a while; other bytes get no answer. */
export async function startRawBackend(name: string, answer: (received: string) => string = httpAnswer): Promise<RawBackend> {
  const sockets = new Set<Socket>()
  const connections: RawConnection[] = []
  const server = createServer((socket) => {
    const chunks: Buffer[] = []
    sockets.add(socket)
    connections.push({ received: () => Buffer.concat(chunks), remotePort: socket.remotePort ?? 0 })
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (data) => {
      chunks.push(data)
      const text = answer(data.toString('latin1'))
      if (text !== '') setTimeout(() => socket.write(text, 'latin1'), Number(/delayMs=(\d+)/.exec(data.toString('latin1'))?.[1] ?? 0))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    name,
    port: (server.address() as AddressInfo).port,
    connections,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function httpAnswer(received: string): string {
  return received.includes('HTTP/1.1\r\n') ? 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' : ''
}
