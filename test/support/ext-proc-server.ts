/**
 * A real service that speaks Envoy's protocol for external processing (envoy.service.ext_proc.v3.ExternalProcessor).
 *
 * It adds its name to the request header `x-processed` and to the answer's header `x-answered`, and puts bodies in capitals. The path steers it:
 * `deny` is answered with 418, `silent` never, `bodies` asks for request bodies, `note` sets the dynamic metadata `test.notes`.
 */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import protobuf from 'protobufjs'

/** One message that came. */
export interface ProcessedMessage {
  readonly kind: 'request_headers' | 'request_body' | 'request_trailers' | 'response_headers' | 'response_body' | 'response_trailers'
  readonly path: string
  readonly body: string
  /** Attributes of Envoy, by their names. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** Namespaces of dynamic metadata. */
  readonly metadata: readonly string[]
  readonly isShadow: boolean
}

/** A running service. */
export interface ExtProcServer {
  readonly name: string
  readonly port: number
  /** Every message, in order. */
  readonly messages: readonly ProcessedMessage[]
  close(): void
}

/** The part of the protocol that is needed here. */
const PROTOCOL = `
syntax = "proto3";
message Request {
  oneof kind { Headers request_headers = 2; Headers response_headers = 3; Body request_body = 4; Body response_body = 5; Trailers request_trailers = 6; Trailers response_trailers = 7; }
  Metadata metadata_context = 8;
  map<string, Struct> attributes = 9;
  bool observability_mode = 10;
}
message Headers { HeaderMap headers = 1; bool end_of_stream = 3; }
message HeaderMap { repeated HeaderValue headers = 1; }
message HeaderValue { string key = 1; string value = 2; bytes raw_value = 3; }
message Body { bytes body = 1; bool end_of_stream = 2; }
message Trailers { HeaderMap trailers = 1; }
message Metadata { map<string, Struct> filter_metadata = 1; }
message Struct { map<string, Value> fields = 1; }
message Value { double number_value = 2; string string_value = 3; bool bool_value = 4; Struct struct_value = 5; }
message Response {
  oneof kind { Answer request_headers = 1; Answer response_headers = 2; Answer request_body = 3; Answer response_body = 4; TrailersAnswer request_trailers = 5; TrailersAnswer response_trailers = 6; Immediate immediate_response = 7; }
  Struct dynamic_metadata = 8;
  Mode mode_override = 9;
}
message Answer { Common response = 1; }
message TrailersAnswer { HeaderMutation header_mutation = 1; }
message Common { HeaderMutation header_mutation = 2; BodyMutation body_mutation = 3; }
message HeaderMutation { repeated Option set_headers = 1; }
message Option { HeaderValue header = 1; Flag append = 2; }
message Flag { bool value = 1; }
message BodyMutation { oneof kind { bytes body = 1; Streamed streamed_response = 3; } }
message Streamed { bytes body = 1; bool end_of_stream = 2; }
message Immediate { Status status = 1; bytes body = 3; }
message Status { int32 code = 1; }
message Mode { int32 request_header_mode = 1; int32 response_header_mode = 2; int32 request_body_mode = 3; }
`
const BUFFERED = 2

interface RawMessage {
  readonly kind: ProcessedMessage['kind']
  readonly request_headers?: RawHeaders
  readonly request_body?: RawBody
  readonly response_body?: RawBody
  readonly attributes?: Readonly<Record<string, { readonly fields?: Readonly<Record<string, Readonly<Record<string, unknown>>>> }>>
  readonly metadata_context?: { readonly filter_metadata?: Readonly<Record<string, unknown>> }
  readonly observability_mode?: boolean
}

interface RawHeaders {
  readonly headers: { readonly headers: readonly { readonly key: string; readonly value: string; readonly raw_value: Buffer }[] }
}

interface RawBody {
  readonly body: Buffer
  readonly end_of_stream: boolean
}

