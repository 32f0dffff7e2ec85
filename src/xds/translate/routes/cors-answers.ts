/** Headers of CORS on what routes answer by themselves: the filter of Envoy passes those routes by. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { Cors } from '../../../ir/route.js'
import { responseHeader } from '../header-mutations.js'
import { exposedHeaders, originRegex } from '../http-filters/cors.js'

type Route = envoy.config.route.v3.Route
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher
type HeaderValueOption = envoy.config.core.v3.HeaderValueOption

const { APPEND_IF_EXISTS_OR_ADD, OVERWRITE_IF_EXISTS_OR_ADD } = Enum['envoy.config.core.v3.HeaderValueOption.HeaderAppendAction']

/** For caches: who asks decides what is in the answer. */
const VARY: HeaderValueOption = { header: { key: 'vary', value: 'origin' }, appendAction: APPEND_IF_EXISTS_OR_ADD }

/**
 * The route with an answer that caches keep apart by its origin, which neither Envoy's filter nor a backend that knows nothing of CORS says.
 * Also for requests without an origin: their answers do not let scripts read them.
 */
export function varyingByOrigin<R extends Route>(route: R, cors: Cors | undefined): R {
  if (cors === undefined || cors.allowOrigins.length === 0) return route
  return { ...route, responseHeadersToAdd: [VARY, ...(route.responseHeadersToAdd ?? [])] }
}

/** Matches requests from origins that are allowed. */
export function allowedOrigin({ allowOrigins }: Cors): HeaderMatcher {
  return { name: 'origin', stringMatch: { safeRegex: { regex: allowOrigins.map((each) => `(?:${originRegex(each)})`).join('|') } } }
}

/** The headers of the route and those that let scripts of the origin read the answer. */
export function withCorsHeaders(
  { responseHeadersToAdd = [] }: Pick<Route, 'responseHeadersToAdd'>,
  cors: Cors,
): readonly HeaderValueOption[] {
  const exposed = exposedHeaders(cors)
  return [
    ...responseHeadersToAdd,
    // An operator of Envoy: the origin that was allowed.
    { header: { key: 'access-control-allow-origin', value: '%REQ(origin)%' }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD },
    ...(cors.allowCredentials ? [responseHeader('access-control-allow-credentials', 'true')] : []),
    ...(exposed.length === 0 ? [] : [responseHeader('access-control-expose-headers', exposed.join(', '))]),
  ]
}
