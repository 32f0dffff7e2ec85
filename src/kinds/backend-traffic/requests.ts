/** What happens to requests and answers on their way, as a BackendTrafficPolicy says it; nothing of it can be said of a backend. */
import type { AdmissionSuccess, FaultAbort, FaultInjection } from '../../gen/kinds.js'
import { boolean, int32, list, listBy, object, oneOf, optional, required, rule, setOf, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { fraction } from '../fraction.js'
import { spanTag } from '../gateway-telemetry.js'
import { byteQuantity } from '../quantity.js'
import { duration, headerName } from '../strings.js'

/** Makes requests slow or fail on purpose. */
export const faultInjection: ObjectSchema = object(
  'FaultInjection',
  'Makes requests slow or fail on purpose.',
  {
    delay: optional(
      object('FaultDelay', 'A wait before a request goes on.', {
        fixedDelay: required(duration, 'How long.'),
        percentage: optional(fraction, 'For which share of the requests; all when left out.'),
      }),
      'A wait before a request goes on.',
    ),
    abort: optional(
      object(
        'FaultAbort',
        'An answer instead of the backend.',
        {
          httpStatus: optional(int32({ minimum: 200, maximum: 599 }), 'Its status.'),
          grpcStatus: optional(int32({ minimum: 0, maximum: 16 }), 'Its status of gRPC.'),
          percentage: optional(fraction, 'For which share of the requests; all when left out.'),
        },
        {
          rules: [
            rule<FaultAbort>(
              'abort-has-one-status',
              'has(self.httpStatus) != has(self.grpcStatus)',
              'set either httpStatus or grpcStatus',
              (self) => (self.httpStatus !== undefined) !== (self.grpcStatus !== undefined),
            ),
          ],
        },
      ),
      'An answer instead of the backend.',
    ),
  },
  {
    rules: [
      rule<FaultInjection>(
        'fault-does-something',
        'has(self.delay) || has(self.abort)',
        'set delay or abort',
        (self) => self.delay !== undefined || self.abort !== undefined,
      ),
    ],
  },
)

const bandwidth: ObjectSchema = object('Bandwidth', 'Bytes in a time.', {
  value: required(byteQuantity, 'The bytes, such as `1Mi`: 1024 per second at least.'),
  unit: required(oneOf(['Second', 'Minute', 'Hour'], { name: 'BandwidthUnit' }), 'The time.'),
})

/** How many bytes may pass. */
export const bandwidthLimit: ObjectSchema = object(
  'BandwidthLimit',
  'How many bytes of bodies may pass in a time through one Envoy, for all requests of a rule together; what is too much waits.',
  {
    request: optional(
      object('RequestBandwidth', 'Bodies of requests.', { limit: required(bandwidth, 'How many.') }),
      'Bodies of requests.',
    ),
    response: optional(
      object('ResponseBandwidth', 'Bodies of answers.', {
        limit: required(bandwidth, 'How many.'),
        responseTrailers: optional(
          object('BandwidthTrailers', 'Says behind answers how long they waited, in milliseconds.', {
            prefix: optional(headerName, 'Put before the names of the trailers.'),
          }),
          'Says behind answers how long they waited: trailers `bandwidth-request-delay-ms`, `bandwidth-response-delay-ms` and others.',
        ),
      }),
      'Bodies of answers.',
    ),
  },
)

/** Turns requests away before a backend breaks down. */
export const admissionControl: ObjectSchema = object(
  'AdmissionControl',
  'Turns a share of the requests away (503) when too many of the last ones failed, before the backend breaks down.',
  {
    samplingWindow: optional(duration, 'Over which time requests are counted, in whole seconds; 30s when left out.'),
    minSuccessRate: optional(
      int32({ minimum: 1, maximum: 100 }),
      'Below this success rate requests are turned away, in percent; 95 when left out.',
    ),
    rejectionAggression: optional(
      int32({ minimum: 1, maximum: 100 }),
      'How fast more are turned away as the rate falls: 1 is linear and the default.',
    ),
    minRequestRate: optional(int32({ minimum: 0 }), 'With fewer requests per second than this nobody is turned away; 0 when left out.'),
    maxRejectionPercent: optional(int32({ minimum: 0, maximum: 100 }), 'At most this share is turned away, in percent; 80 when left out.'),
    successCriteria: optional(
      object(
        'AdmissionSuccess',
        'Which answers are good; those below 500, and of gRPC all but the failures of servers, when left out.',
        {
          http: optional(
            object('AdmissionHTTPSuccess', 'Good answers of HTTP.', {
              statusCodes: required(list(int32({ minimum: 100, maximum: 599 }), { minItems: 1, maxItems: 64 }), 'Their statuses.'),
            }),
            'Good answers of HTTP.',
          ),
          grpc: optional(
            object('AdmissionGRPCSuccess', 'Good answers of gRPC.', {
              statusCodes: required(list(int32({ minimum: 0, maximum: 16 }), { minItems: 1, maxItems: 17 }), 'Their statuses of gRPC.'),
            }),
            'Good answers of gRPC.',
          ),
        },
        {
          rules: [
            rule<AdmissionSuccess>(
              'success-says-something',
              'has(self.http) || has(self.grpc)',
              'set http or grpc',
              (self) => self.http !== undefined || self.grpc !== undefined,
            ),
          ],
        },
      ),
      'Which answers are good.',
    ),
  },
)

const ALGORITHMS = ['Brotli', 'Gzip', 'Zstd'] as const
const contentTypes = setOf(string({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 32 })

/** A way to compress answers. */
export const compression: ObjectSchema = object('Compression', 'A way to compress answers, for clients that take it (`accept-encoding`).', {
  type: required(oneOf(ALGORITHMS, { name: 'CompressionType' }), 'The algorithm.'),
  level: optional(
    oneOf(['Fastest', 'Balanced', 'Smallest'], { name: 'CompressionLevel' }),
    'Less work or less bytes; `Balanced` when left out.',
  ),
  minContentLength: optional(byteQuantity, 'Answers with a smaller `content-length` are left as they are; 30 bytes when left out.'),
  contentTypes: optional(contentTypes, 'Types of answers that are compressed; text, JSON, JavaScript, XML, CSS and SVG when left out.'),
})

/** A way to decompress. */
export const decompression: ObjectSchema = object('Decompression', 'A way to decompress what was sent compressed.', {
  type: required(oneOf(ALGORITHMS, { name: 'CompressionType' }), 'The algorithm.'),
  requests: optional(boolean(), 'Decompresses bodies of requests before the backend gets them; true when left out.'),
  responses: optional(boolean(), 'Decompresses answers before the client gets them; false when left out.'),
})

/** Waits for whole requests. */
export const requestBuffer: ObjectSchema = object(
  'RequestBuffer',
  'Waits until a request is complete before the backend sees anything of it; larger ones get 413.',
  { limit: required(byteQuantity, 'The largest body, such as `1Mi`.') },
)

/** A protocol that requests may change to. */
export const httpUpgrade: ObjectSchema = object('ProtocolUpgrade', 'A protocol that a request may change its connection to.', {
  type: required(
    string({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9!#$%&+./^_|~-]+$' }),
    'Its name in `upgrade`, such as `websocket` or `spdy/3.1`; `CONNECT` for the method, `CONNECT-UDP` for tunnels of datagrams.',
  ),
  connect: optional(
    object('ConnectUpgrade', 'How requests of the method CONNECT are served.', {
      terminate: optional(
        boolean(),
        'Ends the tunnel here and sends its bytes to the backend as plain TCP; the request goes on when left out.',
      ),
    }),
    'For `CONNECT`.',
  ),
})

const format = string({ minLength: 1, maxLength: 4096 })

const tracing: ObjectSchema = object(
  'BackendTracing',
  'How requests are traced, where their Gateway traces any; what is left out is as the Gateway says.',
  {
    samplingRate: optional(
      fraction,
      'Share that is kept of the requests without a trace of their own which the Gateway would trace; all when left out.',
    ),
    clientSamplingRate: optional(fraction, 'Share of the requests traced whose clients ask for it with `x-client-trace-id`.'),
    overallSamplingRate: optional(fraction, 'Share that is kept of the requests which would be traced, for whatever reason.'),
    spanName: optional(format, 'Name of spans, with the operators of Envoy.'),
    upstreamSpanName: optional(format, 'Name of the spans of tries, with the operators of Envoy.'),
    tags: optional(
      listBy(['name'], spanTag, { maxItems: 64 }),
      'Tags besides those of the Gateway, and instead of those with the same name.',
    ),
  },
)

/** What a rule is called in what Envoy counts and traces. */
export const telemetry: ObjectSchema = object('BackendTelemetry', 'What Envoy counts about requests, and traces of them.', {
  tracing: optional(tracing, 'How requests are traced.'),
  metrics: optional(
    object('BackendMetrics', 'Metrics.', {
      routeStatName: optional(
        string({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_.-]+$' }),
        'Counts requests by this name as well: `vhost.<host>.route.<name>.upstream_rq…` in the statistics of Envoy.',
      ),
    }),
    'Metrics.',
  ),
})
