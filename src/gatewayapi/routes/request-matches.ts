/** What requests of HTTPRoutes and GRPCRoutes must look like, and how specific that is. */

import type { GRPCMethodMatch, GRPCRouteMatch, HTTPRouteMatch } from '../../gen/kinds.js'
import type { PathMatch, RequestMatch, ValueMatch } from '../../ir/route.js'
import { exactly } from '../../util/exactly.js'
import { normalPath } from '../normal-path.js'
import type { MatchSpecificity } from './match-order.js'

/** A match and its specificity. */
export interface SpecificMatch {
  readonly match: RequestMatch
  readonly specificity: MatchSpecificity
}

/** A match of an HTTPRoute. */
export function httpMatch({ path, method, headers, queryParams }: HTTPRouteMatch): SpecificMatch {
  const pathMatch = httpPath(path)
  const headerMatches = valueMatches(headers ?? [], (name) => name.toLowerCase())
  const queryMatches = valueMatches(queryParams ?? [], (name) => name)
  return {
    match: { path: pathMatch, ...(method === undefined ? {} : { method }), headers: headerMatches, queryParams: queryMatches },
    specificity: {
      path: pathMatch.kind,
      pathLength: pathMatch.value.length,
      methodNameLength: 0,
      hasMethod: method !== undefined,
      headers: headerMatches.length,
      queryParams: queryMatches.length,
    },
  }
}

/**
 * A match of a GRPCRoute: service and method are the path of the request. It is about gRPC alone, so beside an HTTPRoute for the same host and
 * path it is like one for a method.
 */
export function grpcMatch({ method, headers }: GRPCRouteMatch): SpecificMatch {
  const headerMatches = valueMatches(headers ?? [], (name) => name.toLowerCase())
  return {
    match: { path: grpcPath(method), headers: headerMatches, queryParams: exactly([]) },
    specificity: { ...grpcSpecificity(method), hasMethod: true, headers: headerMatches.length, queryParams: 0 },
  }
}

/** The match once for each set of cookies of which a request must carry one; as it is without any. */
export function withCookies(plain: SpecificMatch, sets: readonly (readonly ValueMatch[])[]): readonly SpecificMatch[] {
  if (sets.length === 0) return [plain]
  return sets.map((cookies) => ({
    match: { ...plain.match, cookies },
    specificity: { ...plain.specificity, cookies: cookies.length },
  }))
}

function httpPath({ type, value }: HTTPRouteMatch['path']): PathMatch {
  switch (type) {
    case 'Exact':
      return { kind: 'exact', value: normalPath(value) }
    case 'RegularExpression':
      return { kind: 'regex', value }
    case 'PathPrefix':
      // A trailing slash says nothing: `/a/` and `/a` are the same prefix.
      return { kind: 'prefix', value: normalPath(value).replace(/\/+$/, '') || '/' }
  }
}

/** An empty name is as good as none. The schema lets a leading dot of a service through, which no path has. */
function grpcPath({ type, service: written, method }: Partial<GRPCMethodMatch> = {}): PathMatch {
  const service = type === 'RegularExpression' ? written : written?.replace(/^\./, '')
  if (!service && !method) return { kind: 'prefix', value: '/' }
  if (type === 'RegularExpression') return { kind: 'regex', value: `/(?:${service || '[^/]+'})/(?:${method || '[^/]+'})` }
  if (!service) return { kind: 'regex', value: `/[^/]+/${method}` }
  return method ? { kind: 'exact', value: `/${service}/${method}` } : { kind: 'prefix', value: `/${service}` }
}

/** As long as the path is of which they are a part; of methods that need no service, characters count after those of services. */
function grpcSpecificity({
  type,
  service = '',
  method = '',
}: Partial<GRPCMethodMatch> = {}): Pick<MatchSpecificity, 'path' | 'pathLength' | 'methodNameLength'> {
  const ofService = service.length + 1
  if (type === 'RegularExpression') return { path: 'regex', pathLength: ofService, methodNameLength: method.length }
  if (service !== '' && method !== '') return { path: 'exact', pathLength: ofService + 1 + method.length, methodNameLength: 0 }
  // A method without a service becomes an expression, yet any service that is named goes before it.
  return { path: 'prefix', pathLength: ofService, methodNameLength: method.length }
}

/** Of matches for the same name the first counts. */
function valueMatches(
  values: readonly { readonly type: 'Exact' | 'RegularExpression'; readonly name: string; readonly value: string }[],
  normalize: (name: string) => string,
): readonly ValueMatch[] {
  if (values.length === 0) return exactly([])
  const byName = new Map<string, ValueMatch>()
  for (const { type, name, value } of values) {
    const normal = normalize(name)
    if (!byName.has(normal)) byName.set(normal, { name: normal, kind: type === 'RegularExpression' ? 'regex' : 'exact', value })
  }
  return exactly([...byName.values()])
}
