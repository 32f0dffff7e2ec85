/**
 * What the Gateway API says becomes of a request, written down anew from its text and for tests only: it shares nothing with the translation, and
 * knows nothing of Envoy.
 *
 * Source: Gateway API v1.7, `HTTPRouteSpec.hostnames`, `HTTPRouteRule.matches` and the types of its filters; GEP-1713 for listeners that share a
 * port. Where the text leaves it open, what our documentation says: regular expressions stand between exact paths and prefixes, the longer first.
 */
import type {
  Filter,
  HeaderFilter,
  Listener,
  Match,
  PathModifier,
  RedirectFilter,
  Request,
  Route,
  Rule,
  ValueMatch,
} from './http-objects.js'

/** What may become of a request. */
export type Verdict =
  | { readonly does: 'answer'; readonly status: number }
  | { readonly does: 'redirect'; readonly status: number; readonly location: string }
  | { readonly does: 'forward'; readonly backends: readonly Forwarded[]; readonly mirrors: readonly string[] }

/** What one of the backends sees that the request may go to; one that is undefined cannot be used, and its share is answered by 500. */
export interface Forwarded {
  readonly backend: string | undefined
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
  /** Names of Backends. */
  readonly backends: readonly string[]
}

/** What becomes of a request. */
export function verdictOf({ listeners, routes, backends }: OracleWorld, request: Request): Verdict {
  const host = request.host.replace(/:\d+$/, '').toLowerCase()
  const [listener] = mostSpecificFirst(listeners.filter((each) => each.port === request.port && covers(each.hostname, host)))
  if (listener === undefined) return { does: 'answer', status: 404 }
  const [best] = routes
    .filter((route) => isAttached(route, listener))
    .flatMap((route) => candidatesOf(route, host, request))
    .sort(byPrecedence)
  if (best === undefined) return { does: 'answer', status: 404 }
  return outcome(best, listener, host, request, backends)
}

