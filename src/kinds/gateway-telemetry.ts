/** What the Envoys of a Gateway tell about requests: the part of GatewayConfig about access logs, traces and metrics. */
import type { AccessLogSink, GatewayAccessLog, GatewayTracing, GatewayTracingProvider, KeptStatistic, SpanTag } from '../gen/kinds.js'
import { boolean, list, listBy, mapOf, object, oneOf, optional, required, rule, string, withRules } from '../schema/build.js'
import type { Field, ObjectSchema, Rule } from '../schema/schema.js'
import { circuitBreaker, connection, dns, http2, timeouts } from './backend-traffic/connections.js'
import { fraction } from './fraction.js'
import { backendObjectReference } from './references.js'
import { headerName, portNumber } from './strings.js'
import { tcpKeepalive } from './tcp-keepalive.js'

const format = string({ minLength: 1, maxLength: 4096 })
const attributes = mapOf(string({ maxLength: 4096 }), { maxProperties: 64 })
const collector: Field = required(backendObjectReference, 'The collector; one in another namespace needs a ReferenceGrant there.')

/** Envoy reads values as formats of access logs: it refuses `50%`, would not start with it, and makes no single percent sign of two. */
const collectorHeader: ObjectSchema = object('CollectorHeader', 'A header and its value.', {
  name: required(headerName, 'Name of the header.'),
  value: required(
    string({ minLength: 1, maxLength: 4096, pattern: '^[!-$&-~]+([\\t ]?[!-$&-~]+)*$', matchInLinearTime: true }),
    'Value of the header. Envoy can send no percent sign here.',
  ),
})
const collectorHeaders = listBy(['name'], collectorHeader, { maxItems: 16 })
const headers: Field = optional(collectorHeaders, 'Headers that are sent to the collector.')

const accessLogFormat: ObjectSchema = object(
  'AccessLogFormat',
  'How an entry looks: text or JSON, with the operators of Envoy, such as `%RESPONSE_CODE%`, `%REQ(USER-AGENT)%` or `%CEL(request.headers.size())%`.',
  {
    text: optional(format, 'A line of text; a line break follows each entry.'),
    json: optional(mapOf(string({ maxLength: 4096 }), { maxProperties: 64 }), 'The fields of an object in one line.'),
  },
  {
    rules: [
      rule<GatewayAccessLog['format'] & object>(
        'text-or-json',
        'has(self.text) != has(self.json)',
        'set one of text and json',
        (self) => (self.text === undefined) !== (self.json === undefined),
      ),
    ],
  },
)

const fileSink: ObjectSchema = object('FileSink', 'A file of the Envoy.', {
  path: required(
    string({ minLength: 1, maxLength: 1024, pattern: '^/' }),
    'Its path. In pods `/dev/stdout`, `/dev/stderr`, or a volume that a patch mounts.',
  ),
})

const openTelemetrySink: ObjectSchema = object('OpenTelemetryLogSink', 'An OpenTelemetry collector, over gRPC.', {
  backendRef: collector,
  headers,
  attributes: optional(attributes, 'Attributes of every entry, with the operators of Envoy.'),
  resourceAttributes: optional(attributes, 'Attributes of the resource, such as `service.name`.'),
})

const grpcSink: ObjectSchema = object('GRPCLogSink', 'A server of the access log service of Envoy, over gRPC.', {
  backendRef: collector,
  headers,
  logName: optional(string({ minLength: 1, maxLength: 253 }), 'The name of the log; that of the Gateway when left out.'),
  requestHeaders: optional(list(headerName, { maxItems: 64 }), 'Headers of requests that are part of an entry.'),
  responseHeaders: optional(list(headerName, { maxItems: 64 }), 'Headers of responses that are part of an entry.'),
})

const sink: ObjectSchema = withRules(
  object('AccessLogSink', 'Where entries go.', {
    type: optional(oneOf(['Stdout', 'File', 'OpenTelemetry', 'GRPC'], { name: 'AccessLogSinkType' }), 'The kind of sink.', {
      default: 'Stdout',
    }),
    file: optional(fileSink, 'A file.'),
    openTelemetry: optional(openTelemetrySink, 'An OpenTelemetry collector.'),
    grpc: optional(grpcSink, 'A server of the access log service.'),
  }),
  belongsTo<AccessLogSink>('file', 'File'),
  belongsTo<AccessLogSink>('openTelemetry', 'OpenTelemetry'),
  belongsTo<AccessLogSink>('grpc', 'GRPC'),
)

