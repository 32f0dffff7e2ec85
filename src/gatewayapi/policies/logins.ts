/** The logins of routes, as far as they meet those of other policies in a browser: where people come back to, and the names of cookies. */
import type { HTTPRouteRule, SecuritySettings } from '../../gen/kinds.js'
import type { Collection, Graph } from '../../incremental/index.js'
import { redirectPath } from '../authentication/resolve-oidc.js'
import { type AnyRoute, type Routes, routeHostnames } from '../routes/any-route.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import { policyOfRule, type RoutePolicies } from './effective-policies.js'
import { keyOf } from './policy-facts.js'

/** The login of one rule. */
export interface RuleLogin {
  /** The key of the policy that says it. */
  readonly policy: string
  /** The path that the provider sends people back to. */
  readonly path: string
  /** Whether they may come to this rule then. */
  readonly hasPath: boolean
  /** The hosts that they may come back to, and those whose cookies it writes; `*` for every host. */
  readonly hosts: { readonly ofPath: readonly string[]; readonly ofCookies: readonly string[] }
  /** The names of cookies that the policy has chosen. */
  readonly cookies: readonly string[]
}

/** Declares the logins of the rules of routes, by `routeRulesKey`. */
export function declareLogins(
  graph: Graph,
  routes: Routes,
  security: Collection<RoutePolicies<SecuritySettings>>,
): Collection<readonly RuleLogin[]> {
  const withLogin = graph.index(security, 'routes with logins', ({ whole, rules }, key) =>
    [whole, ...Object.values(rules)].some((effective) => effective?.settings.oidc !== undefined) ? [key] : [],
  )
  return graph.collection<readonly RuleLogin[]>('logins', {
    keys: withLogin,
    compute: (view, key) => {
      const { route: routeKey } = parseRouteRulesKey(key)
      const route = routes.served(view, routeKey)?.object
      if (route === undefined) return undefined
      const ofRoute = view.get(security, key)
      return rulesOf(route).flatMap((rule) => {
        const { settings, origins } = policyOfRule(ofRoute, rule.name) ?? {}
        if (settings?.oidc === undefined || origins?.oidc === undefined) return []
        return [loginOf(settings.oidc, keyOf(origins.oidc), route, rule)]
      })
    },
  })
}

function loginOf(oidc: NonNullable<SecuritySettings['oidc']>, policy: string, route: AnyRoute, rule: HTTPRouteRule): RuleLogin {
  const { redirectURL, cookieNames, cookieDomain } = oidc
  const path = redirectPath(redirectURL)
  const ofRoute = routeHostnames(route)
  const hosts = ofRoute.length === 0 ? ['*'] : ofRoute
  const [, host = ''] = /^[^:]*:\/\/([^/:]*)/.exec(redirectURL) ?? []
  return {
    policy,
    path,
    hasPath: mayMatch(rule, path),
    hosts: {
      // A part of the request may be any host of the route.
      ofPath: host === '' || host.includes('%') ? hosts : [host.toLowerCase()],
      ofCookies: cookieDomain === undefined ? hosts : [cookieDomain],
    },
    cookies: [cookieNames?.accessToken, cookieNames?.idToken].flatMap((name) => name ?? []),
  }
}

/** The rules of a route that people come to with browsers. */
function rulesOf(route: AnyRoute): readonly HTTPRouteRule[] {
  return route.kind === 'HTTPRoute' ? route.spec.rules : []
}

/** Of a regular expression nobody knows; whatever else a match asks for may be so. */
function mayMatch({ matches = [] }: HTTPRouteRule, path: string): boolean {
  if (matches.length === 0) return true
  return matches.some((match) => {
    const { type, value } = match.path ?? { type: 'PathPrefix', value: '/' }
    switch (type) {
      case 'Exact':
        return path === value
      case 'PathPrefix':
        return `${path}/`.startsWith(`${value.replace(/\/+$/, '')}/`)
      default:
        return true
    }
  })
}
