/** What a rule of an HTTPRoute or GRPCRoute does with requests that it matches. */
import type {
  BackendTrafficSettings,
  HTTPRouteRetry,
  HTTPRouteTimeouts,
  SessionPersistence as SessionPersistenceSpec,
} from '../../gen/kinds.js'
import { DEFAULT_TIMEOUTS } from '../../ir/defaults.js'
import type { Forward } from '../../ir/forward.js'
import type { DirectResponse, RouteAction } from '../../ir/route.js'
import { ruleAuthentication } from '../authentication/rule-authentication.js'
import type { UsableBackend } from '../backends/resolved-backend.js'
import { connectOf, hashSource, hidesLoadReports, requestRetry, requestTimeouts, upgradesOf } from '../policies/backend-traffic.js'
import { clusterPolicies } from '../policies/cluster-policies.js'
import { isBroken, policyOfRule } from '../policies/effective-policies.js'
import { type RuleExtensions, ruleExtensions } from '../policies/extensions.js'
import type { Effective } from '../policies/policy.js'
import { requestTraffic } from '../policies/request-traffic.js'
import { ruleSecurity } from '../policies/security.js'
import { routeTracing } from '../telemetry/route-tracing.js'
import type { TracingWish } from '../telemetry/telemetry-wishes.js'
import { answersAndForwards, type CollectedFilters, collectFilters, joinFilters, needsWholeRule, type RouteFilter } from './filters.js'
import { incompatibleFilters } from './incompatible-filters.js'
import { bodyOfConfigMap } from './response-body.js'
import { retryOf } from './retry.js'
import type { RuleOutcome } from './route-rules.js'
import type { RuleContext } from './rule-context.js'
import { lastsTooLong, sessionPersistenceOf } from './session-persistence.js'
import { timeoutsOf } from './timeouts.js'
import { type BackendExtras, type SharedOut, shareOut, type WeightedReference } from './weighted-clusters.js'

/** A rule of either kind of route, without its matches. */
export interface AnyRule {
  readonly name?: string
  readonly filters?: readonly RouteFilter[]
  readonly backendRefs?: readonly RuleBackend[]
  readonly timeouts?: HTTPRouteTimeouts
  readonly retry?: HTTPRouteRetry
  readonly sessionPersistence?: SessionPersistenceSpec
}

type RuleBackend = WeightedReference & { readonly filters?: readonly RouteFilter[] }

/**
 * Translates a rule.
 *
 * @param at position in `spec.rules`
 */
export function ruleOutcome(context: RuleContext, rule: AnyRule, at: number): RuleOutcome {
  const usage = context.route.kind === 'GRPCRoute' ? 'grpc' : 'http'
  const references = rule.backendRefs ?? []
  const ofBackends = new Map(references.map((each) => [each, collectFilters(context, each.filters, usage)]))
  const [only] = references.length === 1 ? [...ofBackends.values()] : []
  const own = collectFilters(context, rule.filters, usage)
  // With one backend its filters are those of the rule: then every filter can be had.
  const filters = only === undefined ? own : joinFilters(own, only)
  const extras = (reference: RuleBackend): BackendExtras => (only === undefined ? backendExtras(ofBackends.get(reference)) : NO_EXTRAS)
  const traffic = policyOfRule(context.traffic, rule.name)
  const shared = shareOut({ ...context, clusterPolicies: clusterPolicies(traffic) }, references, usage, extras)
  const incompatible = incompatibleFilters(rule, at) ?? answersAndForwards(filters, at)
  const extensions = ruleExtensions(context, policyOfRule(context.extensions, rule.name))
  const inTraffic = requestTraffic(traffic, scopeOf(context, rule, at), {
    bodyOf: (namespace, ref) => {
      const body = bodyOfConfigMap(context.view, context.inputs, namespace, ref)
      // Without it the policy cannot be used, and does not get here.
      return body.ok ? body.value : ''
    },
    tracingOf: (tracing) => routeTracing(tracing, wishOf(context)),
  })
  const several = only === undefined ? [...ofBackends.values()] : []
  const authentication = ruleAuthentication(context, policyOfRule(context.security, rule.name))
  // Who asks for something that cannot be checked is not let in.
  const action =
    incompatible === undefined && authentication !== undefined
      ? actionOf(context, { ...rule, traffic, extensions }, at, filters, shared)
      : undefined
  return {
    action: action ?? cannotForward(context.route.kind),
    isClosed: action === undefined,
    requestHeaders: filters.requestHeaders,
    responseHeaders: filters.responseHeaders,
    ...ruleSecurity(context, policyOfRule(context.security, rule.name), filters),
    ...authentication,
    ...extensions,
    ...(filters.credential === undefined ? {} : { credential: filters.credential }),
    cookies: filters.cookies ?? [],
    origins: [...filters.origins, ...several.flatMap((each) => each.origins), ...(extensions?.origins ?? [])],
    ...(inTraffic === undefined ? {} : { traffic: inTraffic }),
    problems: [...filters.problems, ...several.flatMap((each) => each.problems), ...shared.problems],
    unsupported: [
      ...(incompatible === undefined ? [] : [incompatible]),
      ...(several.some(needsWholeRule)
        ? [`spec.rules[${at}].backendRefs: of several backends each can only have filters for headers and URLRewrite.`]
        : []),
      ...(rule.sessionPersistence !== undefined && lastsTooLong(rule.sessionPersistence)
        ? [`spec.rules[${at}].sessionPersistence.absoluteTimeout: only sessions by a cookie of lifetimeType Permanent end in time.`]
        : []),
    ],
  }
}

