/**
 * What the Gateway API says becomes of a request, written down anew from its text and for tests only: it shares nothing with the translation, and
 * knows nothing of Envoy.
 */
import { type CorsHeaders, corsHeaders, corsOf, methodAskedFor } from './cors.js'
import { requestChanges, responseChanges } from './header-changes.js'
import { covers, mostSpecificFirst } from './hostnames.js'
import { arrivalOf, isAttached } from './listeners.js'
import { isGrpcMatch, isHttpMatch } from './matching.js'
import type { Filter, Grant, HeaderFilter, Listener, Match, Ref, Request, Route, Rule } from './objects.js'
import { locationOf, modified, withQuery } from './path-changes.js'
import { byPrecedence, type Candidate } from './precedence.js'
import { type Target, targetOf } from './references.js'

/** What may become of a request. */
export type Verdict =
  /** There is no connection. */
  | { readonly does: 'close' }
  | { readonly does: 'answer'; readonly status: number; readonly cors: CorsHeaders }
  | { readonly does: 'redirect'; readonly status: number; readonly location: string; readonly cors: CorsHeaders }
  | { readonly does: 'forward'; readonly backends: readonly Forwarded[]; readonly mirrors: readonly string[]; readonly cors: CorsHeaders }

/** What one of the backends sees that the request may go to. */
export interface Forwarded {
  /** Undefined for one that cannot be used, whose share is answered by the status. */
  readonly backend: string | undefined
  readonly error: number
  /** Its part of the requests, as others have theirs. */
  readonly weight: number
  readonly host: string
  /** With the query. */
  readonly path: string
  /** Everything that is said of headers on the way there and on the way back, in its order. */
  readonly request: readonly HeaderFilter[]
  readonly response: readonly HeaderFilter[]
  readonly rule: Rule
}

/** What there is. */
export interface OracleWorld {
  readonly listeners: readonly Listener[]
  readonly routes: readonly Route[]
  readonly targets: readonly Target[]
  readonly grants: readonly Grant[]
}

/** What becomes of a request. */
export function verdictOf(world: OracleWorld, request: Request): Verdict {
  const host = request.host.replace(/:\d+$/, '').toLowerCase()
  const arrival = arrivalOf(world.listeners, request, host)
  if (arrival === 'closed') return { does: 'close' }
  if ('status' in arrival) return { does: 'answer', status: arrival.status, cors: {} }
  const { listener } = arrival
  const [best] = world.routes
    .filter((route) => isAttached(route, listener))
    .flatMap((route) => candidatesOf(route, host, request))
    .sort(byPrecedence)
  if (best === undefined) return { does: 'answer', status: 404, cors: {} }
  const cors = corsHeaders(corsOf(ruleOf(best)), request)
  // Who asks beforehand is answered by the gateway.
  if (corsOf(ruleOf(best)) !== undefined && methodAskedFor(request) !== undefined) return { does: 'answer', status: 200, cors }
  return outcome(world, best, listener, host, request, cors)
}

function candidatesOf(route: Route, host: string, request: Request): readonly Candidate[] {
  const { hostnames = [] } = route
  const [hostname] = mostSpecificFirst(hostnames.filter((each) => covers(each, host)).map((each) => ({ hostname: each })))
  if (hostnames.length > 0 && hostname === undefined) return []
  return route.rules.flatMap((each, rule) =>
    (each.matches === undefined || each.matches.length === 0 ? [{}] : each.matches)
      .filter((match) => isMatch(route, each, match, request))
      .map((match) => ({ route, hostname: hostname?.hostname, rule, match })),
  )
}

/** A rule with CORS is also about requests that ask beforehand for what it is about. */
function isMatch({ kind }: Route, rule: Rule, match: Match, request: Request): boolean {
  if (kind === 'GRPCRoute') return isGrpcMatch(match, request)
  const asked = corsOf(rule) === undefined ? undefined : methodAskedFor(request)
  return isHttpMatch(match, request) || (asked !== undefined && isHttpMatch(match, { ...request, method: asked }))
}

function ruleOf({ route, rule }: Candidate): Rule {
  return route.rules[rule] ?? {}
}

function outcome(
  { targets, grants }: OracleWorld,
  candidate: Candidate,
  listener: Listener,
  host: string,
  request: Request,
  cors: CorsHeaders,
): Verdict {
  const { route, match } = candidate
  const rule = ruleOf(candidate)
  const { filters = [], backendRefs = [] } = rule
  const find = (ref: Ref): Target | undefined => targetOf(targets, grants, route, ref)
  const error = route.kind === 'GRPCRoute' ? 503 : 500
  // A filter must not be skipped.
  if (filters.some(isUnknown)) return { does: 'answer', status: error, cors }
  const [redirect] = filters.flatMap((each) => (each.type === 'RequestRedirect' ? [each.requestRedirect] : []))
  if (redirect !== undefined)
    return { does: 'redirect', status: redirect.statusCode ?? 302, location: locationOf(redirect, match, listener, host, request), cors }
  const chosen = backendRefs.filter(({ weight = 1 }) => weight > 0)
  if (chosen.length === 0) return { does: 'answer', status: error, cors }
  const isOnly = backendRefs.length === 1
  const ofRule = isOnly ? [...filters, ...(backendRefs[0]?.filters ?? [])] : filters
  const mirrors = ofRule.flatMap((each) =>
    each.type === 'RequestMirror' && each.requestMirror.percent !== 0 ? (find(each.requestMirror.backendRef)?.backend ?? []) : [],
  )
  const backends = chosen.map((ref): Forwarded => {
    const all = [...filters, ...(ref.filters ?? [])]
    const rewrites = all.flatMap((each) => (each.type === 'URLRewrite' ? [each.urlRewrite] : []))
    const path = rewrites.findLast((each) => each.path !== undefined)?.path
    const cannotBe = (each: Filter): boolean => isUnknown(each) || (!isOnly && (each.type === 'RequestMirror' || each.type === 'CORS'))
    const target = (ref.filters ?? []).some(cannotBe) ? undefined : find(ref)
    return {
      backend: target?.backend,
      // Where there is nobody, somebody may come.
      error: target === undefined ? error : 503,
      weight: ref.weight ?? 1,
      host: rewrites.findLast((each) => each.hostname !== undefined)?.hostname ?? request.host,
      path: withQuery(path === undefined ? request.path : modified(path, match, request.path), request.query),
      request: requestChanges(all),
      response: responseChanges(all),
      rule,
    }
  })
  return { does: 'forward', backends, mirrors, cors }
}

function isUnknown({ type }: Filter): boolean {
  return type === 'ExtensionRef'
}
