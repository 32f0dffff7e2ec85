/** Translates the rules of one route for one gateway. */

import type { GRPCRouteRule, HTTPRouteRule } from '../../gen/kinds.js'
import { NO_HEADER_CHANGES } from '../../ir/headers.js'
import type { Route } from '../../ir/route.js'
import { exactly } from '../../util/exactly.js'
import { inOrder } from '../../util/in-order.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { onePiece } from '../../util/one-piece.js'
import { objectsOf } from '../backends/backend-key.js'
import type { Problem } from '../conditions.js'
import { originsOf } from '../origins.js'
import { isRequestSetting } from '../policies/backend-traffic-kind.js'
import { policiesSaying } from '../policies/effective-policies.js'
import { type AnyRoute, routeHostnames } from './any-route.js'
import { referencedBackends } from './backend-references.js'
import { withoutIdlePrefixChanges } from './prefix-changes.js'
import { grpcMatch, httpMatch, type SpecificMatch, withCookies } from './request-matches.js'
import { clustersOf, type RouteRules, type RuleEffect, type RuleMatch, type RuleOutcome, secretsOf } from './route-rules.js'
import type { RuleContext } from './rule-context.js'
import { cannotForward, policyEffect, ruleOutcome } from './rule-outcome.js'
import { Room } from './rule-size.js'
import { unusableRules } from './unusable-rules.js'
import { shareOut } from './weighted-clusters.js'

/** What the state of the world adds to a route. */
export interface RouteState {
  /** True if the route is accepted by a parent on the gateway: only then it refers to clusters. */
  readonly isAccepted: boolean
  /** True if proxies refused the route: its matches answer an error and nothing else of it is sent. */
  readonly isRefused: boolean
}

/** The rules of a route on the gateway of the context. */
export function compileRules(context: RuleContext, route: AnyRoute, state: RouteState): RouteRules {
  const dropped = unusableRules(route)
  const compiled = compileEach(context, route, state, new Set(dropped.map(({ rule }) => rule)))
  const matches = compiled.flatMap((each) => each.matches)
  const clusters = state.isAccepted ? matches.flatMap((each) => clustersOf(each.route)) : []
  return {
    route: context.route,
    creationTimestamp: route.metadata.creationTimestamp,
    matches: exactly(matches),
    unresolved: joinProblems(compiled.flatMap((each) => each.problems)),
    dropped: exactly(dropped),
    unsupported: exactly(compiled.flatMap((each) => each.unsupported)),
    clusters: inOrder(clusters),
    targets: state.isAccepted ? objectsOf(referencedBackends(route)) : [],
    policies: originsOf([
      ...policiesSaying(context.traffic, isRequestSetting),
      ...policiesSaying(context.security, () => true),
      ...policiesSaying(context.extensions, () => true),
      ...compiled.flatMap((each) => each.origins),
    ]),
    secrets: inOrder(state.isAccepted ? matches.flatMap((each) => secretsOf(each.route)) : []),
  }
}

const EVERY_REQUEST = httpMatch({ path: { type: 'PathPrefix', value: '/' } })

interface CompiledRule {
  readonly origins: readonly ObjectVersion[]
  readonly matches: readonly RuleMatch[]
  readonly problems: readonly Problem[]
  readonly unsupported: readonly string[]
}

/** @param dropped positions of rules that are left out */
function compileEach(context: RuleContext, route: AnyRoute, state: RouteState, dropped: ReadonlySet<number>): readonly CompiledRule[] {
  const room = new Room(routeHostnames(route).length)
  const compile = <R extends HTTPRouteRule | GRPCRouteRule>(rules: readonly R[], matchesOf: (rule: R) => readonly SpecificMatch[]) =>
    rules.flatMap((rule, at) => (dropped.has(at) ? [] : [compileRule(context, rule, at, matchesOf(rule), state, room)]))
  switch (route.kind) {
    case 'HTTPRoute':
      return compile(route.spec.rules, httpMatches)
    case 'GRPCRoute':
      return compile(route.spec.rules ?? [], grpcMatches)
    case 'TLSRoute':
    case 'TCPRoute':
    case 'UDPRoute': {
      const usage = route.kind === 'UDPRoute' ? 'udp' : 'tcp'
      return route.spec.rules.map(({ backendRefs }) => ({
        matches: [],
        origins: [],
        problems: shareOut(context, backendRefs, usage).problems,
        unsupported: [],
      }))
    }
  }
}

