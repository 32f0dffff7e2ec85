/**
 * Logins of two policies that get into each other's way on one host: whoever comes back to the same path is logged in by one of them only,
 * and who has the same cookies by one at a time. Hosts are compared as they are written: that of a wildcard may be any.
 */
import type { Collection, Graph, Index } from '../../incremental/index.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import type { RuleLogin } from './logins.js'
import { fact, problemText, toWord } from './policy-facts.js'

/** What a login has on a host: others must not have it. */
interface Claim {
  readonly policy: string
  readonly gateway: string
  readonly what: 'path' | 'cookie'
  readonly host: string
  readonly name: string
  /** Of a path: whether people who come back may come to a rule with this login. */
  readonly isServed: boolean
}

/** Declares what is wrong between logins, as the words of facts. */
export function declareLoginConflictFacts(graph: Graph, logins: Collection<readonly RuleLogin[]>): Index<readonly string[]> {
  const claims = graph.index(logins, 'claims of logins', (all, key) => [
    ...new Set(all.flatMap((login) => claimsOf(login, parseRouteRulesKey(key).gateway)).map(wordOf)),
  ])
  const each = graph.collection<Claim>('claims of logins', { keys: claims, compute: (_view, word) => JSON.parse(word) as Claim })
  const byPlace = graph.index(each, 'claims of logins by place', ({ gateway, what, host, name }) => [
    JSON.stringify([gateway, what, host, name]),
  ])
  const words = graph.collection<readonly string[]>('conflicts of logins', {
    keys: byPlace,
    compute: (view, place) => {
      const found = conflictsOf(view.list(byPlace, place))
      return found.length === 0 ? undefined : found
    },
  })
  return graph.index(words, 'facts of conflicts of logins', (all) => all)
}

function claimsOf({ policy, path, hasPath, hosts, cookies }: RuleLogin, gateway: string): readonly Claim[] {
  return [
    ...hosts.ofPath.map((host) => ({ policy, gateway, what: 'path' as const, host, name: path, isServed: hasPath })),
    ...hosts.ofCookies.flatMap((host) => cookies.map((name) => ({ policy, gateway, what: 'cookie' as const, host, name, isServed: true }))),
  ]
}

/** The same claim has the same word. */
function wordOf({ policy, gateway, what, host, name, isServed }: Claim): string {
  return JSON.stringify({ policy, gateway, what, host, name, isServed })
}

/** A path that one policy alone has rules for is its own. */
function conflictsOf(claims: readonly Claim[]): readonly string[] {
  const served = [...new Set(claims.flatMap(({ policy, isServed }) => (isServed ? [policy] : [])))].sort()
  return [...new Map(claims.map((claim) => [claim.policy, claim])).values()].flatMap((claim) => {
    const [other] = served.filter((policy) => policy !== claim.policy)
    return other === undefined ? [] : [conflict(claim, other)]
  })
}

function conflict({ policy, gateway, what, host, name }: Claim, other: string): string {
  const where = host === '*' ? 'every host' : `the host "${host}"`
  const message =
    what === 'path'
      ? `oidc.redirectURL: the SecurityPolicy "${other}" has the path "${name}" on ${where} as well: who comes back there is logged in by one of the two only. Give each login a path of its own.`
      : `oidc.cookieNames: the SecurityPolicy "${other}" has the cookie "${name}" on ${where} as well: each ends the session of the other, which is renewed, or begins anew, again and again. Give each login names of its own, or none.`
  return toWord(fact(policy, gateway, 'problem', problemText({ reason: 'Conflicted', message })))
}
