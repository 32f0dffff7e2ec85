/** Why something could not be fetched. */

/** The message is for people and for statuses: it says what is wrong, and holds no word of a server, no address of a redirect and no secret. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
}

/** What to say about failures of connections, by their codes. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ETIMEDOUT: 'it did not answer in time',
}

/** What is said about any failure. */
export function fetchReason(error: unknown): string {
  if (error instanceof FetchError) return error.message
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  if (isTimeout(error) || name === 'AbortError') return 'it did not answer in time'
  if (typeof code !== 'string') return 'something went wrong'
  return WORDS[code] ?? (isAboutCertificates(code) ? `its certificate is not good (${code})` : `the connection failed (${code})`)
}

/** True where nothing came in time. */
export function isTimeout(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  return name === 'TimeoutError' || code === 'ETIMEDOUT'
}

/** Source: Node, "X509 certificate error codes". */
function isAboutCertificates(code: string): boolean {
  return /CERT|SIGNED|ISSUER|ALTNAME|VERIFY/.test(code)
}
