/**
 * What a rule and one of its backendRefs do to a request and its answer. The specification applies the filters of the backendRef after
 * those of the rule; Envoy applies those of a weighted cluster first. So where a backend has filters of its own, the rule's are put
 * together with each backend's here, and the route carries none.
 */
import type { Forward, WeightedCluster } from '../../../ir/forward.js'
import { type HeaderChanges, NO_HEADER_CHANGES } from '../../../ir/headers.js'
import type { PathChange } from '../../../ir/path-change.js'
import type { Route } from '../../../ir/route.js'
import { composeHeaderChanges, hostOf, isUnchanged } from '../header-mutations.js'

/** What happens on the way to a backend. */
export interface Effects {
  readonly requestHeaders: HeaderChanges
  readonly responseHeaders: HeaderChanges
  /** The host that the backend sees; undefined: that of the request. */
  readonly host: string | undefined
  readonly path: PathChange | undefined
}

/** Nothing happens. */
export const NO_EFFECTS: Effects = {
  requestHeaders: NO_HEADER_CHANGES,
  responseHeaders: NO_HEADER_CHANGES,
  host: undefined,
  path: undefined,
}

/** What the rule says, and then the backendRef. */
export function effectsOf(route: Route, forward: Forward, backend?: WeightedCluster): Effects {
  const rule = {
    requestHeaders: route.requestHeaders,
    responseHeaders: route.responseHeaders,
    host: forward.hostRewrite ?? hostOf(route.requestHeaders),
    path: forward.pathRewrite,
  }
  if (backend === undefined) return rule
  return {
    requestHeaders: composeHeaderChanges(rule.requestHeaders, backend.requestHeaders),
    responseHeaders: composeHeaderChanges(rule.responseHeaders, backend.responseHeaders),
    host: backend.hostRewrite ?? hostOf(backend.requestHeaders) ?? rule.host,
    path: backend.pathRewrite ?? rule.path,
  }
}

/** True if the backendRef has filters that a weighted cluster can carry. */
export function hasOwnFilters({ requestHeaders, responseHeaders, hostRewrite }: WeightedCluster): boolean {
  return hostRewrite !== undefined || !isUnchanged(requestHeaders) || !isUnchanged(responseHeaders)
}
