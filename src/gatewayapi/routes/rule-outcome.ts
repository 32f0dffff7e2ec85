/** What a rule of an HTTPRoute or GRPCRoute does with requests that it matches. */
import type {
  BackendTrafficSettings,
  HTTPRouteRetry,
  HTTPRouteTimeouts,
  SessionPersistence as SessionPersistenceSpec,
} from '../../gen/kinds.js'
import { DEFAULT_TIMEOUTS } from '../../ir/defaults.js'
import type { Forward, WeightedCluster } from '../../ir/forward.js'
import { NO_HEADER_CHANGES } from '../../ir/headers.js'
import { countsForItself, type RequestTraffic } from '../../ir/request-traffic.js'
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
import { addsOrRemovesHost, framingHeader } from './header-changes.js'
import { incompatibleFilters } from './incompatible-filters.js'
import { bodyOfConfigMap } from './response-body.js'
import { retryOf } from './retry.js'
import type { RuleEffect, RuleOutcome } from './route-rules.js'
import type { RuleContext } from './rule-context.js'
import { lastsTooLong, sessionPersistenceOf, whySharedOut } from './session-persistence.js'
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
  const inTraffic = trafficOf(context, rule, at)
  const several = only === undefined ? [...ofBackends.values()] : []
  // A backend of weight 0 keeps the sessions that it has.
  const session = references.length > 1 ? rule.sessionPersistence : undefined
  const notKept = session && whySharedOut(session, countsForItself(inTraffic))
  const sharedOut = isSharedOut(shared) ? notKept : undefined
  const sessionBackends = session !== undefined && notKept === undefined ? servedOf(context, shared) : undefined
  const authentication = ruleAuthentication(context, policyOfRule(context.security, rule.name))
  const wanted: RuleEffect = {
    action: actionOf(context, { ...rule, traffic, sessionBackends }, at, filters, shared),
    requestHeaders: filters.requestHeaders,
    responseHeaders: filters.responseHeaders,
    ...ruleSecurity(context, policyOfRule(context.security, rule.name), filters),
    ...authentication,
    ...(extensions && programsOf(extensions)),
    ...(filters.credential === undefined ? {} : { credential: filters.credential }),
    ...(inTraffic === undefined ? {} : { traffic: inTraffic }),
  }
  // Who asks for something that cannot be checked is not let in.
  const isForbidden =
    incompatible !== undefined ||
    filters.isRefused ||
    authentication === undefined ||
    extensions === undefined ||
    isBrokenByPolicy(context, rule)
  return {
    ...reached(wanted, isForbidden, cannotForward(context.route.kind)),
    cookies: filters.cookies ?? [],
    origins: [...filters.origins, ...several.flatMap((each) => each.origins), ...(extensions?.origins ?? [])],
    problems: [...filters.problems, ...several.flatMap((each) => each.problems), ...shared.problems],
    unsupported: [
      ...(incompatible === undefined ? [] : [incompatible]),
      ...unsupportedIn(rule, at, filters, several),
      ...(sharedOut === undefined ? [] : [`spec.rules[${at}].sessionPersistence: ${sharedOut}`]),
    ],
  }
}

/** What a rule asks of its filters and sessions that nothing does, in words. */
function unsupportedIn(rule: AnyRule, at: number, filters: CollectedFilters, ofBackends: readonly CollectedFilters[]): readonly string[] {
  const all = [filters, ...ofBackends]
  const headers = all.flatMap(
    ({ requestHeaders, responseHeaders }) => framingHeader(requestHeaders) ?? framingHeader(responseHeaders) ?? [],
  )
  const where = `spec.rules[${at}]`
  return [
    ...headers.map(
      (name) => `${where}: no filter writes the header "${name}": it says where a message ends or what becomes of its connection.`,
    ),
    ...(filters.redirect !== undefined && filters.asksForCopies === true
      ? [`${where}.filters: RequestMirror copies what goes to a backend, and nothing that RequestRedirect sends elsewhere.`]
      : []),
    ...(ofBackends.some(needsWholeRule)
      ? [`${where}.backendRefs: of several backends each can only have filters for headers and URLRewrite.`]
      : []),
    ...(all.some(({ requestHeaders }) => addsOrRemovesHost(requestHeaders))
      ? [`${where}: RequestHeaderModifier can set the header "host", but neither add to it nor remove it.`]
      : []),
    ...(rule.sessionPersistence !== undefined && lastsTooLong(rule.sessionPersistence)
      ? [`${where}.sessionPersistence.absoluteTimeout: only sessions by a cookie of lifetimeType Permanent end in time.`]
      : []),
  ]
}

function wishOf({ view, telemetry, gateway }: RuleContext): TracingWish | undefined {
  return telemetry === undefined || gateway === undefined ? undefined : view.get(telemetry, gateway)?.tracing
}

/** A rule as counts are named by it: by its own name where it has one, so that rules may move. */
function scopeOf({ route }: RuleContext, { name }: AnyRule, at: number): string {
  return `${route.kind}/${route.namespace}/${route.name}/${name ?? at}`
}