function wishOf({ view, telemetry, gateway }: RuleContext): TracingWish | undefined {
  return telemetry === undefined || gateway === undefined ? undefined : view.get(telemetry, gateway)?.tracing
}

/** A rule as counts are named by it: by its own name where it has one, so that rules may move. */
function scopeOf({ route }: RuleContext, { name }: AnyRule, at: number): string {
  return `${route.kind}/${route.namespace}/${route.name}/${name ?? at}`
}

/**
 * What answers where a rule cannot forward. Gateway API v1.7 wants 500 of an HTTPRoute and UNAVAILABLE of a GRPCRoute, which is what gRPC
 * makes of 503; 500 would be UNKNOWN.
 */
export function cannotForward(kind: string): DirectResponse {
  return { kind: 'directResponse', statusCode: kind === 'GRPCRoute' ? 503 : 500 }
}

/** A rule and what policies say about it. */
type RuleWithPolicies = AnyRule & {
  readonly traffic: Effective<BackendTrafficSettings> | undefined
  /** Undefined: not all of them can be had. */
  readonly extensions: RuleExtensions | undefined
}

const NO_EXTRAS: BackendExtras = { changes: {}, isRefused: false }

function backendExtras(filters: CollectedFilters | undefined): BackendExtras {
  if (filters === undefined) return NO_EXTRAS
  const { requestHeaders, responseHeaders, hostRewrite, pathRewrite, isRefused } = filters
  return {
    changes: {
      requestHeaders,
      responseHeaders,
      ...(hostRewrite === undefined ? {} : { hostRewrite }),
      ...(pathRewrite === undefined ? {} : { pathRewrite }),
    },
    isRefused: isRefused || needsWholeRule(filters),
  }
}

/** Undefined where the rule cannot do what it asks for. */
function actionOf(
  context: RuleContext,
  rule: RuleWithPolicies,
  at: number,
  filters: CollectedFilters,
  shared: SharedOut,
): RouteAction | undefined {
  // What cannot be checked is not let in.
  const isBrokenByPolicy = isBroken(context.security, rule.name) || isBroken(context.extensions, rule.name)
  const isClosed = filters.isRefused || rule.extensions === undefined || isBrokenByPolicy
  if (isClosed) return undefined
  if (filters.redirect !== undefined) return filters.redirect
  if (filters.directResponse !== undefined) return filters.directResponse
  // No backend, none that can be used, or nothing but weights of 0.
  if (shared.clusters.length === 0) return undefined
  return forward(context, rule, at, filters, shared)
}

function forward(context: RuleContext, rule: RuleWithPolicies, at: number, filters: CollectedFilters, shared: SharedOut): Forward {
  const isGrpc = context.route.kind === 'GRPCRoute'
  const { kind, namespace, name } = context.route
  const { settings = {}, overrides = {} } = rule.traffic ?? {}
  // What the rule itself says is narrower than every policy; only overrides count before it.
  const retry = requestRetry(retryOf(rule.retry) ?? requestRetry(undefined, settings), overrides)
  const silent = isGrpc || shared.backends.some(isWebSocket)
  const timeouts = timeoutsOf(rule.timeouts, requestTimeouts(silent ? { ...DEFAULT_TIMEOUTS, idleMs: 0 } : DEFAULT_TIMEOUTS, settings))
  const hash = hashSource(settings)
  const connect = isGrpc ? undefined : connectOf(settings)
  const sticky = rule.sessionPersistence ?? shared.backends.find((each) => each.sessionPersistence !== undefined)?.sessionPersistence
  return {
    kind: 'forward',
    clusters: shared.clusters,
    invalidWeight: shared.invalidWeight,
    ...(filters.hostRewrite === undefined ? {} : { hostRewrite: filters.hostRewrite }),
    ...(filters.hostFrom === undefined ? {} : { hostFrom: filters.hostFrom }),
    ...(filters.tellsHost === undefined ? {} : { tellsHost: filters.tellsHost }),
    ...(filters.pathRewrite === undefined ? {} : { pathRewrite: filters.pathRewrite }),
    mirrors: filters.mirrors,
    timeouts: requestTimeouts(timeouts, overrides),
    ...(retry === undefined ? {} : { retry }),
    ...(sticky === undefined ? {} : { sessionPersistence: sessionPersistenceOf(sticky, `${kind}/${namespace}/${name}/rule/${at}`) }),
    ...(hash === undefined ? {} : { hash }),
    ...(hidesLoadReports(settings) ? { hidesLoadReports: true } : {}),
    ...(connect === undefined ? {} : { connect }),
    upgrades: upgradesOf(settings) ?? (!isGrpc && shared.backends.some((each) => each.http.protocol === 'http1') ? ['websocket'] : []),
  }
}

function isWebSocket({ http }: UsableBackend): boolean {
  return http.protocol !== 'unsupported' && http.isWebSocket
}
