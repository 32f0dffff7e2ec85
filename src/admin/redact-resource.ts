/** Takes private keys and passwords out of Envoy configuration before people see it. */
import { REDACTED } from '../telemetry/redact.js'

/** Fields of Envoy messages that hold or point to a secret: their inline content is replaced, a file name or SDS name stays. */
const SECRET_FIELDS = new Set([
  'privateKey',
  'pkcs12',
  'password',
  'secret',
  'hmacSecret',
  'users',
  'credential',
  'keys',
  'secrets',
  'localJwks',
  'credentials',
])
const INLINE = new Set(['inlineBytes', 'inlineString'])

/** A copy of ProtoJSON without secrets. */
export function redactResource(json: unknown, secret = false): unknown {
  if (Array.isArray(json)) return json.map((item) => redactResource(item, secret))
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      name === 'initialMetadata'
        ? withoutValues(value)
        : isSecretText(name, value, secret)
          ? REDACTED
          : redactResource(value, secret || SECRET_FIELDS.has(name)),
    ]),
  )
}

function isSecretText(name: string, value: unknown, secret: boolean): boolean {
  return typeof value === 'string' && secret && (INLINE.has(name) || name === 'key')
}

/** What is sent along to a collector may be a key to it. */
function withoutValues(metadata: unknown): unknown {
  return Array.isArray(metadata) ? metadata.map((each: unknown) => Object.assign({}, each, { value: REDACTED })) : REDACTED
}
