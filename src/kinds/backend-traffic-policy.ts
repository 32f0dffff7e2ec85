/** BackendTrafficPolicy (headgate.dev): how requests to backends are treated. */
import type {
  ActiveHealthCheck,
  ConsistentHash,
  BackendLoadBalancer as LoadBalancer,
  PolicyRetryBackOff as RetryBackOff,
} from '../gen/kinds.js'
import { int32, list, object, oneOf, optional, required, rule, setOf, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field, ObjectSchema } from '../schema/schema.js'
import { durationMilliseconds } from './duration.js'
import { ownPolicySchema } from './policy-targets.js'
import { cookieName, duration, headerName, preciseHostname } from './strings.js'
import { tcpKeepalive } from './tcp-keepalive.js'

const count = int32({ minimum: 0 })
const positive = int32({ minimum: 1 })
const windowBytes = int32({ minimum: 65_535 })

const consistentHash: ObjectSchema = object(
  'ConsistentHash',
  'What decides to which endpoint a request goes: equal values go to the same endpoint.',
  {
    type: required(oneOf(['SourceIP', 'Header', 'Cookie', 'QueryParameter'], { name: 'ConsistentHashType' }), 'What is looked at.'),
    header: optional(headerName, 'The name of the header, for `Header`.'),
    cookie: optional(
      object('ConsistentHashCookie', 'A cookie that decides.', {
        name: required(cookieName, 'Its name.'),
        ttl: optional(duration, 'Sets the cookie for so long where a client has none; without it such requests go anywhere.'),
      }),
      'The cookie, for `Cookie`.',
    ),
    queryParameter: optional(string({ minLength: 1, maxLength: 256 }), 'The name of the query parameter, for `QueryParameter`.'),
    tableSize: optional(
      // Envoy asks for a prime number.
      int32({ minimum: 2, maximum: 5_000_011 }),
      'Size of the table (Maglev): a prime number, 65537 when left out. Larger tables spread more evenly.',
    ),
  },
  {
    rules: [
      rule<ConsistentHash>(
        'hash-has-what-its-type-names',
        "(self.type == 'Header') == has(self.header) && (self.type == 'Cookie') == has(self.cookie) && (self.type == 'QueryParameter') == has(self.queryParameter)",
        'set header, cookie or queryParameter exactly when type names it',
        (self) =>
          (self.type === 'Header') === (self.header !== undefined) &&
          (self.type === 'Cookie') === (self.cookie !== undefined) &&
          (self.type === 'QueryParameter') === (self.queryParameter !== undefined),
      ),
    ],
  },
)

const loadBalancer: ObjectSchema = object(
  'BackendLoadBalancer',
  'How an endpoint is chosen.',
  {
    type: required(oneOf(['LeastRequest', 'RoundRobin', 'Random', 'ConsistentHash'], { name: 'LoadBalancerType' }), 'The way to choose.'),
    consistentHash: optional(consistentHash, 'What decides, for `ConsistentHash`.'),
    slowStart: optional(
      object('SlowStart', 'Gives new endpoints their share little by little.', {
        window: required(duration, 'After which time an endpoint has its full share.'),
      }),
      'Gives new endpoints their share little by little; with `LeastRequest` and `RoundRobin`.',
    ),
  },
  {
    rules: [
      rule<LoadBalancer>(
        'consistent-hash-has-settings',
        "(self.type == 'ConsistentHash') == has(self.consistentHash)",
        'set consistentHash exactly when type is ConsistentHash',
        (self) => (self.type === 'ConsistentHash') === (self.consistentHash !== undefined),
      ),
      rule<LoadBalancer>(
        'slow-start-has-a-fitting-type',
        "!has(self.slowStart) || self.type in ['LeastRequest', 'RoundRobin']",
        'slowStart goes with LeastRequest and RoundRobin',
        (self) => self.slowStart === undefined || self.type === 'LeastRequest' || self.type === 'RoundRobin',
      ),
    ],
  },
)

