/**
 * What proxies write about requests and connections: one JSON object per line on their standard output.
 *
 * A line for every request costs a proxy about a twentieth of its requests per second, and somebody has to keep the lines. So by default
 * there is one for what went wrong. A GatewayConfig may ask for others.
 */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { AccessLogSubject, AccessLog as IrAccessLog, Telemetry } from '../../../ir/telemetry.js'
import type { TranslateOptions } from '../options.js'
import { accessLogOf, FAILED_HANDSHAKE } from './access-log-sinks.js'

type AccessLog = envoy.config.accesslog.v3.AccessLog
type AccessLogFilter = envoy.config.accesslog.v3.AccessLogFilter

const CONNECTION_FIELDS = {
  start_time: '%START_TIME%',
  duration_ms: '%DURATION%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  response_flags: '%RESPONSE_FLAGS%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  server_name: '%REQUESTED_SERVER_NAME%',
  upstream: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  connection_termination: '%CONNECTION_TERMINATION_DETAILS%',
} as const

const HANDSHAKE_FIELDS = {
  start_time: '%START_TIME%',
  duration_ms: '%DURATION%',
  response_flags: '%RESPONSE_FLAGS%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  port: '%DOWNSTREAM_LOCAL_PORT%',
  server_name: '%REQUESTED_SERVER_NAME%',
  tls_version: '%DOWNSTREAM_TLS_VERSION%',
  tls_failure: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%',
} as const

const REQUEST_FIELDS = {
  start_time: '%START_TIME%',
  method: '%REQ(:METHOD)%',
  // The query often holds what nobody should find in a log.
  path: '%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  host: '%REQ(:AUTHORITY)%',
  protocol: '%PROTOCOL%',
  status: '%RESPONSE_CODE%',
  grpc_status: '%GRPC_STATUS%',
  response_flags: '%RESPONSE_FLAGS%',
  response_details: '%RESPONSE_CODE_DETAILS%',
  duration_ms: '%DURATION%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  route: '%ROUTE_NAME%',
  upstream: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  request_id: '%REQ(X-REQUEST-ID)%',
  user_agent: '%REQ(USER-AGENT)%',
} as const

/** Envoy has something to say about it: no route, no healthy backend, reset, timeout, denied, a client that went away. */
const FLAGGED: AccessLogFilter = { responseFlagFilter: {} }
const COMPARE = Enum['envoy.config.accesslog.v3.ComparisonFilter.Op']
const SERVER_ERROR: AccessLogFilter = {
  // Envoy wants a name under which a runtime layer could change the number; ours has none.
  statusCodeFilter: { comparison: { op: COMPARE.GE, value: { defaultValue: 500, runtimeKey: 'headgate.access_log.status' } } },
}
const WRONG = { request: { orFilter: { filters: [FLAGGED, SERVER_ERROR] } }, connection: FLAGGED, handshake: FAILED_HANDSHAKE } as const
const FIELDS = { request: REQUEST_FIELDS, connection: CONNECTION_FIELDS, handshake: HANDSHAKE_FIELDS } as const

/** What nobody asked for in other words: every entry, on standard output. */
const STDOUT: IrAccessLog = { of: ['request', 'connection', 'handshake'], expressions: [], sink: { kind: 'stdout' } }
const LOGS = {
  request: accessLogOf('request', STDOUT, FIELDS),
  connection: accessLogOf('connection', STDOUT, FIELDS),
  handshake: accessLogOf('handshake', STDOUT, FIELDS),
} as const satisfies Record<AccessLogSubject, AccessLog>

/** The access logs of HTTP requests, of plain connections and datagram sessions, or of handshakes that failed. */
export function accessLogs(of: AccessLogSubject, telemetry: Telemetry | undefined, { accessLog }: TranslateOptions): readonly AccessLog[] {
  const asked = telemetry?.accessLogs
  if (asked !== undefined) return asked.filter((log) => log.of.includes(of)).map((log) => accessLogOf(of, log, FIELDS))
  switch (accessLog) {
    case 'off':
      return []
    case 'errors':
      return [{ ...LOGS[of], filter: WRONG[of] }]
    case 'all':
      return [LOGS[of]]
  }
}