/** One access log. */
export const accessLog: ObjectSchema = object('GatewayAccessLog', 'An access log.', {
  of: optional(
    list(oneOf(['Requests', 'Connections', 'Handshakes'], { name: 'AccessLogSubject' }), { minItems: 1, maxItems: 3 }),
    'What has entries: HTTP requests; connections and datagram sessions that are forwarded as bytes; TLS handshakes that failed, or that asked for a name which nobody has. All of them when left out.',
  ),
  format: optional(accessLogFormat, 'How an entry looks; the JSON of the default log when left out. A GRPC sink has a format of its own.'),
  expressions: optional(
    list(string({ minLength: 1, maxLength: 4096 }), { maxItems: 8 }),
    'CEL expressions over the attributes of Envoy, such as `response.code >= 400`: entries are those for which all of them hold.',
  ),
  sample: optional(fraction, 'Share of the entries that are kept; all when left out.'),
  sink: optional(sink, 'Where entries go; standard output when left out.'),
})

const provider: ObjectSchema = withRules(
  object('GatewayTracingProvider', 'Where spans go.', {
    type: required(oneOf(['OpenTelemetry', 'Zipkin', 'Datadog'], { name: 'TracingProviderType' }), 'What the collector speaks.'),
    backendRef: required(backendObjectReference, 'The collector; one in another namespace needs a ReferenceGrant there.'),
    headers: optional(collectorHeaders, 'Headers that are sent to an OpenTelemetry collector.'),
    resourceAttributes: optional(attributes, 'Attributes of the resource, for OpenTelemetry.'),
    path: optional(string({ minLength: 1, maxLength: 1024, pattern: '^/' }), 'Where Zipkin takes spans; `/api/v2/spans` when left out.'),
    traceId128Bit: optional(
      boolean(),
      'Whether traces that begin here have ids of 128 bits for Zipkin, rather than 64; true when left out.',
    ),
    sharedSpanContext: optional(
      boolean(),
      'Whether the span of a request takes the id that a client with a trace of its own sends to Zipkin; else that is its parent. True when left out.',
    ),
  }),
  rule<GatewayTracingProvider>(
    'headers-for-open-telemetry',
    "has(self.headers) ? self.type == 'OpenTelemetry' : true",
    'headers are for OpenTelemetry',
    (self) => self.headers === undefined || self.type === 'OpenTelemetry',
  ),
  rule<GatewayTracingProvider>(
    'resource-attributes-for-open-telemetry',
    "has(self.resourceAttributes) ? self.type == 'OpenTelemetry' : true",
    'resourceAttributes are for OpenTelemetry',
    (self) => self.resourceAttributes === undefined || self.type === 'OpenTelemetry',
  ),
  rule<GatewayTracingProvider>(
    'path-for-zipkin',
    "has(self.path) ? self.type == 'Zipkin' : true",
    'path is for Zipkin',
    (self) => self.path === undefined || self.type === 'Zipkin',
  ),
  ...(['traceId128Bit', 'sharedSpanContext'] as const).map((field) =>
    rule<GatewayTracingProvider>(
      `${field}-for-zipkin`,
      `has(self.${field}) ? self.type == 'Zipkin' : true`,
      `${field} is for Zipkin`,
      (self) => self[field] === undefined || self.type === 'Zipkin',
    ),
  ),
)

/** A tag of spans. */
export const spanTag: ObjectSchema = object(
  'SpanTag',
  'A tag of every span.',
  {
    name: required(string({ minLength: 1, maxLength: 256 }), 'Its name.'),
    value: optional(format, 'Its value, with the operators of Envoy.'),
    requestHeader: optional(headerName, 'The request header that has the value; without it the span has no such tag.'),
  },
  {
    rules: [
      rule<SpanTag>(
        'value-or-header',
        'has(self.value) != has(self.requestHeader)',
        'set one of value and requestHeader',
        (self) => (self.value === undefined) !== (self.requestHeader === undefined),
      ),
    ],
  },
)

/** How requests are traced. */
export const tracing: ObjectSchema = withRules(
  object('GatewayTracing', 'Which requests are traced, and where spans go.', {
    provider: optional(provider, 'Where spans go; nothing is traced without one.'),
    samplingRate: optional(fraction, 'Share of the requests without a trace of their own that is traced; all when left out.'),
    clientSamplingRate: optional(
      fraction,
      'Share of the requests traced whose clients ask for it with `x-client-trace-id`; none when left out. OpenTelemetry does not know it.',
    ),
    overallSamplingRate: optional(
      fraction,
      'Share that is kept of the requests which would be traced, for whatever reason: a lid on the cost. All when left out.',
    ),
    respectParents: optional(boolean(), 'Whether requests that are part of a trace are sampled as their trace is; true when left out.'),
    serviceName: optional(string({ minLength: 1, maxLength: 253 }), 'Name of the service in spans; `<gateway>.<namespace>` when left out.'),
    spanName: optional(format, 'Name of spans, with the operators of Envoy; the host when left out.'),
    upstreamSpanName: optional(format, 'Name of the spans of tries, with the operators of Envoy; Envoy names them when left out.'),
    tags: optional(listBy(['name'], spanTag, { maxItems: 64 }), 'Tags of every span.'),
    requestId: optional(
      oneOf(['PackAndSample', 'Sample', 'Disable'], { name: 'RequestIDTracing' }),
      'What `x-request-id` has to do with traces. `Sample`: the id decides, so that proxies that see the same one decide alike. `PackAndSample`: besides, a digit of it says whether the request is traced. `Disable`: neither; every request is traced, or what the sampler of an OpenTelemetry provider says. `PackAndSample` when left out.',
    ),
  }),
  rule<GatewayTracing>(
    'client-sampling-not-for-open-telemetry',
    "!(has(self.clientSamplingRate) && has(self.provider) && self.provider.type == 'OpenTelemetry')",
    'clientSamplingRate is for Zipkin and Datadog',
    (self) => self.clientSamplingRate === undefined || self.provider?.type !== 'OpenTelemetry',
  ),
)

