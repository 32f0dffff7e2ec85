/** A service that speaks Envoy's protocol for rate limits (envoy.service.ratelimit.v3.RateLimitService), and lets every request pass. */
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js'

/** A running service. */
export interface LimitServer {
  readonly port: number
  close(): void
}

/** `overall_code: OK`. */
const PASS = Buffer.from([0x08, 0x01])

/** Starts one on a free port of 127.0.0.1. */
export async function startLimitServer(): Promise<LimitServer> {
  const same = (bytes: Buffer): Buffer => bytes
  const server = new Server()
  server.addService(
    {
      ShouldRateLimit: {
        path: '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit',
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    { ShouldRateLimit: (_call: unknown, answer: sendUnaryData<Buffer>) => answer(null, PASS) },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  return { port, close: () => server.forceShutdown() }
}
