/** A real gRPC backend and a client for it. Messages are JSON text: routing looks at headers only. */
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js'

/** What a gRPC backend answers. */
export interface GrpcEcho {
  readonly backend: string
  readonly method: string
  readonly metadata: Readonly<Record<string, readonly string[]>>
}

/** A running gRPC backend. */
export interface GrpcBackend {
  readonly name: string
  readonly port: number
  /** Every unary call that came, in order. */
  readonly calls: readonly GrpcEcho[]
  close(): void
}

/** How a call ended. */
export interface GrpcResult {
  /** A code of grpc.status; 0 is OK. */
  readonly code: number
  readonly echo: GrpcEcho | undefined
  /** Metadata that came before the answer. */
  readonly headers: Readonly<Record<string, readonly string[]>>
}

const serialize = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const deserialize = (bytes: Buffer): unknown => JSON.parse(bytes.toString())

/**
 * Serves unary methods such as `/test.Echo/One`; those that end in `Stream` echo every message of a bidirectional stream.
 * Metadata `want-code: N` makes a call fail with that code, `want-header: a=b,c=d` adds metadata to the answer.
 */
export async function startGrpcBackend(name: string, methods: readonly string[]): Promise<GrpcBackend> {
  const server = new Server()
  const calls: GrpcEcho[] = []
  for (const method of methods) {
    if (method.endsWith('Stream')) {
      server.register(
        method,
        (call: ServerDuplexStream<unknown, unknown>) => echoStream(name, method, call),
        serialize,
        deserialize,
        'bidi',
      )
    } else {
      server.register(
        method,
        (call: ServerUnaryCall<unknown, unknown>, callback: (error: Partial<ServiceError> | null, value?: unknown) => void) => {
          const echo = describe(name, method, call.metadata)
          calls.push(echo)
          call.sendMetadata(wantedHeaders(call.metadata))
          const code = Number(call.metadata.get('want-code')[0] ?? 0)
          if (code !== 0) callback({ code, details: 'as asked' })
          else callback(null, echo)
        },
        serialize,
        deserialize,
        'unary',
      )
    }
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  return { name, port, calls, close: () => server.forceShutdown() }
}

/** A gRPC connection through a gateway. */
export interface GrpcClient {
  call(method: string, metadata?: Readonly<Record<string, string>>): Promise<GrpcResult>
  stream(method: string): ClientDuplexStream<unknown, unknown>
  close(): void
}

/** Connects in the clear with `authority` as the host of every call. */
export function connectGrpc(to: { readonly address: string; readonly port: number; readonly authority: string }): GrpcClient {
  const client = new Client(`${to.address}:${to.port}`, credentials.createInsecure(), { 'grpc.default_authority': to.authority })
  return {
    call: (method, headers = {}) =>
      new Promise((resolve) => {
        const metadata = new Metadata()
        for (const [key, value] of Object.entries(headers)) metadata.set(key, value)
        let answered: GrpcResult['headers'] = {}
        const deadline = Date.now() + 5_000
        const call = client.makeUnaryRequest(method, serialize, deserialize, {}, metadata, { deadline }, (error, value) =>
          resolve({ code: error?.code ?? status.OK, echo: error === null ? (value as GrpcEcho) : undefined, headers: answered }),
        )
        call.on('metadata', (found: Metadata) => {
          answered = entriesOf(found)
        })
      }),
    stream: (method) => client.makeBidiStreamRequest(method, serialize, deserialize),
    close: () => client.close(),
  }
}

function echoStream(name: string, method: string, call: ServerDuplexStream<unknown, unknown>): void {
  call.on('data', (message: unknown) => call.write({ ...describe(name, method, call.metadata), message }))
  call.on('end', () => call.end())
  call.on('error', () => {})
}

function describe(name: string, method: string, metadata: Metadata): GrpcEcho {
  return { backend: name, method, metadata: entriesOf(metadata) }
}

function entriesOf(metadata: Metadata): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(metadata.toHttp2Headers()).map(([key, value]) => [key, [value].flat().map(String)]))
}

function wantedHeaders(metadata: Metadata): Metadata {
  const wanted = new Metadata()
  for (const pair of String(metadata.get('want-header')[0] ?? '').split(',')) {
    const [key = '', value = ''] = pair.split('=')
    if (key !== '') wanted.add(key, value)
  }
  return wanted
}
