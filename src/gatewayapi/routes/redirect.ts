import type { Redirect, RouteTable } from '../../ir/route.js'

const WELL_KNOWN_PORTS = { http: 80, https: 443 } as const

/**
 * Decides the port of a redirect.
 *
 * Source: Gateway API v1.7, `HTTPRequestRedirectFilter.port`: the filter's, else the one of the filter's scheme, else the listener's; a
 * port that goes without saying is left away. Where the filter says neither a port nor a scheme, a client stays on the port that it asked.
 *
 * @param redirect as the filter has it
 */
export function finishRedirect(redirect: Redirect, table: Pick<RouteTable, 'listenerPort' | 'encrypted'>): Redirect {
  const { port, ...rest } = redirect
  const scheme = redirect.scheme ?? (table.encrypted ? 'https' : 'http')
  const chosen = port ?? (redirect.scheme === undefined ? table.listenerPort : WELL_KNOWN_PORTS[redirect.scheme])
  if (chosen !== WELL_KNOWN_PORTS[scheme]) return { ...rest, port: chosen }
  return port === undefined && redirect.scheme === undefined ? rest : { ...rest, impliedPort: chosen }
}