/** A rule without matches is about every request. The default of the schema is for those that leave the list out, not for an empty one. */
function httpMatches({ matches }: HTTPRouteRule): readonly SpecificMatch[] {
  return matches.length === 0 ? [EVERY_REQUEST] : matches.map(httpMatch)
}

/** A rule without matches is about every call. */
function grpcMatches({ matches }: GRPCRouteRule): readonly SpecificMatch[] {
  return (matches === undefined || matches.length === 0 ? [{}] : matches).map(grpcMatch)
}

function compileRule(
  context: RuleContext,
  rule: HTTPRouteRule | GRPCRouteRule,
  at: number,
  plainMatches: readonly SpecificMatch[],
  state: RouteState,
  room: Room,
): CompiledRule {
  const { problems, unsupported, cookies, origins, ...outcome } = ruleOutcome(context, rule, at)
  const ownMatches = plainMatches.flatMap((plain, index) => withCookies(plain, cookies).map((each) => ({ ...each, index })))
  const wanted = state.isRefused ? refused(context, rule, at) : outcome
  const problem = room.problemOf(ownMatches, wanted)
  const { effect, unreached } = problem === undefined ? wanted : { effect: errorOf(context), unreached: undefined }
  // An error may be for more requests than those with the cookies, not for fewer.
  const isForAll = problem !== undefined && room.problemOf(ownMatches, { effect }) !== undefined
  const matches = isForAll ? plainMatches.map((plain, index) => ({ ...plain, index })) : ownMatches
  const origin = originsOf([context.route])[0] ?? context.route
  const { kind, namespace, name } = context.route
  return {
    problems,
    unsupported: problem === undefined ? unsupported : [...unsupported, `spec.rules[${at}]: ${problem}`],
    origins,
    matches: matches.flatMap(({ match, specificity, index }) => {
      const route = (does: RuleEffect, isUnreached: Pick<Route, 'isUnreached'>): RuleMatch => ({
        rule: at,
        match: index,
        specificity,
        route: withoutIdlePrefixChanges({
          name: onePiece(`${kind}/${namespace}/${name}/rule/${at}/match/${index}`),
          origin,
          ...(rule.name === undefined ? {} : { ruleName: rule.name }),
          match,
          ...does,
          grpc: kind === 'GRPCRoute',
          ...isUnreached,
        }),
      })
      return [route(effect, {}), ...(unreached === undefined ? [] : [route(unreached, { isUnreached: true })])]
    }),
  }
}

function errorOf({ route }: RuleContext): RuleEffect {
  return { action: cannotForward(route.kind), requestHeaders: NO_HEADER_CHANGES, responseHeaders: NO_HEADER_CHANGES }
}

/** Of a route that proxies refused they get its matches, and what policies say of it, which may be refused as well. */
function refused(context: RuleContext, rule: HTTPRouteRule | GRPCRouteRule, at: number): Pick<RuleOutcome, 'effect' | 'unreached'> {
  const error = errorOf(context)
  const hasPolicies = [context.traffic, context.security, context.extensions].some((policies) => policies !== undefined)
  return hasPolicies ? { effect: error, unreached: policyEffect(context, rule, at) } : { effect: error }
}

/** One reason for all of them: the first; the messages of all. */
function joinProblems(problems: readonly Problem[]): Problem | undefined {
  const [first] = problems
  if (first === undefined) return undefined
  return { reason: first.reason, message: [...new Set(problems.map((each) => each.message))].join(' ') }
}
