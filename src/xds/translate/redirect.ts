import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { PathMatch, Redirect } from '../../ir/route.js'
import { type PathRewrite, pathRewrite } from './path-rewrite.js'

type RedirectAction = envoy.config.route.v3.RedirectAction

const CODES = Enum['envoy.config.route.v3.RedirectAction.RedirectResponseCode']
const RESPONSE_CODES = {
  301: CODES.MOVED_PERMANENTLY,
  302: CODES.FOUND,
  303: CODES.SEE_OTHER,
  307: CODES.TEMPORARY_REDIRECT,
  308: CODES.PERMANENT_REDIRECT,
} as const satisfies Record<Redirect['statusCode'], RedirectAction['responseCode']>

/**
 * The action of a redirect.
 *
 * @param domain what the virtual host serves: an exact name stands for the host of the request, whose port must not survive when the
 *   redirect names none
 */
export function redirectAction(redirect: Redirect, path: PathMatch, domain: string): RedirectAction {
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

function isExact(domain: string): boolean {
  return !domain.startsWith('*')
}
