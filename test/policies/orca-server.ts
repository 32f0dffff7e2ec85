/** A server of HTTP/2 without TLS that reports its load over gRPC (xds.service.orca.v3.OpenRcaService). */
import { createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'

/** A running server: it answers every other request with 200 and its name in `x-backend`. */
export interface OrcaServer {
  readonly name: string
  readonly port: number
  /** The hosts that were asked for reports, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** Starts a server on a free port of 127.0.0.1 that says how busy it is, from 0 to 1, ten times a second. */
export async function startOrcaServer(name: string, utilization: number): Promise<OrcaServer> {
  const asked: string[] = []
  const sessions = new Set<ServerHttp2Session>()
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    if (headers[':path'] !== '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics') {
      stream.respond({ ':status': 200, 'x-backend': name })
      stream.end()
      return
    }
    asked.push(headers[':authority'] ?? '')
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    const timer = setInterval(() => stream.write(report(utilization)), 100)
    timers.add(timer)
    stream.on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    name,
    port: (server.address() as AddressInfo).port,
    asked,
    close: async () => {
      for (const timer of timers) clearInterval(timer)
      for (const session of sessions) session.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** An OrcaLoadReport as a message of gRPC: cpu_utilization is field 1, rps_fractional is field 6. */
function report(utilization: number): Buffer {
  const message = Buffer.alloc(18)
  message.writeUInt8(0x09, 0)
  message.writeDoubleLE(utilization, 1)
  message.writeUInt8(0x31, 9)
  message.writeDoubleLE(100, 10)
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
}
