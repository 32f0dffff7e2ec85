/** ClientTrafficPolicy (headgate.dev): how connections and requests of clients are taken. */
import { boolean, int32, list, object, oneOf, optional, required, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field, ObjectSchema } from '../schema/schema.js'
import { clientHeaders, clientIpDetection } from './client-headers.js'
import { clientTls } from './client-tls.js'
import { ownPolicy } from './own-policy.js'
import { byteQuantity } from './quantity.js'
import { stringMatch } from './string-match.js'
import { duration } from './strings.js'
import { tcpKeepalive } from './tcp-keepalive.js'

const positive = int32({ minimum: 1 })

const path: ObjectSchema = object('ClientPath', 'How paths are brought into one form before anything looks at them.', {
  escapedSlashesAction: optional(
    oneOf(['KeepUnchanged', 'RejectRequest', 'UnescapeAndRedirect', 'UnescapeAndForward'], { name: 'EscapedSlashesAction' }),
    'What happens to `%2F` and `%5C` in paths; `UnescapeAndRedirect` when left out.',
  ),
  disableMergeSlashes: optional(boolean(), 'True: `//` stays as it is.'),
})

const timeout: ObjectSchema = object('ClientTimeout', 'How long things may take.', {
  tcp: optional(
    object('TCPClientTimeout', 'Timeouts of connections.', {
      idleTimeout: optional(duration, 'Without a byte in either direction, for TCP and TLS listeners; 1h when left out, 0s is no limit.'),
      tlsHandshakeTimeout: optional(duration, 'For the handshake of TLS.'),
      connectionInspectionTimeout: optional(
        duration,
        'For the first bytes of a connection: the PROXY protocol and the name asked for by TLS. 15s when left out.',
      ),
    }),
    'Timeouts of connections.',
  ),
  http: optional(
    object('HTTPClientTimeout', 'Timeouts of requests; 0s is no limit.', {
      requestReceivedTimeout: optional(duration, 'For a whole request to arrive; no limit when left out.'),
      requestHeadersReceivedTimeout: optional(duration, 'For the headers of a request to arrive; 10s when left out.'),
      idleTimeout: optional(duration, 'How long a connection without requests is kept; 1h when left out.'),
      streamIdleTimeout: optional(duration, 'Without a byte in either direction; 5m when left out. Upgrades and gRPC are exempt.'),
    }),
    'Timeouts of requests.',
  ),
})

const connection: ObjectSchema = object('ClientConnection', 'Limits of connections.', {
  connectionLimit: optional(
    object('ConnectionLimit', 'How many connections there may be, and how long and for how much each is good.', {
      value: optional(positive, 'So many connections at the same time, per listener (all HTTP listeners of a port together) and Envoy.'),
      closeDelay: optional(duration, 'How long a connection beyond them is held before it is closed.'),
      maxConnectionDuration: optional(duration, 'After which time an HTTP connection takes no more requests.'),
      maxRequestsPerConnection: optional(positive, 'After so many requests an HTTP connection takes no more.'),
      maxStreamDuration: optional(duration, 'How long a request with its answer may take.'),
    }),
    'How many connections there may be, and how long and for how much each is good.',
  ),
  bufferLimit: optional(
    byteQuantity,
    'Bytes that are held for a connection (a soft limit), and of the body of a request for another try; 32Ki and 128Ki when left out.',
  ),
  maxAcceptPerSocketEvent: optional(positive, 'So many connections are accepted at once; 1 when left out.'),
})

const http1: ObjectSchema = object('ClientHTTP1', 'HTTP/1.', {
  enableTrailers: optional(boolean(), 'True: trailers of chunked requests are passed on.'),
  preserveHeaderCase: optional(boolean(), 'True: names of headers keep the case in which they were sent.'),
  allowAbsoluteURL: optional(
    boolean(),
    'False: a request line with a whole URL is not taken apart, so no rule matches it. True when left out.',
  ),
  http10: optional(
    object('ClientHTTP10', 'HTTP/1.0 and HTTP/0.9.', {
      useDefaultHost: optional(boolean(), 'True: a request without `host` is for the hostname of the listener; it gets 400 otherwise.'),
    }),
    'HTTP/1.0 and HTTP/0.9; such requests get 426 when left out.',
  ),
  disableSafeMaxConnectionDuration: optional(
    boolean(),
    'True: at `maxConnectionDuration` a connection is closed without warning; the client is told in the next answer when left out.',
  ),
  ignoredUpgradeTypes: optional(
    list(stringMatch, { minItems: 1, maxItems: 16 }),
    'Upgrades that are not noticed, such as `h2c`: the request goes on without.',
  ),
})