/** What policies alone do with requests of a rule. */
export function policyEffect(context: RuleContext, rule: AnyRule, at: number): RuleEffect {
  const extensions = ruleExtensions(context, policyOfRule(context.extensions, rule.name))
  const traffic = trafficOf(context, rule, at)
  return {
    action: cannotForward(context.route.kind),
    requestHeaders: NO_HEADER_CHANGES,
    responseHeaders: NO_HEADER_CHANGES,
    ...ruleSecurity(context, policyOfRule(context.security, rule.name), {}),
    ...ruleAuthentication(context, policyOfRule(context.security, rule.name)),
    ...(extensions && programsOf(extensions)),
    ...(traffic === undefined ? {} : { traffic }),
  }
}

function trafficOf(context: RuleContext, rule: AnyRule, at: number): RequestTraffic | undefined {
  return requestTraffic(policyOfRule(context.traffic, rule.name), scopeOf(context, rule, at), {
    bodyOf: (namespace, ref) => {
      const body = bodyOfConfigMap(context.view, context.inputs, namespace, ref)
      // Without it the policy cannot be used, and does not get here.
      return body.ok ? body.value : ''
    },
    tracingOf: (tracing) => routeTracing(tracing, wishOf(context)),
  })
}

/**
 * What answers where a rule cannot forward. Gateway API v1.7 wants 500 of an HTTPRoute and UNAVAILABLE of a GRPCRoute, which is what gRPC
 * makes of 503; 500 would be UNKNOWN.
 */
export function cannotForward(kind: string): DirectResponse {
  return { kind: 'directResponse', statusCode: kind === 'GRPCRoute' ? 503 : 500 }
}

/** What becomes of requests of a rule that asks for `wanted`. */
function reached(wanted: RuleEffect, isForbidden: boolean, error: DirectResponse): Pick<RuleOutcome, 'effect' | 'unreached'> {
  const { action, extensions: _, ...withoutPrograms } = wanted
  // Nor does a program answer those that are not let in.
  if (isForbidden) return { effect: { ...withoutPrograms, action: error }, unreached: wanted }
  const hasNoBackend = action.kind === 'forward' && action.clusters.length === 0
  return hasNoBackend ? { effect: { ...wanted, action: error }, unreached: wanted } : { effect: wanted }
}

function isBrokenByPolicy({ security, extensions }: RuleContext, { name }: AnyRule): boolean {
  return isBroken(security, name) || isBroken(extensions, name)
}

function programsOf({ origins: _, ...programs }: RuleExtensions): Omit<RuleExtensions, 'origins'> {
  return programs
}

/** A rule and what policies say about its requests. */
type RuleWithPolicies = AnyRule & {
  readonly traffic: Effective<BackendTrafficSettings> | undefined
  /** Where its sessions stay with one of several backends: with which. */
  readonly sessionBackends: readonly WeightedCluster[] | undefined
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

/** What the rule asks for; a forward without clusters where it has no backend, none that can be used, or nothing but weights of 0. */
function actionOf(context: RuleContext, rule: RuleWithPolicies, at: number, filters: CollectedFilters, shared: SharedOut): RouteAction {
  return filters.redirect ?? filters.directResponse ?? forward(context, rule, at, filters, shared)
}

/** Who a rule is within its route: one that has a name stays the same where others come before it. */
function ruleWord({ name }: AnyRule, at: number): string {
  return name === undefined ? `rule/${at}` : `named/${name}`
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
    ...(sticky === undefined
      ? {}
      : { sessionPersistence: sessionPersistenceOf(sticky, `${kind}/${namespace}/${name}/${ruleWord(rule, at)}`, rule.sessionBackends) }),
    ...(hash === undefined ? {} : { hash }),
    ...(hidesLoadReports(settings) ? { hidesLoadReports: true } : {}),
    ...(connect === undefined ? {} : { connect }),
    upgrades: upgradesOf(settings) ?? (!isGrpc && shared.backends.some(mayBeHttp1) ? ['websocket'] : []),
  }
}

/** Those that a session can be with. */
function servedOf({ view, emptyBackends }: RuleContext, { all }: SharedOut): readonly WeightedCluster[] {
  return all.filter(({ key }) => view.get(emptyBackends, key) === undefined).map(({ cluster }) => cluster)
}

/** Whether there is more than one place that a request may go to. */
function isSharedOut({ clusters, invalidWeight }: SharedOut): boolean {
  return clusters.length > 1 || (clusters.length === 1 && invalidWeight > 0)
}

/** Over HTTP/2 a WebSocket needs RFC 8441, which few backends have. Of those that choose by ALPN nobody knows what they speak. */
function mayBeHttp1({ http }: UsableBackend): boolean {
  return http.protocol === 'http1' || http.protocol === 'auto'
}

function isWebSocket({ http }: UsableBackend): boolean {
  return http.protocol !== 'unsupported' && http.isWebSocket
}
