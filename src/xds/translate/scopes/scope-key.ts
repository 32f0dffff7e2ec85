/**
 * How a request finds its scope: by a header that the proxy sets before it looks for a route, `<route table>#<host>`.
 *
 * The route table stands in front, so a listener never sees the scopes of another one, whatever host a client names: no route table
 * has a `#` in its name.
 */

/** Set by the proxy, whatever a client sent; backends never see it. */
export const SCOPE_HEADER = 'x-headgate-scope'

/** What stands for the host in the scope of everything that is no exact host. Envoy refuses requests for this host. */
export const FALLBACK = '*'

/** What precedes the host in a key. Envoy takes the key up to the first colon, where the port starts: IPv6 addresses must not have any. */
export function scopeKeyPrefix(routeTable: string): string {
  return `${routeTable.replaceAll(':', '_')}#`
}

/** The name of a scope: that of its virtual host. */
export function scopeName(routeTable: string, host: string): string {
  return `${routeTable}#${host}`
}

/** The parts of a `scopeName`. */
export function parseScopeName(name: string): { readonly routeTable: string; readonly host: string } {
  const at = name.lastIndexOf('#')
  return { routeTable: name.slice(0, at), host: name.slice(at + 1) }
}
