/** A real authorization server that speaks Envoy's gRPC protocol (envoy.service.auth.v3.Authorization). */
import { type Metadata, Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js'
import protobuf from 'protobufjs'

/** What the server was asked about. */
export interface CheckedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A running authorization server. */
export interface AuthServer {
  readonly name: string
  readonly port: number
  /** Every request that it was asked about, in order. */
  readonly checked: readonly CheckedRequest[]
  /** The metadata of each of these calls. */
  readonly callMetadata: readonly Readonly<Record<string, unknown>>[]
  close(): void
}

/** The part of the protocol that is needed here. */
const PROTOCOL = `
syntax = "proto3";
message CheckRequest { Attributes attributes = 1; }
message Attributes { Request request = 4; }
message Request { HttpRequest http = 2; }
message HttpRequest { string method = 2; map<string, string> headers = 3; string path = 4; string body = 11; }
message CheckResponse { Status status = 1; Allowed ok_response = 3; }
message Status { int32 code = 1; }
message Allowed { repeated HeaderOption headers = 2; }
message HeaderOption { Header header = 1; }
message Header { string key = 1; string value = 2; }
`
const PERMISSION_DENIED = 7

/**
 * Denies paths that contain `denied`, and lets everything else pass with the header `x-user: ann` and those that the query asks for
 * (`say=name:value`, repeatable).
 *
 * @param address host and port to listen on; a free port of this machine's loopback when left out
 */
export async function startAuthServer(name: string, address = '127.0.0.1:0'): Promise<AuthServer> {
  const { root } = protobuf.parse(PROTOCOL, { keepCase: true })
  const request = root.lookupType('CheckRequest')
  const response = root.lookupType('CheckResponse')
  const checked: CheckedRequest[] = []
  const callMetadata: Readonly<Record<string, unknown>>[] = []
  const server = new Server()
  server.addService(
    {
      Check: {
        path: '/envoy.service.auth.v3.Authorization/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: Buffer) => value,
        requestDeserialize: (bytes: Buffer) => readRequest(request, bytes),
        responseSerialize: (value: object) => Buffer.from(response.encode(response.fromObject(value)).finish()),
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      Check: (call: { readonly request: CheckedRequest; readonly metadata: Metadata }, answer: sendUnaryData<object>) => {
        checked.push(call.request)
        callMetadata.push(call.metadata.getMap())
        const isDenied = call.request.path.includes('denied')
        const wanted = new URL(call.request.path, 'http://check').searchParams.getAll('say').map((each) => each.split(/:(?=[^:]*$)/))
        const headers = [['x-user', 'ann'], ...wanted].map(([key, value]) => ({ header: { key, value } }))
        const allowed = { ok_response: { headers } }
        answer(null, { status: { code: isDenied ? PERMISSION_DENIED : 0 }, ...(isDenied ? {} : allowed) })
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))),
  )
  return { name, port, checked, callMetadata, close: () => server.forceShutdown() }
}

function readRequest(type: protobuf.Type, bytes: Buffer): CheckedRequest {
  const message: unknown = type.toObject(type.decode(bytes), { defaults: true })
  const { attributes } = message as { readonly attributes: { readonly request: { readonly http: CheckedRequest } } }
  return attributes.request.http
}
