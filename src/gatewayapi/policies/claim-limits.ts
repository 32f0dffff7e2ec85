/**
 * Limits by claims where nobody looks at tokens: they count no request, and who wrote them thinks that they do. The tokens that count for a rule
 * are a matter of SecurityPolicies, which know nothing of limits.
 */
import type { BackendTrafficSettings, RateLimitSpec, SecuritySettings } from '../../gen/kinds.js'
import type { Collection, Graph, Index } from '../../incremental/index.js'
import type { Problem } from '../conditions.js'
import type { Routes } from '../routes/any-route.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import { policyOfRule, type RoutePolicies } from './effective-policies.js'
import { fact, keyOf, problemText, toWord } from './policy-facts.js'

/** Declares what is wrong with the limits of routes, as the words of facts. */
export function declareClaimLimitFacts(
  graph: Graph,
  routes: Routes,
  traffic: Collection<RoutePolicies<BackendTrafficSettings>>,
  security: Collection<RoutePolicies<SecuritySettings>>,
): Index<readonly string[]> {
  const byClaims = graph.index(traffic, 'limits by claims', ({ whole, rules }, key) =>
    [whole, ...Object.values(rules)].some((effective) => providersOf(effective?.settings.rateLimit).length > 0) ? [key] : [],
  )
  const words = graph.collection<readonly string[]>('limits by claims of nobody', {
    keys: byClaims,
    compute: (view, key) => {
      const { route, gateway } = parseRouteRulesKey(key)
      const [limits, tokens] = [view.get(traffic, key), view.get(security, key)]
      const found = (routes.served(view, route)?.object.spec.rules ?? []).flatMap(({ name }) => {
        const effective = policyOfRule(limits, name)
        const by = effective?.origins.rateLimit
        const problem = claimLimitProblem(effective?.settings.rateLimit, policyOfRule(tokens, name)?.settings.jwt)
        return by === undefined || problem === undefined ? [] : [toWord(fact(keyOf(by), gateway, 'problem', problemText(problem)))]
      })
      return found.length === 0 ? undefined : [...new Set(found)]
    },
  })
  return graph.index(words, 'facts of limits by claims', (each) => each)
}

function claimLimitProblem(limit: RateLimitSpec | undefined, tokens: SecuritySettings['jwt']): Problem | undefined {
  const unknown = providersOf(limit).find(({ provider }) => !(tokens?.providers.some(({ name }) => name === provider) ?? false))
  if (unknown === undefined) return undefined
  const { at, provider } = unknown
  return {
    reason: 'UnsupportedValue',
    message: `rateLimit.rules[${at}].clientSelectors.jwtClaims.provider: the rule counts nobody where no jwt that counts has a provider "${provider}".`,
  }
}

/** The providers of tokens that limits count by, and the position of the rule of each. */
function providersOf(limit: RateLimitSpec | undefined): readonly { readonly at: number; readonly provider: string }[] {
  return (limit?.rules ?? []).flatMap(({ clientSelectors = [] }, at) =>
    clientSelectors.flatMap(({ jwtClaims = [] }) => jwtClaims.map(({ provider }) => ({ at, provider }))),
  )
}
