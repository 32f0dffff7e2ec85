/** Where a redirect leads. Source: envoy/config/route/v3/route_components.proto, RedirectAction. */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy } from '../gen/envoy/types.js'
import { rewritePath } from './rewrite.js'
import { queryOf, type SeenRequest, withoutQuery } from './seen-request.js'

type RedirectAction = envoy.config.route.v3.RedirectAction
type RouteMatch = envoy.config.route.v3.RouteMatch

/** What the client is told. */
export interface ExplainedRedirect {
  readonly status: number
  readonly location: string
}

const CODES = Enum['envoy.config.route.v3.RedirectAction.RedirectResponseCode']
const STATUS: Readonly<Record<number, number>> = {
  [CODES.MOVED_PERMANENTLY]: 301,
  [CODES.FOUND]: 302,
  [CODES.SEE_OTHER]: 303,
  [CODES.TEMPORARY_REDIRECT]: 307,
  [CODES.PERMANENT_REDIRECT]: 308,
}

/** The answer of a route that redirects. */
export function explainRedirect(redirect: RedirectAction, match: RouteMatch, request: SeenRequest): ExplainedRedirect {
  const scheme = redirect.schemeRedirect ?? (redirect.httpsRedirect === true ? 'https' : request.scheme)
  const port = redirect.portRedirect === undefined || redirect.portRedirect === 0 ? '' : `:${redirect.portRedirect}`
  const host = redirect.hostRedirect === undefined || redirect.hostRedirect === '' ? ownHost(request, scheme, port) : redirect.hostRedirect
  return {
    status: STATUS[redirect.responseCode ?? CODES.MOVED_PERMANENTLY] ?? 301,
    location: `${scheme}://${host}${port}${pathOf(redirect, match, request)}`,
  }
}

/** The port of the request goes where another one is named, or where it was that of the scheme that is left. */
function ownHost({ authority, scheme: own }: SeenRequest, scheme: string, port: string): string {
  const [, host = authority, ownPort] = /^(.*?)(:\d+)?$/.exec(authority) ?? []
  const isDefault = scheme !== own && ownPort === (own === 'https' ? ':443' : ':80')
  return port !== '' || isDefault ? host : authority
}

function pathOf(redirect: RedirectAction, match: RouteMatch, { path }: SeenRequest): string {
  const { pathRedirect, stripQuery } = redirect
  if (pathRedirect?.includes('?') === true) return pathRedirect
  const query = stripQuery === true ? '' : queryOf(path)
  if (pathRedirect !== undefined && pathRedirect !== '') return pathRedirect + query
  return withoutQuery(rewritePath(redirect, match, path)) + query
}
