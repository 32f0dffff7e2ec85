import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { PathMatch, Redirect } from '../../../ir/route.js'
import { isExact } from '../domain.js'
import { type PathRewrite, pathRewrite } from './path-rewrite.js'

type RedirectAction = envoy.config.route.v3.RedirectAction
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher

const CODES = Enum['envoy.config.route.v3.RedirectAction.RedirectResponseCode']
const RESPONSE_CODES = {
  301: CODES.MOVED_PERMANENTLY,
  302: CODES.FOUND,
  303: CODES.SEE_OTHER,
  307: CODES.TEMPORARY_REDIRECT,
  308: CODES.PERMANENT_REDIRECT,
} as const satisfies Record<Redirect['statusCode'], RedirectAction['responseCode']>

/** A host with a port behind it: in brackets, colons are part of an address. */
const WITH_PORT = { name: ':authority', stringMatch: { safeRegex: { regex: '.*:[0-9]+' } } } as const

/**
 * The actions of a redirect, each with what requests must have for it besides: the first that matches counts.
 *
 * Envoy keeps the port of a request's host unless there is another host or another port, and cannot leave it away: where the port of the
 * redirect goes without saying, requests that name one are told of it all the same.
 *
 * @param domain see `redirectAction`
 */
export function redirectActions(
  redirect: Redirect,
  path: PathMatch,
  domain: string,
): readonly { readonly headers: readonly HeaderMatcher[]; readonly redirect: RedirectAction }[] {
  const plain = redirectAction(redirect, path, domain)
  const { impliedPort } = redirect
  const withPort = impliedPort === undefined || plain.hostRedirect !== undefined ? undefined : { ...plain, portRedirect: impliedPort }
  return [...(withPort === undefined ? [] : [{ headers: [WITH_PORT], redirect: withPort }]), { headers: [], redirect: plain }]
}

/**
 * The action of a redirect.
 *
 * @param domain what the virtual host serves: an exact name stands for the host of the request, whose port must not survive when the
 *   redirect names none
 */
function redirectAction(redirect: Redirect, path: PathMatch, domain: string): RedirectAction {
  const hostname = redirect.hostname ?? (redirect.port === undefined && isExact(domain) ? domain : undefined)
  return {
    ...redirectedScheme(redirect),
    ...(hostname === undefined ? {} : { hostRedirect: hostname }),
    ...(redirect.port === undefined ? {} : { portRedirect: redirect.port }),
    responseCode: RESPONSE_CODES[redirect.statusCode],
    ...redirectedPath(redirect, path),
  }
}

function redirectedPath({ path: change }: Redirect, path: PathMatch): PathRewrite | { readonly pathRedirect: string } | undefined {
  if (change === undefined) return undefined
  if (change.kind === 'fullPath') return { pathRedirect: change.value }
  return pathRewrite(change, path)
}

function redirectedScheme({ scheme }: Redirect): { readonly schemeRedirect: string } | { readonly schemeRedirect?: never } {
  return scheme === undefined ? {} : { schemeRedirect: scheme }
}
