/** Which endpoints are well, as a BackendTrafficPolicy says it. */
import type { ActiveHealthCheck, HealthCheckLogSink, HealthCheckPayload } from '../../gen/kinds.js'
import { boolean, int32, list, object, oneOf, optional, required, rule, setOf, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { duration, portNumber, preciseHostname } from '../strings.js'

/** Whole groups of four, so that it is what somebody meant. */
const BASE64 = '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$'

const count = int32({ minimum: 0 })
const positive = int32({ minimum: 1 })
const statuses = list(int32({ minimum: 100, maximum: 599 }), { maxItems: 16 })

const payload: ObjectSchema = object(
  'HealthCheckPayload',
  'Bytes of a health check: either text or binary.',
  {
    text: optional(string({ minLength: 1, maxLength: 1024 }), 'As UTF-8 text.'),
    binary: optional(string({ minLength: 4, maxLength: 1368, pattern: BASE64 }), 'As base64.'),
  },
  {
    rules: [
      rule<HealthCheckPayload>(
        'payload-is-text-or-binary',
        'has(self.text) != has(self.binary)',
        'set either text or binary',
        (self) => (self.text !== undefined) !== (self.binary !== undefined),
      ),
    ],
  },
)

const http: ObjectSchema = object('HTTPHealthCheck', 'A request that is answered well by a healthy endpoint.', {
  path: required(string({ minLength: 1, maxLength: 1024, pattern: '^/' }), 'The path.'),
  hostname: optional(preciseHostname, 'The host; `<name>.<namespace>` of the backend when left out.'),
  method: optional(oneOf(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'], { name: 'HealthCheckMethod' }), 'The method.', { default: 'GET' }),
  expectedStatuses: optional(statuses, 'Good answers; 200 when left out.'),
  retriableStatuses: optional(
    statuses,
    'Bad answers that count towards unhealthyThreshold; any other bad answer makes it unhealthy at once.',
  ),
  requestBody: optional(payload, 'The body of the request, with `POST` and `PUT`.'),
  expectedResponse: optional(payload, 'What the body of a good answer holds.'),
})

const HEALTH_EVENTS = ['Failure', 'Success', 'Transition'] as const

/** Envoys are shared, and their disks: whoever may write a policy writes no file of theirs but where whoever runs them has made room for logs. */
const LOG_PATH = '^(/dev/(stdout|stderr)|/var/log(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+)$'

const healthCheckSink: ObjectSchema = object(
  'HealthCheckLogSink',
  'Where events are written.',
  {
    type: optional(oneOf(['Stdout', 'File'], { name: 'HealthCheckLogSinkType' }), 'The kind of sink.', { default: 'Stdout' }),
    file: optional(
      object('HealthCheckLogFile', 'A file of the Envoy.', {
        path: required(
          string({ minLength: 1, maxLength: 1024, pattern: LOG_PATH }),
          'Its path: `/dev/stdout`, `/dev/stderr`, or below `/var/log`, where in pods a patch of their GatewayConfig has to mount a volume.',
        ),
      }),
      'A file.',
    ),
  },
  {
    rules: [
      rule<HealthCheckLogSink>(
        'file-belongs-to-type',
        "self.type == 'File' ? has(self.file) : !has(self.file)",
        'file is required when type is File, and must be empty otherwise',
        (self) => (self.type === 'File') === (self.file !== undefined),
      ),
    ],
  },
)

/** Asks endpoints how they are. */
const active: ObjectSchema = object(
  'ActiveHealthCheck',
  'Asks endpoints how they are.',
  {
    type: required(oneOf(['HTTP', 'TCP', 'GRPC'], { name: 'ActiveHealthCheckType' }), 'How to ask.'),
    timeout: optional(duration, 'How long an answer may take.', { default: '1s' }),
    interval: optional(duration, 'How often to ask; 100ms at least.', { default: '3s' }),
    initialJitter: optional(duration, 'The first question waits a random time up to this.'),
    unhealthyThreshold: optional(positive, 'So many bad answers in a row make an endpoint unhealthy.', { default: 3 }),
    healthyThreshold: optional(positive, 'So many good answers in a row make it healthy again.', { default: 1 }),
    http: optional(http, 'The request, for `HTTP`.'),
    tcp: optional(
      object('TCPHealthCheck', 'Bytes to send and to expect; to connect is enough when both are left out.', {
        send: optional(payload, 'What is sent.'),
        receive: optional(payload, 'What must come back.'),
      }),
      'What is sent and expected, for `TCP`.',
    ),
    grpc: optional(
      object('GRPCHealthCheck', 'The health service of gRPC (grpc.health.v1).', {
        service: optional(
          string({ minLength: 1, maxLength: 253 }),
          'The service that is asked about; the server as a whole when left out.',
        ),
      }),
      'Whom to ask about, for `GRPC`.',
    ),
    overrides: optional(
      object('HealthCheckOverrides', 'Asks somewhere else than where requests go.', {
        port: required(portNumber, 'The port that is asked.'),
      }),
      'Asks somewhere else than where requests go; for endpoints with an IP address.',
    ),
    healthCheckLog: optional(
      object('HealthCheckLog', 'Writes what checks find, a line of JSON for each event.', {
        matches: required(
          setOf(oneOf(HEALTH_EVENTS, { name: 'HealthCheckEvent' }), { minItems: 1, maxItems: 3 }),
          'Which events: every bad answer, every good one; changes from well to unwell and back are always among them.',
        ),
        sink: optional(healthCheckSink, 'Where they are written; to standard output when left out.'),
      }),
      'Writes what checks find.',
    ),
  },
  {
    rules: [
      rule<ActiveHealthCheck>(
        'health-check-has-what-its-type-names',
        "(self.type == 'HTTP') == has(self.http) && (self.type == 'TCP' || !has(self.tcp)) && (self.type == 'GRPC' || !has(self.grpc))",
        'http is needed for HTTP; http, tcp and grpc go with their type alone',
        (self) =>
          (self.type === 'HTTP') === (self.http !== undefined) &&
          (self.type === 'TCP' || self.tcp === undefined) &&
          (self.type === 'GRPC' || self.grpc === undefined),
      ),
    ],
  },
)

const passive: ObjectSchema = object('PassiveHealthCheck', 'Leaves out endpoints that fail for a while (outlier detection).', {
  interval: optional(duration, 'How often to look; 3s when left out, 100ms at least.'),
  baseEjectionTime: optional(duration, 'How long an endpoint is left out, times how often it already was; 30s when left out.'),
  maxEjectionPercent: optional(
    int32({ minimum: 1, maximum: 100 }),
    'At most so many endpoints are left out, in percent; 10 when left out.',
  ),
  consecutive5XxErrors: optional(count, 'So many answers of 5xx in a row; 5 when left out, 0 for never.'),
  consecutiveGatewayErrors: optional(count, 'So many answers of 502, 503 or 504 in a row; 0, which is never, when left out.'),
  consecutiveLocalOriginFailures: optional(
    count,
    'So many failed connections in a row; they count like answers of 5xx when left out, and 5 with splitExternalLocalOriginErrors.',
  ),
  splitExternalLocalOriginErrors: optional(
    boolean(),
    'Failed connections count apart from answers; so they do with consecutiveLocalOriginFailures.',
  ),
  failurePercentageThreshold: optional(
    int32({ minimum: 1, maximum: 100 }),
    'From such a share of failures in an interval on, in percent; never for this reason when left out.',
  ),
  alwaysEjectOneEndpoint: optional(boolean(), 'One endpoint may be left out whatever maxEjectionPercent says; true when left out.'),
})

/** Which endpoints are well. */
export const healthCheck: ObjectSchema = object('BackendHealthCheck', 'Which endpoints are well.', {
  active: optional(active, 'Asks endpoints how they are.'),
  passive: optional(passive, 'Leaves out endpoints that fail.'),
  panicThreshold: optional(
    int32({ minimum: 0, maximum: 100 }),
    'With fewer healthy endpoints than this, in percent, the others are used as well; 1 when left out.',
  ),
})