/** How a service differs from the usual. */
export interface ExtProcOptions {
  /** Bodies are answered piece by piece, as `FullDuplexStreamed` wants it. */
  readonly streamsBodies?: boolean
}

/** Starts a service on a free port of 127.0.0.1. */
export async function startExtProcServer(name: string, options: ExtProcOptions = {}): Promise<ExtProcServer> {
  const { root } = protobuf.parse(PROTOCOL, { keepCase: true })
  const request = root.lookupType('Request')
  const response = root.lookupType('Response')
  const messages: ProcessedMessage[] = []
  const server = new Server()
  server.addService(
    {
      Process: {
        path: '/envoy.service.ext_proc.v3.ExternalProcessor/Process',
        requestStream: true,
        responseStream: true,
        requestSerialize: (value: Buffer) => value,
        requestDeserialize: (bytes: Buffer) => request.toObject(request.decode(bytes), { oneofs: true, longs: Number }),
        responseSerialize: (value: object) => Buffer.from(response.encode(response.fromObject(value)).finish()),
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      Process: (call: ServerDuplexStream<RawMessage, object>) => {
        let path = ''
        call.on('data', (message: RawMessage) => {
          path = pathOf(message) ?? path
          messages.push(described(message, path))
          const answer = answerTo(message, path, name, options)
          if (answer !== undefined) call.write(answer)
        })
        call.on('end', () => call.end())
        call.on('error', () => {})
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  return { name, port, messages, close: () => server.forceShutdown() }
}

function pathOf({ request_headers: headers }: RawMessage): string | undefined {
  const found = headers?.headers.headers.find(({ key }) => key === ':path')
  return found && (found.raw_value?.length > 0 ? found.raw_value.toString() : found.value)
}

function described(message: RawMessage, path: string): ProcessedMessage {
  const groups = Object.values(message.attributes ?? {})
  const attributes = groups.flatMap(({ fields = {} }) => Object.entries(fields).map(([key, value]) => [key, Object.values(value)[0]]))
  return {
    kind: message.kind,
    path,
    body: (message.request_body ?? message.response_body)?.body?.toString() ?? '',
    attributes: Object.fromEntries(attributes),
    metadata: Object.keys(message.metadata_context?.filter_metadata ?? {}),
    isShadow: message.observability_mode ?? false,
  }
}

function answerTo(message: RawMessage, path: string, name: string, { streamsBodies = false }: ExtProcOptions): object | undefined {
  const { kind } = message
  if (path.includes('silent')) return undefined
  switch (kind) {
    case 'request_headers':
      if (path.includes('deny')) return { immediate_response: { status: { code: 418 }, body: Buffer.from(`denied by ${name}`) } }
      return {
        // Of a body that is streamed both ways, the answer to the headers comes with the first piece.
        request_headers: { response: { header_mutation: adding('x-processed', name) } },
        ...(path.includes('bodies')
          ? { mode_override: { request_header_mode: 1, response_header_mode: 1, request_body_mode: BUFFERED } }
          : {}),
        ...(path.includes('note')
          ? { dynamic_metadata: { fields: { 'test.notes': { struct_value: { fields: { by: { string_value: name } } } } } } }
          : {}),
      }
    case 'response_headers':
      return { response_headers: { response: { header_mutation: adding('x-answered', name) } } }
    case 'request_body':
    case 'response_body': {
      const { body, end_of_stream: isEnd } = message[kind] ?? { body: Buffer.alloc(0), end_of_stream: true }
      const capitals = Buffer.from((body ?? '').toString().toUpperCase())
      const mutation = streamsBodies ? { streamed_response: { body: capitals, end_of_stream: isEnd } } : { body: capitals }
      return { [kind]: { response: { body_mutation: mutation } } }
    }
    case 'request_trailers':
    case 'response_trailers':
      return { [kind]: {} }
  }
}

function adding(key: string, value: string): object {
  return { set_headers: [{ header: { key, raw_value: Buffer.from(value) }, append: { value: true } }] }
}
