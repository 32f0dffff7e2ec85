/** What the rules of one route do on one gateway, before hosts come in. */
import { forwardedTo } from '../../ir/forward.js'
import type { Route, ValueMatch } from '../../ir/route.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { ListenerKey, RouteKind } from '../model.js'
import type { MatchSpecificity } from './match-order.js'
import type { UnusableRule } from './unusable-rules.js'

/**
 * The rules of a route on a gateway, keyed `<Kind>/<namespace>/<name>@<namespace>/<gateway>` for listeners without policies of their own,
 * and with `#<listener key>` behind it for each of the others.
 */
export interface RouteRules {
  readonly route: ObjectVersion & { readonly kind: RouteKind }
  readonly creationTimestamp: string
  /** One per match of each rule, in the order of the route. Empty for routes that know no requests. */
  readonly matches: readonly RuleMatch[]
  /** The first reference that leads nowhere and the words of all of them; undefined when all lead somewhere. */
  readonly unresolved: Problem | undefined
  /** Rules that were left out. */
  readonly dropped: readonly UnusableRule[]
  /** Parts of rules that cannot be done, whose requests get an error. */
  readonly unsupported: readonly string[]
  /** Names of the clusters that are sent to, in ascending order; empty when the route is not accepted on the gateway. */
  readonly clusters: readonly string[]
  /** The objects that the route refers to as backends, usable or not, as `<Kind>/<namespace>/<name>`; empty when it is not accepted on the gateway. */
  readonly targets: readonly string[]
  /** Policies and filters that had a say in what routes carry; those of clusters are origins of clusters. */
  readonly policies: readonly ObjectVersion[]
  /** Names of the secrets that requests need, in ascending order. */
  readonly secrets: readonly string[]
}

/** One match of one rule. */
export interface RuleMatch {
  readonly rule: number
  readonly match: number
  readonly specificity: MatchSpecificity
  /** A redirect is as its filter has it: the port still depends on the listener. */
  readonly route: Route
}

/** What becomes of requests. */
export type RuleEffect = Pick<
  Route,
  | 'action'
  | 'requestHeaders'
  | 'responseHeaders'
  | 'cors'
  | 'csrf'
  | 'apiKeyAuth'
  | 'basicAuth'
  | 'oidc'
  | 'jwt'
  | 'authorization'
  | 'externalAuth'
  | 'credential'
  | 'extensions'
  | 'grpcWeb'
  | 'geoIp'
  | 'traffic'
>

/** What a rule does with requests that it matches. */
export interface RuleOutcome {
  readonly effect: RuleEffect
  /** Sets of cookies of which a request must carry one; empty: any. */
  readonly cookies: readonly (readonly ValueMatch[])[]
  /** Objects besides the route that the rule comes from. */
  readonly origins: readonly ObjectVersion[]
  readonly problems: readonly Problem[]
  readonly unsupported: readonly string[]
  /** What the rule asks for where requests get an error instead; see `Route.isUnreached`. */
  readonly unreached?: RuleEffect
}

/**
 * Key of the rules of a route on a gateway.
 *
 * @param listener one with policies of its own
 */
export function routeRulesKey(route: string, gateway: string, listener?: ListenerKey): string {
  return `${route}@${gateway}${listener === undefined ? '' : `#${listener}`}`
}

/** The route, the gateway and the listener of a key. */
export function parseRouteRulesKey(key: string): {
  readonly route: string
  readonly gateway: string
  readonly listener: string | undefined
} {
  const at = key.indexOf('@')
  const [gateway = '', listener] = key.slice(at + 1).split('#')
  return { route: key.slice(0, at), gateway, listener }
}

/** The names of the secrets that a route of a virtual host needs. */
export function secretsOf({ credential }: Route): readonly string[] {
  return credential === undefined ? [] : [credential.secret]
}

/** The names of the clusters that a route of a virtual host sends to: requests, copies and questions. */
export function clustersOf({ action, externalAuth, extensions, isUnreached }: Route): readonly string[] {
  const processors = (extensions ?? []).flatMap((each) => (each.kind === 'processor' && each.cluster !== undefined ? [each.cluster] : []))
  const asked = [...(externalAuth?.cluster === undefined ? [] : [externalAuth.cluster]), ...processors]
  if (action.kind !== 'forward' || isUnreached === true) return asked
  return [...asked, ...forwardedTo(action)]
}