const timeouts: ObjectSchema = object('BackendTimeouts', 'How long things may take.', {
  tcp: optional(
    object('BackendTCPTimeouts', 'Timeouts of connections.', { connectTimeout: optional(duration, 'To connect; 10s when left out.') }),
    'Timeouts of connections.',
  ),
  http: optional(
    object('BackendHTTPTimeouts', 'Timeouts of requests and of HTTP connections; 0s is no limit.', {
      requestTimeout: optional(duration, 'From the whole request to the whole answer, retries included; not for Services.'),
      streamIdleTimeout: optional(duration, 'Without a byte in either direction; not for Services.'),
      connectionIdleTimeout: optional(duration, 'How long a connection without requests is kept; 1h when left out.'),
      maxConnectionDuration: optional(duration, 'After which time a connection takes no more requests.'),
    }),
    'Timeouts of requests and of HTTP connections.',
  ),
})

const RETRY_TRIGGERS = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const

const retry: ObjectSchema = object('BackendRetry', 'When requests are tried again; not for Services.', {
  numRetries: optional(count, 'Retries besides the first try; 2 when left out, 0 switches them off.'),
  retryOn: optional(
    object('BackendRetryOn', 'What is tried again; what cannot have reached a backend when left out.', {
      triggers: optional(
        setOf(oneOf(RETRY_TRIGGERS, { name: 'RetryTrigger' }), { maxItems: RETRY_TRIGGERS.length }),
        'Events, in the words of Envoy.',
      ),
      httpStatusCodes: optional(list(int32({ minimum: 100, maximum: 599 }), { maxItems: 64 }), 'Answers.'),
    }),
    'What is tried again.',
  ),
  perRetry: optional(
    object('BackendPerRetry', 'What holds for a single try.', {
      timeout: optional(duration, 'How long it may take.'),
      backOff: optional(
        object(
          'PolicyRetryBackOff',
          'The wait before a retry, which doubles from retry to retry.',
          {
            baseInterval: required(duration, 'The first wait, at most.'),
            maxInterval: optional(duration, 'The longest wait; ten times the base when left out.'),
          },
          {
            rules: [
              rule<RetryBackOff>(
                'backoff-base-not-above-max',
                '!has(self.maxInterval) || duration(self.baseInterval) <= duration(self.maxInterval)',
                'baseInterval must not be greater than maxInterval',
                (self) =>
                  self.maxInterval === undefined || durationMilliseconds(self.baseInterval) <= durationMilliseconds(self.maxInterval),
              ),
            ],
          },
        ),
        'The wait before a retry.',
      ),
    }),
    'What holds for a single try.',
  ),
})

const circuitBreaker: ObjectSchema = object(
  'CircuitBreaker',
  'How much may be under way to a backend from one Envoy; no limit where left out.',
  {
    maxConnections: optional(count, 'Connections.'),
    maxPendingRequests: optional(count, 'Requests that wait for a connection.'),
    maxParallelRequests: optional(count, 'Requests under way.'),
    maxParallelRetries: optional(count, 'Retries under way.'),
    maxRequestsPerConnection: optional(positive, 'After so many requests a connection takes no more.'),
  },
)

const payload: ObjectSchema = object('HealthCheckPayload', 'Bytes of a health check.', {
  text: required(string({ minLength: 1, maxLength: 1024 }), 'As UTF-8 text.'),
})

