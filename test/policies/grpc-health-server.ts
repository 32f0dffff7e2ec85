/** A server of HTTP/2 without TLS with the health service of gRPC (grpc.health.v1), which says what a test wants. */
import { createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'

/** A running server: it answers every other request with 200. */
export interface GrpcHealthServer {
  readonly name: string
  readonly port: number
  /** How often it was asked how it is. */
  asked(): number
  set(state: 'SERVING' | 'NOT_SERVING'): void
  close(): Promise<void>
}

const STATES = { SERVING: 1, NOT_SERVING: 2 } as const

/** Starts a server on a free port of 127.0.0.1, which says that it serves. */
export async function startGrpcHealthServer(name: string): Promise<GrpcHealthServer> {
  let state: keyof typeof STATES = 'SERVING'
  let asked = 0
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    if (headers[':path'] !== '/grpc.health.v1.Health/Check') {
      stream.respond({ ':status': 200 })
      stream.end()
      return
    }
    asked += 1
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    // HealthCheckResponse: not compressed, two bytes long; field 1 is the state.
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, STATES[state]]))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    name,
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    set: (next) => {
      state = next
    },
    close: async () => {
      for (const session of sessions) session.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
