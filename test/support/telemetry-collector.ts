/** A real gRPC server that takes logs, spans and metrics: OpenTelemetry's collector services, and the access log service of Envoy. */
import { type Metadata, Server, ServerCredentials, type ServerReadableStream, type ServerUnaryCall } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { decode, toProtoJson } from '../../src/xds/message.js'

/** A span as it came. */
export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  readonly parentSpanId: string
  /** 2: server, 3: client. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, string>>
  readonly resource: Readonly<Record<string, string>>
}

/** A log record as it came. */
export interface CollectedRecord {
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  readonly resource: Readonly<Record<string, string>>
}

/** A running collector. */
export interface TelemetryCollector {
  readonly name: string
  readonly port: number
  readonly spans: readonly CollectedSpan[]
  readonly records: readonly CollectedRecord[]
  /** Names of metrics that came. */
  readonly metricNames: ReadonlySet<string>
  /** Attributes of the resources that metrics came from. */
  readonly metricResources: readonly Readonly<Record<string, string>>[]
  /** Messages of Envoy's access log service, as ProtoJSON. */
  readonly entries: readonly unknown[]
  /** Metadata of every call. */
  readonly metadata: readonly Readonly<Record<string, unknown>>[]
  close(): void
}

/** OpenTelemetry's protocol (1.9), as far as tests read it: names and numbers are facts of the protocol. */
const OTLP = protobuf.parse(`
syntax = "proto3";
package otlp;
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6; repeated KeyValue attributes = 9; }
message ScopeSpans { repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Traces { repeated ResourceSpans resource_spans = 1; }
message LogRecord { AnyValue body = 5; repeated KeyValue attributes = 6; }
message ScopeLogs { repeated LogRecord log_records = 2; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
message Metric { string name = 1; }
message ScopeMetrics { repeated Metric metrics = 2; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Metrics { repeated ResourceMetrics resource_metrics = 1; }
message Logs { repeated ResourceLogs resource_logs = 1; }
`).root

interface AnyValue {
  readonly stringValue?: string
  readonly intValue?: unknown
  readonly boolValue?: boolean
  readonly doubleValue?: number
}
type KeyValues = readonly { readonly key: string; readonly value?: AnyValue }[]
interface Traces {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: KeyValues }
    readonly scopeSpans?: readonly {
      readonly spans?: readonly {
        readonly name: string
        readonly traceId: Uint8Array
        readonly parentSpanId?: Uint8Array
        readonly kind: number
        readonly attributes?: KeyValues
      }[]
    }[]
  }[]
}
interface Logs {
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: KeyValues }
    readonly scopeLogs?: readonly { readonly logRecords?: readonly { readonly body?: AnyValue; readonly attributes?: KeyValues }[] }[]
  }[]
}

interface Metrics {
  readonly resourceMetrics?: readonly {
    readonly resource?: { readonly attributes?: KeyValues }
    readonly scopeMetrics?: readonly { readonly metrics?: readonly { readonly name: string }[] }[]
  }[]
}

const raw = (bytes: Buffer): Buffer => bytes
const empty = (): Buffer => Buffer.alloc(0)
const ALS = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'
type Answer = (error: null, value: unknown) => void

/** Starts a collector on a free port of 127.0.0.1. */
export async function startTelemetryCollector(name: string): Promise<TelemetryCollector> {
  const server = new Server()
  const spans: CollectedSpan[] = []
  const records: CollectedRecord[] = []
  const entries: unknown[] = []
  const metricNames = new Set<string>()
  const metricResources: Readonly<Record<string, string>>[] = []
  const metadata: Readonly<Record<string, unknown>>[] = []
  const unary = (method: string, take: (message: Buffer) => void): void =>
    void server.register(
      method,
      (call: ServerUnaryCall<Buffer, unknown>, answer: Answer) => {
        metadata.push(call.metadata.getMap())
        take(call.request)
        answer(null, undefined)
      },
      empty,
      raw,
      'unary',
    )
  unary('/opentelemetry.proto.collector.trace.v1.TraceService/Export', (message) =>
    spans.push(...spansOf(OTLP.lookupType('otlp.Traces').decode(message) as unknown as Traces)),
  )
  unary('/opentelemetry.proto.collector.logs.v1.LogsService/Export', (message) =>
    records.push(...recordsOf(OTLP.lookupType('otlp.Logs').decode(message) as unknown as Logs)),
  )
  unary('/opentelemetry.proto.collector.metrics.v1.MetricsService/Export', (message) => {
    const metrics = OTLP.lookupType('otlp.Metrics').decode(message) as unknown as Metrics
    for (const metric of metricsOf(metrics)) metricNames.add(metric)
    metricResources.push(...(metrics.resourceMetrics ?? []).map(({ resource }) => record(resource?.attributes)))
  })
  server.register(
    ALS,
    (call: ServerReadableStream<Buffer, unknown> & { readonly metadata: Metadata }) => {
      metadata.push(call.metadata.getMap())
      call.on('data', (message: Buffer) => {
        const type = 'envoy.service.accesslog.v3.StreamAccessLogsMessage'
        decode(type, message)
        entries.push(toProtoJson(type, message))
      })
      call.on('error', () => {})
    },
    empty,
    raw,
    'clientStream',
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  return { name, port, spans, records, metricNames, metricResources, entries, metadata, close: () => server.forceShutdown() }
}

function spansOf({ resourceSpans = [] }: Traces): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => ({
        name: span.name,
        traceId: hex(span.traceId),
        parentSpanId: hex(span.parentSpanId),
        kind: span.kind,
        attributes: record(span.attributes),
        resource: record(resource?.attributes),
      })),
    ),
  )
}

function recordsOf({ resourceLogs = [] }: Logs): readonly CollectedRecord[] {
  return resourceLogs.flatMap(({ resource, scopeLogs = [] }) =>
    scopeLogs.flatMap(({ logRecords = [] }) =>
      logRecords.map(({ body, attributes }) => ({
        body: text(body),
        attributes: record(attributes),
        resource: record(resource?.attributes),
      })),
    ),
  )
}

function metricsOf({ resourceMetrics = [] }: Metrics): readonly string[] {
  return resourceMetrics.flatMap(({ scopeMetrics = [] }) => scopeMetrics.flatMap(({ metrics = [] }) => metrics.map(({ name }) => name)))
}

function record(values: KeyValues = []): Readonly<Record<string, string>> {
  return Object.fromEntries(values.map(({ key, value }) => [key, text(value)]))
}

function text(value: AnyValue | undefined): string {
  return String(value?.stringValue || (value?.intValue ?? value?.boolValue ?? value?.doubleValue ?? ''))
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex')
}
