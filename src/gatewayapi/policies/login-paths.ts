/**
 * Logins whose provider sends people back to a path that no rule with the login matches: something else answers there, and nobody is ever
 * logged in. That is sure only where a policy is about one route and nothing more: else another route may have the path.
 */
import type { HTTPRouteRule, SecuritySettings } from '../../gen/kinds.js'
import type { Collection, Graph, Index, Source } from '../../incremental/index.js'
import { redirectPath } from '../authentication/resolve-oidc.js'
import type { AnyRoute, Routes } from '../routes/any-route.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import { policyOfRule, type RoutePolicies } from './effective-policies.js'
import type { ResolvedPolicy } from './policy.js'
import { fact, keyOf, problemText, toWord } from './policy-facts.js'

/** Declares what is wrong with the logins of routes, as the words of facts. */
export function declareLoginPathFacts(
  graph: Graph,
  routes: Routes,
  policies: Source<ResolvedPolicy<SecuritySettings>>,
  security: Collection<RoutePolicies<SecuritySettings>>,
): Index<readonly string[]> {
  const withLogin = graph.index(security, 'routes with logins', ({ whole, rules }, key) =>
    [whole, ...Object.values(rules)].some((effective) => effective?.settings.oidc !== undefined) ? [key] : [],
  )
  const words = graph.collection<readonly string[]>('logins without a way back', {
    keys: withLogin,
    compute: (view, key) => {
      const { route: routeKey, gateway } = parseRouteRulesKey(key)
      const route = routes.served(view, routeKey)?.object
      const ofRoute = view.get(security, key)
      const served = (route === undefined ? [] : rulesOf(route)).flatMap((rule) => {
        const { settings, origins } = policyOfRule(ofRoute, rule.name) ?? {}
        return settings?.oidc === undefined || origins?.oidc === undefined
          ? []
          : [{ rule, policy: keyOf(origins.oidc), path: redirectPath(settings.oidc.redirectURL) }]
      })
      const lost = served.filter(
        ({ policy, path }) =>
          isAboutOneRoute(view.get(policies, policy), routeKey) &&
          !served.some((other) => other.policy === policy && mayMatch(other.rule, path)),
      )
      return lost.length === 0 ? undefined : [...new Set(lost.map(({ policy, path }) => word(policy, gateway, path)))]
    },
  })
  return graph.index(words, 'facts of logins', (each) => each)
}

/** The rules of a route that people come to with browsers. */
function rulesOf(route: AnyRoute): readonly HTTPRouteRule[] {
  return route.kind === 'HTTPRoute' ? route.spec.rules : []
}

function isAboutOneRoute(policy: ResolvedPolicy<SecuritySettings> | undefined, route: string): boolean {
  if (policy === undefined || policy.selectors.length > 0) return false
  return policy.targets.every(({ kind, namespace, name }) => `${kind}/${namespace}/${name}` === route)
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

function word(policy: string, gateway: string, path: string): string {
  const message = `oidc.redirectURL: no rule that has this login matches "${path}": whoever comes back from the provider is not logged in. Add the path to one that has.`
  return toWord(fact(policy, gateway, 'problem', problemText({ reason: 'NotServed', message })))
}
