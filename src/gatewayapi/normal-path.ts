/** Characters that need no escape (RFC 3986 §2.3). */
const UNRESERVED = /[A-Za-z0-9._~-]/

/**
 * A path as requests have it when somebody looks at it: proxies take escapes out of what need not be escaped (RFC 3986 §6.2.2.2), so a path that
 * has some would be that of no request.
 */
export function normalPath(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return UNRESERVED.test(character) ? character : escaped
  })
}