const statistic: ObjectSchema = object(
  'KeptStatistic',
  'Statistics of Envoy, by their names.',
  {
    prefix: optional(string({ minLength: 1, maxLength: 256 }), 'How the names begin.'),
    suffix: optional(string({ minLength: 1, maxLength: 256 }), 'How the names end.'),
    regex: optional(string({ minLength: 1, maxLength: 256 }), 'An RE2 expression for whole names.'),
  },
  {
    rules: [
      rule<KeptStatistic>(
        'one-way-to-name',
        '(has(self.prefix) ? 1 : 0) + (has(self.suffix) ? 1 : 0) + (has(self.regex) ? 1 : 0) == 1',
        'set one of prefix, suffix and regex',
        (self) => [self.prefix, self.suffix, self.regex].filter((each) => each !== undefined).length === 1,
      ),
    ],
  },
)

const sinkSettings: ObjectSchema = object('MetricSinkBackendSettings', 'How the collector is connected to, as in a BackendTrafficPolicy.', {
  timeouts: optional(timeouts, 'How long things may take; what is about requests does not count here. To connect, 3s when left out.'),
  tcpKeepalive: optional(tcpKeepalive, 'Probes on connections without traffic; after 1m, then six every 10s, when left out.'),
  circuitBreaker: optional(circuitBreaker, 'How much may be under way.'),
  connection: optional(connection, 'How connections are made and buffered.'),
  dns: optional(dns, 'How its name is looked up.'),
  http2: optional(http2, 'HTTP/2 towards the collector.'),
})

const metricSink: ObjectSchema = object('MetricSink', 'A collector that the Envoys send their statistics to, every 5 seconds.', {
  openTelemetry: required(
    object('OpenTelemetryMetricSink', 'An OpenTelemetry collector, over gRPC without TLS.', {
      host: required(
        string({ minLength: 1, maxLength: 253, pattern: '^[a-zA-Z0-9.:-]+$' }),
        'Its DNS name, such as `collector.observability.svc`, or IP address.',
      ),
      port: required(portNumber, 'Its port.'),
      reportCountersAsDeltas: optional(boolean(), 'Counters since the last report, rather than since the start.'),
      reportHistogramsAsDeltas: optional(boolean(), 'Histograms likewise.'),
      headers,
      resourceAttributes: optional(attributes, 'Attributes of the resource, such as `service.name`.'),
      backendSettings: optional(sinkSettings, 'How the collector is connected to.'),
    }),
    'An OpenTelemetry collector.',
  ),
})

const prometheus: ObjectSchema = object(
  'PrometheusMetrics',
  'Statistics in the format of Prometheus, on the pod port at `/stats/prometheus`.',
  {
    enabled: optional(boolean(), 'Whether they are there; true when left out.'),
    compression: optional(
      oneOf(['Gzip', 'Brotli', 'Zstd'], { name: 'MetricsCompression' }),
      'How answers are compressed for clients that accept it; not at all when left out.',
    ),
  },
)

/** What the Envoys count. */
export const metrics: ObjectSchema = object('GatewayMetrics', 'What the Envoys count, and who is told.', {
  prometheus: optional(prometheus, 'Statistics in the format of Prometheus.'),
  include: optional(
    list(statistic, { maxItems: 64 }),
    'Statistics to keep beside those that Headgate keeps by default. Everything else is never created: at thousands of backends that is most of the memory.',
  ),
  sinks: optional(list(metricSink, { maxItems: 4 }), 'Collectors that are sent all statistics.'),
  enableGRPCStats: optional(
    boolean(),
    'Whether calls of gRPC are counted by service and method, in `cluster.<name>.grpc.<service>.<method>.…`; false when left out. Clients choose these names: for those that you trust.',
  ),
})

function belongsTo<T extends { readonly type: string }>(field: keyof T & string, type: T['type']): Rule {
  return rule<T>(
    `${field}-belongs-to-type`,
    `self.type == '${type}' ? has(self.${field}) : !has(self.${field})`,
    `${field} is required when type is ${type}, and must be empty otherwise`,
    (self) => (self.type === type) === (self[field] !== undefined),
  )
}