const activeHealthCheck: ObjectSchema = object(
  'ActiveHealthCheck',
  'Asks endpoints how they are.',
  {
    type: required(oneOf(['HTTP', 'TCP', 'GRPC'], { name: 'ActiveHealthCheckType' }), 'How to ask.'),
    timeout: optional(duration, 'How long an answer may take.', { default: '1s' }),
    interval: optional(duration, 'How often to ask.', { default: '3s' }),
    unhealthyThreshold: optional(positive, 'So many bad answers in a row make an endpoint unhealthy.', { default: 3 }),
    healthyThreshold: optional(positive, 'So many good answers in a row make it healthy again.', { default: 1 }),
    http: optional(
      object('HTTPHealthCheck', 'A request that is answered well by a healthy endpoint.', {
        path: required(string({ minLength: 1, maxLength: 1024, pattern: '^/' }), 'The path.'),
        hostname: optional(preciseHostname, 'The host; `<name>.<namespace>` of the backend when left out.'),
        method: optional(oneOf(['GET', 'HEAD', 'OPTIONS'], { name: 'HealthCheckMethod' }), 'The method.', { default: 'GET' }),
        expectedStatuses: optional(list(int32({ minimum: 100, maximum: 599 }), { maxItems: 16 }), 'Good answers; 200 when left out.'),
      }),
      'The request, for `HTTP`.',
    ),
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

const passiveHealthCheck: ObjectSchema = object('PassiveHealthCheck', 'Leaves out endpoints that fail for a while (outlier detection).', {
  interval: optional(duration, 'How often to look; 3s when left out.'),
  baseEjectionTime: optional(duration, 'How long an endpoint is left out, times how often it already was; 30s when left out.'),
  maxEjectionPercent: optional(
    int32({ minimum: 1, maximum: 100 }),
    'At most so many endpoints are left out, in percent; 10 when left out.',
  ),
  consecutive5XxErrors: optional(count, 'So many answers of 5xx in a row; 5 when left out, 0 for never.'),
  consecutiveGatewayErrors: optional(count, 'So many answers of 502, 503 or 504 in a row; 0, which is never, when left out.'),
  consecutiveLocalOriginFailures: optional(count, 'So many failed connections in a row; they count like answers of 5xx when left out.'),
})

/** The settings of a BackendTrafficPolicy: once as defaults, once as overrides. No field of them has a default: policies are merged. */
const settings: Readonly<Record<string, Field>> = {
  loadBalancer: optional(loadBalancer, 'How an endpoint is chosen; least request when left out.'),
  timeouts: optional(timeouts, 'How long things may take.'),
  retry: optional(retry, 'When requests are tried again.'),
  circuitBreaker: optional(circuitBreaker, 'How much may be under way.'),
  healthCheck: optional(
    object('BackendHealthCheck', 'Which endpoints are well.', {
      active: optional(activeHealthCheck, 'Asks endpoints how they are.'),
      passive: optional(passiveHealthCheck, 'Leaves out endpoints that fail.'),
      panicThreshold: optional(
        int32({ minimum: 0, maximum: 100 }),
        'With fewer healthy endpoints than this, in percent, the others are used as well; 1 when left out.',
      ),
    }),
    'Which endpoints are well.',
  ),
  tcpKeepalive: optional(tcpKeepalive, 'Probes on connections without traffic.'),
  http2: optional(
    object('BackendHTTP2', 'HTTP/2 towards backends.', {
      initialStreamWindowSize: optional(windowBytes, 'Bytes that may be under way per stream; 65536 when left out.'),
      initialConnectionWindowSize: optional(windowBytes, 'Bytes that may be under way per connection; 1048576 when left out.'),
      maxConcurrentStreams: optional(positive, 'Streams per connection.'),
    }),
    'HTTP/2 towards backends.',
  ),
}

/** BackendTrafficPolicy: how requests to backends are treated. */
export const backendTrafficPolicy: KindDefinition = {
  kind: 'BackendTrafficPolicy',
  group: 'headgate.dev',
  versions: ['v1alpha1'],
  plural: 'backendtrafficpolicies',
  shortNames: ['hgbtp'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: true,
  policy: 'Inherited',
  columns: [
    { name: 'Accepted', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: ownPolicySchema(
    'BackendTrafficPolicy',
    'How requests to backends are treated, for what it targets and all that this contains.',
    'BackendTrafficSettings',
    settings,
  ),
}
