/** Which requests a match is about. Source: Gateway API v1.7, `HTTPRouteMatch` and `GRPCRouteMatch`. */
import { isCall, type Match, type Request, type ValueMatch } from './objects.js'

/** HTTPPathMatch, whose default is a prefix of everything. */
export function pathOf({ path = { type: 'PathPrefix', value: '/' } }: Match): NonNullable<Match['path']> {
  return path
}

/** The elements of a path; a slash at its end is none. */
export function elements(path: string): readonly string[] {
  return path.split('/').filter((each, at, all) => each !== '' || (at > 0 && at < all.length - 1))
}

/** Whether a match of a route of HTTP is about a request. */
export function isHttpMatch(match: Match, request: Request): boolean {
  const parameters = new URLSearchParams(request.query)
  const wanted = pathOf(match)
  return (
    isPath(wanted.type, wanted.value, request.path) &&
    (match.method === undefined || match.method === request.method) &&
    hasHeaders(match, request) &&
    (match.queryParams ?? []).every((each) => isValue(each, parameters.get(each.name) ?? undefined))
  )
}

/** Whether a match of a route of gRPC is about a request. */
export function isGrpcMatch(match: Match, request: Request): boolean {
  const [, service = '', method = '', ...rest] = request.path.split('/')
  const { type = 'Exact', ...wanted } = match.call ?? {}
  const is = (name: string | undefined, have: string): boolean => name === undefined || isValue({ name, type, value: name }, have)
  const isMethod = match.call === undefined || (is(wanted.service, service) && is(wanted.method, method) && rest.length === 0)
  return isCall(request) && isMethod && hasHeaders(match, request)
}

function hasHeaders(match: Match, { headers, host }: Request): boolean {
  return (match.headers ?? []).every((each) => isValue(each, { ...headers, host }[each.name.toLowerCase()]))
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