/** Changes of headers, one filter after the other. Values of one name are joined by a comma. */
export function changedHeaders(
  headers: Readonly<Record<string, string>>,
  filters: readonly HeaderFilter[],
): Readonly<Record<string, string>> {
  const values = new Map(Object.entries(headers))
  for (const { set = [], add = [], remove = [] } of filters) {
    for (const name of remove) values.delete(name.toLowerCase())
    for (const { name, value } of set) values.set(name.toLowerCase(), value)
    for (const { name, value } of add) {
      const before = values.get(name.toLowerCase())
      values.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`)
    }
  }
  return Object.fromEntries(values)
}

interface Candidate {
  readonly route: Route
  readonly hostname: string | undefined
  readonly rule: number
  readonly match: Match
}

function candidatesOf(route: Route, host: string, request: Request): readonly Candidate[] {
  const { hostnames = [] } = route
  const [hostname] = mostSpecificFirst(hostnames.filter((each) => covers(each, host)).map((each) => ({ hostname: each })))
  if (hostnames.length > 0 && hostname === undefined) return []
  return route.rules.flatMap(({ matches = [] }, rule) =>
    (matches.length === 0 ? [{}] : matches)
      .filter((match) => isMatch(match, request))
      .map((match) => ({ route, hostname: hostname?.hostname, rule, match })),
  )
}

function byPrecedence(a: Candidate, b: Candidate): number {
  return (
    compareHostnames(a.hostname, b.hostname) ||
    pathRank(a.match) - pathRank(b.match) ||
    pathLength(b.match) - pathLength(a.match) ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    (b.match.headers ?? []).length - (a.match.headers ?? []).length ||
    (b.match.queryParams ?? []).length - (a.match.queryParams ?? []).length ||
    Date.parse(a.route.created) - Date.parse(b.route.created) ||
    (a.route.name < b.route.name ? -1 : Number(a.route.name > b.route.name)) ||
    a.rule - b.rule
  )
}

function mostSpecificFirst<T extends { readonly hostname?: string }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => compareHostnames(a.hostname, b.hostname))
}

/** Characters of a name that is no wildcard, then characters of any; who names none comes last. */
function compareHostnames(a = '', b = ''): number {
  const whole = (name: string): number => (name.startsWith('*') ? 0 : name.length)
  return whole(b) - whole(a) || b.length - a.length
}

function covers(hostname: string | undefined, host: string): boolean {
  if (hostname === undefined) return true
  return hostname.startsWith('*.') ? host.endsWith(hostname.slice(1)) && host.length >= hostname.length : hostname === host
}

function isAttached({ parentRefs, hostnames = [] }: Route, listener: Listener): boolean {
  const isNamed = parentRefs.some(
    ({ sectionName = listener.name, port = listener.port }) => sectionName === listener.name && port === listener.port,
  )
  // One of them lies within the other.
  const meets = (own: string): boolean =>
    covers(listener.hostname, own) || (listener.hostname !== undefined && covers(own, listener.hostname))
  return isNamed && (hostnames.length === 0 || hostnames.some(meets))
}

function pathOf({ path = { type: 'PathPrefix', value: '/' } }: Match): NonNullable<Match['path']> {
  return path
}

function pathRank(match: Match): number {
  return ['Exact', 'RegularExpression', 'PathPrefix'].indexOf(pathOf(match).type)
}

function pathLength(match: Match): number {
  const { type, value } = pathOf(match)
  return type === 'PathPrefix' ? elements(value).join('/').length : value.length
}

/** The elements of a path; a slash at its end is none. */
function elements(path: string): readonly string[] {
  return path.split('/').filter((each, at, all) => each !== '' || (at > 0 && at < all.length - 1))
}

function isMatch(match: Match, { method, path, query, headers, host }: Request): boolean {
  const parameters = new URLSearchParams(query)
  const wanted = pathOf(match)
  return (
    isPath(wanted.type, wanted.value, path) &&
    (match.method === undefined || match.method === method) &&
    (match.headers ?? []).every((each) => isValue(each, { ...headers, host }[each.name.toLowerCase()])) &&
    (match.queryParams ?? []).every((each) => isValue(each, parameters.get(each.name) ?? undefined))
  )
}

function isPath(type: string, value: string, path: string): boolean {
  if (type === 'Exact') return path === value
  if (type === 'RegularExpression') return new RegExp(`^(?:${value})$`).test(path)
  const own = elements(path)
  return elements(value).every((each, at) => own[at] === each)
}

function isValue({ type = 'Exact', value }: ValueMatch, have: string | undefined): boolean {
  if (have === undefined) return false
  return type === 'Exact' ? have === value : new RegExp(`^(?:${value})$`).test(have)
}

function outcome(
  { route, rule: at, match }: Candidate,
  listener: Listener,
  host: string,
  request: Request,
  known: readonly string[],
): Verdict {
  const rule = route.rules[at] ?? {}
  const filters = rule.filters ?? []
  const [redirect] = filters.flatMap((each) => (each.type === 'RequestRedirect' ? [each.requestRedirect] : []))
  if (redirect !== undefined)
    return { does: 'redirect', status: redirect.statusCode ?? 302, location: locationOf(redirect, match, listener, host, request) }
  const chosen = (rule.backendRefs ?? []).filter(({ weight = 1 }) => weight > 0)
  if (chosen.length === 0) return { does: 'answer', status: 500 }
  const mirrors = filters.flatMap((each) =>
    each.type === 'RequestMirror' && each.requestMirror.percent !== 0 && known.includes(each.requestMirror.backendRef.name)
      ? [each.requestMirror.backendRef.name]
      : [],
  )
  const backends = chosen.map(({ name, filters: own = [] }): Forwarded => {
    const all = [...filters, ...own]
    const rewrites = all.flatMap((each) => (each.type === 'URLRewrite' ? [each.urlRewrite] : []))
    const path = rewrites.findLast((each) => each.path !== undefined)?.path
    return {
      backend: known.includes(name) ? name : undefined,
      host: rewrites.findLast((each) => each.hostname !== undefined)?.hostname ?? request.host,
      path: withQuery(path === undefined ? request.path : modified(path, match, request.path), request.query),
      request: all.flatMap(requestChanges),
      response: all.flatMap(responseChanges),
      rule,
    }
  })
  return { does: 'forward', backends, mirrors }
}

function requestChanges(filter: Filter): readonly HeaderFilter[] {
  return filter.type === 'RequestHeaderModifier' ? [filter.requestHeaderModifier] : []
}

function responseChanges(filter: Filter): readonly HeaderFilter[] {
  return filter.type === 'ResponseHeaderModifier' ? [filter.responseHeaderModifier] : []
}

const PORTS = { http: 80, https: 443 } as const

function locationOf(redirect: RedirectFilter, match: Match, listener: Listener, host: string, { path, query }: Request): string {
  const scheme = redirect.scheme ?? 'http'
  const port = redirect.port ?? (redirect.scheme === undefined ? listener.port : PORTS[redirect.scheme])
  const shown = port === PORTS[scheme] ? '' : `:${port}`
  const to = redirect.path === undefined ? path : modified(redirect.path, match, path)
  return `${scheme}://${redirect.hostname ?? host}${shown}${withQuery(to, query)}`
}

function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`
}

/** The table of `HTTPPathModifier.replacePrefixMatch`. */
function modified(modifier: PathModifier, match: Match, path: string): string {
  if (modifier.type === 'ReplaceFullPath') return modifier.replaceFullPath
  const rest = path.split('/').slice(1 + elements(pathOf(match).value).length)
  return `/${[...elements(modifier.replacePrefixMatch), ...rest].join('/')}`
}
