/** Keeps secrets out of log lines: by the name of the field, and by what a private key looks like. */

const SECRET_NAMES =
  /^(authorization|cookie|set-cookie|password|token|accessToken|refreshToken|clientSecret|privateKey|tls\.key|stringData)$/i
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g

/** Stands where a secret was. */
export const REDACTED = '[redacted]'

/** Logged values nest a few levels; whatever lies deeper is cut off rather than printed unseen. */
const DEEPEST = 8

/** A copy without secrets. The input is not changed. Errors keep their name, message and stack. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replace(PRIVATE_KEY, REDACTED)
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEEPEST) return '[...]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return describeError(value, depth)
  const entries = Object.entries(value).map(
    ([name, child]) => [name, SECRET_NAMES.test(name) ? REDACTED : redact(child, depth + 1)] as const,
  )
  return Object.fromEntries(entries)
}

function describeError(error: Error, depth: number): object {
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }
  return { name: error.name, message: redact(error.message), stack: redact(error.stack), ...cause }
}
