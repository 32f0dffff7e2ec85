/**
 * Operators of Envoy in the values of headers, such as `%TLS_JA4_FINGERPRINT%`: those that tell about the connection and the request. Others
 * could tell what is the proxy's own, such as its environment.
 *
 * Source: Envoy, "Command operators" of access logs.
 */
import { literally } from '../../util/literally.js'

const OPERATORS: ReadonlySet<string> = new Set([
  'CONNECTION_ID',
  'DOWNSTREAM_DIRECT_REMOTE_ADDRESS',
  'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT',
  'DOWNSTREAM_LOCAL_ADDRESS',
  'DOWNSTREAM_LOCAL_PORT',
  'DOWNSTREAM_PEER_CERT_V_END',
  'DOWNSTREAM_PEER_CERT_V_START',
  'DOWNSTREAM_PEER_DNS_SAN',
  'DOWNSTREAM_PEER_FINGERPRINT_256',
  'DOWNSTREAM_PEER_ISSUER',
  'DOWNSTREAM_PEER_SERIAL',
  'DOWNSTREAM_PEER_SUBJECT',
  'DOWNSTREAM_PEER_URI_SAN',
  'DOWNSTREAM_REMOTE_ADDRESS',
  'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT',
  'DOWNSTREAM_REMOTE_PORT',
  'DOWNSTREAM_TLS_CIPHER',
  'DOWNSTREAM_TLS_VERSION',
  'PROTOCOL',
  'REQUESTED_SERVER_NAME',
  'RESPONSE_CODE',
  'RESPONSE_FLAGS',
  'START_TIME',
  'TLS_JA3_FINGERPRINT',
  'TLS_JA4_FINGERPRINT',
])

const OPERATOR = /%([A-Z][A-Z0-9_]*)(\([^)]*\))?(:[0-9]+)?%/g

/** Why a value cannot be used; it reads on after the name of the header. */
export function operatorProblem(value: string): string | undefined {
  for (const [whole, name = '', argument] of value.matchAll(OPERATOR)) {
    if (!OPERATORS.has(name) || argument !== undefined) return `has the operator ${whole}, which is not for headers`
  }
  return undefined
}

/** The value as Envoy takes it: operators as they are, every other percent sign as itself. */
export function withOperators(value: string): string {
  const parts: string[] = []
  let at = 0
  for (const match of value.matchAll(OPERATOR)) {
    parts.push(literally(value.slice(at, match.index)), match[0])
    at = match.index + match[0].length
  }
  return [...parts, literally(value.slice(at))].join('')
}
