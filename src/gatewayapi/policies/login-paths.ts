/**
 * Logins whose provider sends people back to a path that no rule with the login matches: something else answers there, and nobody is ever
 * logged in. That is sure only where a policy is about one route and nothing more: else another route may have the path.
 */
import type { SecuritySettings } from '../../gen/kinds.js'
import type { Collection, Graph, Index, Source } from '../../incremental/index.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import type { RuleLogin } from './logins.js'
import type { ResolvedPolicy } from './policy.js'
import { fact, problemText, toWord } from './policy-facts.js'

/** Declares what is wrong with the paths of logins, as the words of facts. */
export function declareLoginPathFacts(
  graph: Graph,
  policies: Source<ResolvedPolicy<SecuritySettings>>,
  logins: Collection<readonly RuleLogin[]>,
): Index<readonly string[]> {
  const words = graph.collection<readonly string[]>('logins without a way back', {
    keys: logins,
    compute: (view, key) => {
      const { route, gateway } = parseRouteRulesKey(key)
      const all = view.get(logins, key) ?? []
      const lost = all.filter(
        ({ policy }) =>
          !all.some((other) => other.policy === policy && other.hasPath) && isAboutOneRoute(view.get(policies, policy), route),
      )
      return lost.length === 0 ? undefined : [...new Set(lost.map(({ policy, path }) => word(policy, gateway, path)))]
    },
  })
  return graph.index(words, 'facts of paths of logins', (each) => each)
}

function isAboutOneRoute(policy: ResolvedPolicy<SecuritySettings> | undefined, route: string): boolean {
  if (policy === undefined || policy.selectors.length > 0) return false
  return policy.targets.every(({ kind, namespace, name }) => `${kind}/${namespace}/${name}` === route)
}

function word(policy: string, gateway: string, path: string): string {
  const message = `oidc.redirectURL: no rule that has this login matches "${path}": whoever comes back from the provider is not logged in. Add the path to one that has.`
  return toWord(fact(policy, gateway, 'problem', problemText({ reason: 'NotServed', message })))
}