const http2: ObjectSchema = object('ClientHTTP2', 'HTTP/2, and its windows and streams for HTTP/3.', {
  initialStreamWindowSize: optional(byteQuantity, 'Bytes that may be under way per stream, at least 64Ki - 1; 64Ki when left out.'),
  initialConnectionWindowSize: optional(byteQuantity, 'Bytes that may be under way per connection, at least 64Ki - 1; 1Mi when left out.'),
  maxConcurrentStreams: optional(positive, 'Requests at the same time per connection; 100 when left out.'),
  onInvalidMessage: optional(
    oneOf(['TerminateConnection', 'TerminateStream'], { name: 'InvalidMessageAction' }),
    'What a message against the rules of HTTP ends; `TerminateConnection` when left out.',
  ),
  connectionKeepalive: optional(
    object('ClientHTTP2Keepalive', 'PING frames that find out whether a client is still there.', {
      interval: optional(duration, 'How often.'),
      timeout: required(duration, 'How long the answer may take.'),
      intervalJitter: optional(int32({ minimum: 0, maximum: 100 }), 'The interval is up to so much longer, in percent; 15 when left out.'),
    }),
    'PING frames that find out whether a client is still there.',
  ),
})

/** The settings of a ClientTrafficPolicy: once as defaults, once as overrides. No field of them has a default: policies are merged. */
const settings: Readonly<Record<string, Field>> = {
  tcpKeepalive: optional(tcpKeepalive, 'Probes on connections without traffic; after 3m, then six every 20s, when left out.'),
  proxyProtocol: optional(
    object('ProxyProtocolSettings', 'The PROXY protocol, versions 1 and 2.', {
      optional: optional(boolean(), 'True: connections without it are taken as well. Who can connect directly can then choose an address.'),
    }),
    'A proxy in front tells the address of clients by the PROXY protocol. Connections without it are closed.',
  ),
  clientIPDetection: optional(clientIpDetection, 'What says which address a client has; its connection when left out.'),
  tls: optional(clientTls, 'TLS.'),
  path: optional(path, 'How paths are brought into one form.'),
  headers: optional(clientHeaders, 'Headers of requests and answers.'),
  timeout: optional(timeout, 'How long things may take.'),
  connection: optional(connection, 'Limits of connections.'),
  http1: optional(http1, 'HTTP/1.'),
  http2: optional(http2, 'HTTP/2.'),
  http3: optional(
    object('ClientHTTP3', 'HTTP/3.', {}),
    'HTTP/3: HTTPS listeners listen on the same port of UDP as well, and tell clients so by `alt-svc`.',
  ),
  healthCheck: optional(
    object('ClientHealthCheck', 'Answers of Envoy itself.', {
      path: required(
        string({ minLength: 1, maxLength: 1024, pattern: '^/[^?#\\s]*$' }),
        'Requests for exactly this path get 200, whatever their host.',
      ),
    }),
    'A path that Envoy itself answers for the listener.',
  ),
  scheme: optional(
    oneOf(['Preserve', 'MatchBackend'], { name: 'SchemeHeaderTransform' }),
    'The scheme that backends see. `Preserve`: that of the client. `MatchBackend`: `https` where TLS is spoken to the backend.',
  ),
}

/** ClientTrafficPolicy: how connections and requests of clients are taken. */
export const clientTrafficPolicy: KindDefinition = ownPolicy({
  kind: 'ClientTrafficPolicy',
  plural: 'clienttrafficpolicies',
  shortName: 'hgctp',
  description: 'How connections and requests of clients are taken, for Gateways, ListenerSets and single listeners.',
  settings,
})
