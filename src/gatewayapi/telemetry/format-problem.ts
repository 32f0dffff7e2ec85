/**
 * What is wrong with formats of access logs and traces, for who wants to know before an Envoy says it: an Envoy refuses them at the first mistake.
 *
 * Source: `SubstitutionFormatParser` of Envoy 1.40; the operators are those that it takes (a test asks it).
 */
import { celSyntaxProblem } from '../policies/cel-expression.js'

/** What is wrong. */
export interface FormatProblem {
  readonly message: string
  /** False where a newer Envoy may know better. */
  readonly isSure: boolean
}

/** An operator, what stands in its parentheses, and the most characters of its value. */
const OPERATOR = /^%([A-Z0-9_]+)(?:\((.*?)\))?(?::[0-9]+)?%/s

/** Those that mean nothing without parentheses. */
export const OPERATORS_WITH_PARAMETERS: ReadonlySet<string> = new Set(
  words(`REQ RESP TRAILER REQUEST_HEADER RESPONSE_HEADER RESPONSE_TRAILER CEL TYPED_CEL DYNAMIC_METADATA CLUSTER_METADATA UPSTREAM_METADATA
    FILTER_STATE UPSTREAM_FILTER_STATE METADATA QUERY_PARAM ENVIRONMENT COMMON_DURATION COALESCE`),
)

/** The others. */
export const PLAIN_OPERATORS: ReadonlySet<string> = new Set([
  ...words(`ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_RETRANSMITTED BYTES_SENT CONNECTION_ID CONNECTION_TERMINATION_DETAILS CUSTOM_FLAGS DURATION
    EMIT_TIME EMIT_TIME_LOCAL FILTER_CHAIN_NAME GRPC_STATUS GRPC_STATUS_NUMBER HOSTNAME LOCAL_REPLY_BODY PATH PROTOCOL QUERY_PARAMS
    REQUESTED_SERVER_NAME REQUEST_DURATION REQUEST_HEADERS_BYTES REQUEST_TX_DURATION REQ_WITHOUT_QUERY RESPONSE_CODE RESPONSE_CODE_DETAILS
    RESPONSE_DURATION RESPONSE_FLAGS RESPONSE_FLAGS_LONG RESPONSE_HEADERS_BYTES RESPONSE_TRAILERS_BYTES RESPONSE_TX_DURATION
    ROUNDTRIP_DURATION ROUTE_NAME ROUTE_RESOLUTION_COUNT ROUTE_RESOLUTION_TIME_US SPAN_ID START_TIME START_TIME_LOCAL STREAM_ID
    TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT TRACE_ID UNIQUE_ID VIRTUAL_CLUSTER_NAME`),
  ...behind(
    'DOWNSTREAM_',
    `CX_RTT DIRECT_LOCAL_ADDRESS DIRECT_LOCAL_ADDRESS_ENDPOINT_ID DIRECT_LOCAL_ADDRESS_WITHOUT_PORT DIRECT_LOCAL_PORT
    DIRECT_REMOTE_ADDRESS DIRECT_REMOTE_ADDRESS_WITHOUT_PORT DIRECT_REMOTE_PORT HANDSHAKE_DURATION LOCAL_ADDRESS_ENDPOINT_ID LOCAL_EMAIL_SAN
    LOCAL_OTHERNAME_SAN LOCAL_SUBJECT PEER_CHAIN_FINGERPRINTS_1 PEER_CHAIN_FINGERPRINTS_256 PEER_CHAIN_SERIALS PEER_EMAIL_SAN
    PEER_FINGERPRINT_1 PEER_FINGERPRINT_256 PEER_ISSUER_FINGERPRINT_256 PEER_ISSUER_SERIAL PEER_OTHERNAME_SAN PEER_SERIAL`,
  ),
  ...behind(
    'UPSTREAM_',
    `CLUSTER CLUSTER_RAW CONNECTION_ID CONNECTION_IDS_ATTEMPTED CONNECTION_POOL_READY_DURATION HOST HOSTS_ATTEMPTED
    HOSTS_ATTEMPTED_WITHOUT_PORT HOST_NAME HOST_NAMES_ATTEMPTED HOST_NAMES_ATTEMPTED_WITHOUT_PORT HOST_NAME_WITHOUT_PORT PROTOCOL
    REMOTE_ADDRESS_ENDPOINT_ID REQUEST_ATTEMPT_COUNT SERVER_NAME`,
  ),
  ...['DOWNSTREAM_', 'UPSTREAM_'].flatMap((side) =>
    behind(
      side,
      `DECOMPRESSED_HEADER_BYTES_RECEIVED DECOMPRESSED_HEADER_BYTES_SENT
    DETECTED_CLOSE_TYPE HEADER_BYTES_RECEIVED HEADER_BYTES_SENT LOCAL_ADDRESS LOCAL_ADDRESS_WITHOUT_PORT LOCAL_CLOSE_REASON LOCAL_DNS_SAN
    LOCAL_IP_SAN LOCAL_PORT LOCAL_URI_SAN PEER_CERT PEER_CERT_V_END PEER_CERT_V_START PEER_DNS_SAN PEER_IP_SAN PEER_ISSUER PEER_SUBJECT
    PEER_URI_SAN REMOTE_ADDRESS REMOTE_ADDRESS_WITHOUT_PORT REMOTE_PORT TLS_CIPHER TLS_GROUP TLS_SESSION_ID TLS_VERSION
    TRANSPORT_FAILURE_REASON WIRE_BYTES_RECEIVED WIRE_BYTES_SENT`,
    ),
  ),
])

/** The first mistake; undefined where there is none that can be told without asking an Envoy. */
export function formatProblem(format: string): FormatProblem | undefined {
  for (let at = format.indexOf('%'); at >= 0; at = format.indexOf('%', at)) {
    if (format[at + 1] === '%') {
      at += 2
      continue
    }
    const rest = format.slice(at)
    const [whole, name = '', parameters] = OPERATOR.exec(rest) ?? []
    if (whole === undefined) {
      return {
        isSure: true,
        message: `"${rest.slice(0, 20)}" begins no operator such as %DURATION% or %REQ(name)%: write %% for a percent sign`,
      }
    }
    const problem = operatorProblem(name, parameters)
    if (problem !== undefined) return problem
    at += whole.length
  }
  return undefined
}

function operatorProblem(name: string, parameters: string | undefined): FormatProblem | undefined {
  if (!OPERATORS_WITH_PARAMETERS.has(name)) {
    if (PLAIN_OPERATORS.has(name)) return undefined
    return { isSure: false, message: `Envoy 1.40 knows no operator %${name}%` }
  }
  if (parameters === undefined || parameters === '') return { isSure: true, message: `%${name}% needs something in parentheses` }
  const problem = name.endsWith('CEL') ? celSyntaxProblem(parameters) : undefined
  return problem === undefined ? undefined : { isSure: true, message: `%${name}(${parameters})% is no CEL: ${problem}` }
}

function behind(start: string, text: string): readonly string[] {
  return words(text).map((word) => `${start}${word}`)
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
