/** Connections to backends, and how much goes over them, as a BackendTrafficPolicy says it. */
import { boolean, int32, object, oneOf, optional, required } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { fraction } from '../fraction.js'
import { byteQuantity } from '../quantity.js'
import { duration } from '../strings.js'

const count = int32({ minimum: 0 })
const positive = int32({ minimum: 1 })
const windowBytes = int32({ minimum: 65_535 })

/** How long things may take. */
export const timeouts: ObjectSchema = object('BackendTimeouts', 'How long things may take.', {
  tcp: optional(
    object('BackendTCPTimeouts', 'Timeouts of connections.', { connectTimeout: optional(duration, 'To connect; 3s when left out.') }),
    'Timeouts of connections.',
  ),
  http: optional(
    object('BackendHTTPTimeouts', 'Timeouts of requests and of HTTP connections; 0s is no limit.', {
      requestTimeout: optional(duration, 'From the whole request to the whole answer, retries included; not for Services.'),
      streamIdleTimeout: optional(duration, 'Without a byte in either direction; not for Services.'),
      maxStreamDuration: optional(duration, 'From the first byte of a request to the last of its answer; not for Services.'),
      connectionIdleTimeout: optional(
        duration,
        'How long a connection without requests is kept; when left out 4s for HTTP/1 to known addresses, 1h otherwise.',
      ),
      maxConnectionDuration: optional(duration, 'After which time a connection takes no more requests.'),
    }),
    'Timeouts of requests and of HTTP connections.',
  ),
})

/** How much may be under way. */
export const circuitBreaker: ObjectSchema = object(
  'CircuitBreaker',
  'How much may be under way to a backend from one Envoy; no limit where left out.',
  {
    maxConnections: optional(count, 'Connections.'),
    maxPendingRequests: optional(count, 'Requests that wait for a connection.'),
    maxParallelRequests: optional(count, 'Requests under way.'),
    maxParallelRetries: optional(count, 'Retries under way; a retryBudget counts before it.'),
    maxRequestsPerConnection: optional(positive, 'After so many requests a connection takes no more.'),
    perEndpoint: optional(
      object('PerEndpointCircuitBreaker', 'How much may be under way to a single endpoint.', {
        maxConnections: optional(positive, 'Connections.'),
      }),
      'How much may be under way to a single endpoint.',
    ),
    retryBudget: optional(
      object('CircuitBreakerRetryBudget', 'How many of the requests under way may be retries.', {
        percent: required(fraction, 'Their share.'),
        minRetryConcurrency: optional(count, 'So many may be there in any case; 3 when left out.'),
      }),
      'How many of the requests under way may be retries.',
    ),
  },
)

/** How connections are made. */
export const connection: ObjectSchema = object('BackendConnection', 'How connections are made and buffered.', {
  bufferLimit: optional(byteQuantity, 'Bytes that are read ahead and waited for per connection, such as `64Ki`; `32Ki` when left out.'),
  preconnect: optional(
    object('Preconnect', 'Makes connections before they are needed.', {
      perEndpointPercent: optional(
        int32({ minimum: 100, maximum: 300 }),
        'Connections per endpoint, in percent of those that its requests need.',
      ),
      predictivePercent: optional(
        int32({ minimum: 100, maximum: 300 }),
        'Likewise over all endpoints, where the next requests will go; for ways to choose that can be foreseen.',
      ),
    }),
    'Makes connections before they are needed.',
  ),
})

/** How names are looked up. */
export const dns: ObjectSchema = object('BackendDNS', 'How the names of endpoints are looked up.', {
  dnsRefreshRate: optional(duration, 'How often a name is looked up again; 5s when left out. In a policy 100ms at least.'),
  respectDnsTtl: optional(boolean(), 'Looks up again when the records expire, whatever dnsRefreshRate says; true when left out.'),
  lookupFamily: optional(
    oneOf(['IPv4', 'IPv6', 'IPv4Preferred', 'IPv6Preferred', 'IPv4AndIPv6'], { name: 'DNSLookupFamily' }),
    'Which addresses are used; `IPv4Preferred` when left out.',
  ),
})

/** HTTP/2 towards backends. */
export const http2: ObjectSchema = object('BackendHTTP2', 'HTTP/2 towards backends.', {
  initialStreamWindowSize: optional(windowBytes, 'Bytes that may be under way per stream; 65536 when left out.'),
  initialConnectionWindowSize: optional(windowBytes, 'Bytes that may be under way per connection; 1048576 when left out.'),
  maxConcurrentStreams: optional(positive, 'Streams per connection.'),
  onInvalidMessage: optional(
    oneOf(['TerminateConnection', 'TerminateStream'], { name: 'InvalidMessageAction' }),
    'What ends when a backend breaks the rules of HTTP; `TerminateConnection` when left out.',
  ),
  connectionKeepalive: optional(
    object('HTTP2Keepalive', 'Asks over connections whether somebody is there (PING).', {
      interval: optional(duration, 'How often; never when left out. In a policy 100ms at least.'),
      timeout: optional(duration, 'How long an answer may take; 10s when left out.'),
      intervalJitter: optional(int32({ minimum: 0, maximum: 100 }), 'Up to such a share of the interval is added by chance, in percent.'),
      idleInterval: optional(duration, 'Asks before a request when a connection was idle for so long.'),
    }),
    'Asks over connections whether somebody is there.',
  ),
})

/** The PROXY protocol towards backends. */
export const proxyProtocol: ObjectSchema = object(
  'BackendProxyProtocol',
  "Tells backends the address of the client in front of each connection (PROXY protocol): then a connection serves one client's requests.",
  { version: required(oneOf(['V1', 'V2'], { name: 'ProxyProtocolVersion' }), 'The version.') },
)
