/** BackendTrafficPolicy (headgate.dev): how requests to backends are treated. */
import { boolean, list, listBy, optional } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field } from '../schema/schema.js'
import { circuitBreaker, connection, dns, http2, proxyProtocol, timeouts } from './backend-traffic/connections.js'
import { healthCheck } from './backend-traffic/health-check.js'
import { loadBalancer } from './backend-traffic/load-balancer.js'
import { rateLimit } from './backend-traffic/rate-limit.js'
import {
  admissionControl,
  bandwidthLimit,
  compression,
  decompression,
  faultInjection,
  httpUpgrade,
  requestBuffer,
  telemetry,
} from './backend-traffic/requests.js'
import { responseOverride } from './backend-traffic/response-override.js'
import { retry } from './backend-traffic/retry.js'
import { statistics } from './backend-traffic/statistics.js'
import { ownPolicy } from './own-policy.js'
import { tcpKeepalive } from './tcp-keepalive.js'

/** The settings of a BackendTrafficPolicy: once as defaults, once as overrides. No field of them has a default: policies are merged. */
const settings: Readonly<Record<string, Field>> = {
  loadBalancer: optional(loadBalancer, 'How an endpoint is chosen; least request when left out.'),
  timeouts: optional(timeouts, 'How long things may take.'),
  retry: optional(retry, 'When requests are tried again.'),
  circuitBreaker: optional(circuitBreaker, 'How much may be under way.'),
  healthCheck: optional(healthCheck, 'Which endpoints are well.'),
  tcpKeepalive: optional(tcpKeepalive, 'Probes on connections without traffic; after 1m, then six every 10s, when left out.'),
  connection: optional(connection, 'How connections are made and buffered.'),
  dns: optional(dns, 'How the names of endpoints are looked up.'),
  http2: optional(http2, 'HTTP/2 towards backends.'),
  proxyProtocol: optional(proxyProtocol, 'Tells backends the address of the client.'),
  useClientProtocol: optional(
    boolean(),
    'Speaks the version of HTTP that the client speaks, HTTP/1.1 or HTTP/2, to backends of HTTPRoutes.',
  ),
  rateLimit: optional(rateLimit, 'How often something may be asked; not for Services.'),
  faultInjection: optional(faultInjection, 'Makes requests slow or fail on purpose; not for Services.'),
  bandwidthLimit: optional(bandwidthLimit, 'How many bytes may pass; not for Services.'),
  admissionControl: optional(admissionControl, 'Turns requests away before a backend breaks down; not for Services.'),
  compression: optional(
    listBy(['type'], compression, { maxItems: 3 }),
    'Ways to compress answers, the preferred one first; an empty list compresses nothing. Not for Services.',
  ),
  decompression: optional(listBy(['type'], decompression, { maxItems: 3 }), 'Ways to decompress; not for Services.'),
  responseOverride: optional(
    list(responseOverride, { maxItems: 50 }),
    'Other answers than those of backends or of Envoy; not for Services.',
  ),
  requestBuffer: optional(requestBuffer, 'Waits for whole requests; not for Services.'),
  httpUpgrade: optional(
    listBy(['type'], httpUpgrade, { maxItems: 8 }),
    'Protocols that requests may change to; `websocket` where backends speak HTTP/1.1, when left out. Not for Services.',
  ),
  statistics: optional(statistics, 'What Envoy counts for a backend besides what it always does.'),
  telemetry: optional(telemetry, 'What Envoy counts about requests, and traces of them; not for Services.'),
}

/** BackendTrafficPolicy: how requests to backends are treated. */
export const backendTrafficPolicy: KindDefinition = ownPolicy({
  kind: 'BackendTrafficPolicy',
  plural: 'backendtrafficpolicies',
  shortName: 'hgbtp',
  description: 'How requests to backends are treated, for what it targets and all that this contains.',
  settings,
})
