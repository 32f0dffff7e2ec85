/** The backends of the quickstart: two versions of an HTTP echo and a gRPC echo, on the ports that its `Backend` objects name. */
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer as createNetServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { listenError } from '../config/listen-error.js'
import { serviceOf } from '../xds/own-services.js'

/** The ports in examples/quickstart/02-backends.yaml; 0 takes any free port. */
const DEMO_PORTS: DemoPorts = { v1: 17_001, v2: 17_002, grpc: 17_003 }

/** A port for each of the three. */
export interface DemoPorts {
  readonly v1: number
  readonly v2: number
  readonly grpc: number
}

/** Running backends. */
export interface DemoBackends {
  readonly ports: DemoPorts
  /** Ends them and cuts their connections. */
  stop(): Promise<void>
}

/**
 * Starts all three on 127.0.0.1. Throws `ListenError` when a port is taken; then none is left running.
 *
 * @param packageFolder the folder that holds `examples/quickstart/echo.proto`
 */
export async function startDemoBackends(packageFolder: string, ports: DemoPorts = DEMO_PORTS): Promise<DemoBackends> {
  const started: RunningServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()))
  }
  try {
    for (const [name, port] of [['demo-v1', ports.v1] as const, ['demo-v2', ports.v2] as const])
      started.push(await startHttpEcho(name, port))
    started.push(await startGrpcEcho('demo-grpc', ports.grpc, packageFolder))
  } catch (error) {
    await stop()
    throw error
  }
  const [v1 = 0, v2 = 0, grpc = 0] = started.map((server) => server.port)
  return { ports: { v1, v2, grpc }, stop }
}

interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

const HTTP2_PREFACE = 'PRI * HTTP/2.0'

/** HTTP/1.1 and h2c on one port: the first bytes of a connection tell which. */
async function startHttpEcho(name: string, port: number): Promise<RunningServer> {
  const http1 = createHttpServer((request, response) => void echo(name, request, response))
  const http2 = createHttp2Server((request, response) => void echo(name, request, response))
  const sockets = new Set<Socket>()
  const server = createNetServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    socket.once('data', (first: Buffer) => {
      socket.pause()
      socket.unshift(first)
      if (first.toString('latin1', 0, HTTP2_PREFACE.length) === HTTP2_PREFACE) {
        // HTTP/2 reads what is buffered by itself and takes over the socket below JavaScript.
        http2.emit('connection', socket)
      } else {
        http1.emit('connection', socket)
        socket.resume()
      }
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((error: unknown) => {
    throw listenError(error, attempt(name, port))
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const MOST_BODY_BYTES = 64 * 1024

async function echo(
  name: string,
  request: IncomingMessage | Http2ServerRequest,
  response: Pick<ServerResponse | Http2ServerResponse, 'setHeader'> & { end(text: string): unknown },
): Promise<void> {
  const body = await readBody(request)
  if (body === undefined) return
  const { method, url: path, httpVersion, headers } = request
  const host = headers.host ?? headers[':authority']
  const answer = { answeredBy: name, method, host, path, httpVersion, headers, ...(body === '' ? {} : { body }) }
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify(answer, undefined, 2)}\n`)
}

/** What there is room for; undefined where who sends it has gone in the middle of it, and waits for no answer. */
async function readBody(request: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += chunk.length
      if (size <= MOST_BODY_BYTES) chunks.push(chunk)
    }
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function startGrpcEcho(name: string, port: number, packageFolder: string): Promise<RunningServer> {
  const file = join(packageFolder, 'examples', 'quickstart', 'echo.proto')
  const server = new Server()
  server.addService(serviceOf(new protobuf.Root().loadSync(file, { keepCase: true }), 'headgate.demo.v1.EchoService'), {
    Echo: (call: { readonly request: { readonly message: string } }, reply: sendUnaryData<object>) =>
      reply(null, { message: call.request.message, answered_by: name }),
  })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, actual) =>
      error === null ? resolve(actual) : reject(listenError(error, attempt(name, port))),
    )
  })
  return { port: bound, stop: async () => server.forceShutdown() }
}

const attempt = (name: string, port: number) =>
  ({
    what: `the demo backend ${name}`,
    host: '127.0.0.1',
    port,
    flag: '--resources DIR and a folder of your own (examples/quickstart names this port)',
  }) as const
