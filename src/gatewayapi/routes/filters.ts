/**
 * Filters of rules and backends.
 *
 * Source: Gateway API v1.7, `HTTPRouteFilter` and `GRPCRouteFilter`.
 */
import type { HTTPPathModifier, HTTPRequestMirrorFilter, HTTPRequestRedirectFilter, HTTPRouteFilter } from '../../gen/kinds.js'
import type { Mirror } from '../../ir/forward.js'
import { type HeaderChanges, NO_HEADER_CHANGES } from '../../ir/headers.js'
import type { Cors, ExternalAuth, PathChange, Redirect } from '../../ir/route.js'
import type { ClusterUsage } from '../backends/cluster-names.js'
import type { Problem } from '../conditions.js'
import { corsOf } from './cors.js'
import { externalAuthOf } from './external-auth.js'
import { headerChanges, mergeHeaderChanges } from './header-changes.js'
import { findBackend, type RuleContext } from './rule-context.js'

/** What filters do, put together. */
export interface CollectedFilters {
  readonly requestHeaders: HeaderChanges
  readonly responseHeaders: HeaderChanges
  readonly hostRewrite?: string
  readonly pathRewrite?: PathChange
  /** As the filter has it; the port still depends on the listener. */
  readonly redirect?: Redirect
  readonly mirrors: readonly Mirror[]
  readonly cors?: Cors
  readonly externalAuth?: ExternalAuth
  /** References that lead nowhere: reasons of `ResolvedRefs`. */
  readonly problems: readonly Problem[]
  /** True when a filter cannot be had: a filter must not be skipped, so requests get an error. */
  readonly isRefused: boolean
}

/** A filter of either kind of route: those of GRPCRoutes are a part of those of HTTPRoutes. */
export type RouteFilter = Pick<HTTPRouteFilter, 'requestHeaderModifier' | 'responseHeaderModifier' | 'requestMirror' | 'extensionRef'> &
  Partial<HTTPRouteFilter>

const NO_FILTERS: CollectedFilters = {
  requestHeaders: NO_HEADER_CHANGES,
  responseHeaders: NO_HEADER_CHANGES,
  mirrors: [],
  problems: [],
  isRefused: false,
}

/** Puts filters together in their order. */
export function collectFilters(context: RuleContext, filters: readonly RouteFilter[] | undefined, usage: ClusterUsage): CollectedFilters {
  return (filters ?? []).reduce((sum, filter) => addFilter(context, sum, filter, usage), NO_FILTERS)
}

/** The filters of a rule and then those of its only backend. */
export function joinFilters(rule: CollectedFilters, backend: CollectedFilters): CollectedFilters {
  return {
    ...rule,
    ...backend,
    requestHeaders: mergeHeaderChanges(rule.requestHeaders, backend.requestHeaders),
    responseHeaders: mergeHeaderChanges(rule.responseHeaders, backend.responseHeaders),
    mirrors: [...rule.mirrors, ...backend.mirrors],
    problems: [...rule.problems, ...backend.problems],
    isRefused: rule.isRefused || backend.isRefused,
  }
}

/** True if something stands among the filters of one of several backends that only a whole rule can do. */
export function needsWholeRule({ redirect, mirrors, cors, externalAuth }: CollectedFilters): boolean {
  return redirect !== undefined || mirrors.length > 0 || cors !== undefined || externalAuth !== undefined
}

function addFilter(context: RuleContext, sum: CollectedFilters, filter: RouteFilter, usage: ClusterUsage): CollectedFilters {
  const { requestHeaderModifier, responseHeaderModifier, requestMirror, requestRedirect, urlRewrite, cors, externalAuth } = filter
  if (requestHeaderModifier !== undefined) {
    return { ...sum, requestHeaders: mergeHeaderChanges(sum.requestHeaders, headerChanges(requestHeaderModifier)) }
  }
  if (responseHeaderModifier !== undefined) {
    return { ...sum, responseHeaders: mergeHeaderChanges(sum.responseHeaders, headerChanges(responseHeaderModifier)) }
  }
  if (requestMirror !== undefined) return addMirror(context, sum, requestMirror, usage)
  if (requestRedirect !== undefined) return { ...sum, redirect: redirectOf(requestRedirect) }
  if (urlRewrite !== undefined) {
    const { hostname, path } = urlRewrite
    return {
      ...sum,
      ...(hostname === undefined ? {} : { hostRewrite: hostname }),
      ...(path === undefined ? {} : { pathRewrite: pathChange(path) }),
    }
  }
  if (cors !== undefined) return { ...sum, cors: corsOf(cors) }
  if (externalAuth !== undefined) {
    const asked = externalAuthOf(context, externalAuth)
    return { ...sum, externalAuth: asked.auth, problems: [...sum.problems, ...(asked.problem === undefined ? [] : [asked.problem])] }
  }
  return refuse(sum, filter)
}

function addMirror(context: RuleContext, sum: CollectedFilters, filter: HTTPRequestMirrorFilter, usage: ClusterUsage): CollectedFilters {
  const found = findBackend(context, filter.backendRef, usage)
  if (!found.ok) return { ...sum, problems: [...sum.problems, ...(found.problem === undefined ? [] : [found.problem])] }
  const { numerator, denominator } = filter.fraction ?? { numerator: filter.percent ?? 100, denominator: 100 }
  return numerator === 0 ? sum : { ...sum, mirrors: [...sum.mirrors, { cluster: found.cluster, numerator, denominator }] }
}

function refuse(sum: CollectedFilters, { extensionRef }: RouteFilter): CollectedFilters {
  const what = extensionRef === undefined ? 'A filter' : `The filter ${extensionRef.group}/${extensionRef.kind} "${extensionRef.name}"`
  const problem = { reason: 'InvalidKind', message: `${what} is not supported: requests that it is for get an error.` }
  return { ...sum, problems: [...sum.problems, problem], isRefused: true }
}

function redirectOf({ scheme, hostname, port, path, statusCode }: HTTPRequestRedirectFilter): Redirect {
  return {
    kind: 'redirect',
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path: pathChange(path) }),
    statusCode,
  }
}

function pathChange({ type, replaceFullPath, replacePrefixMatch }: HTTPPathModifier): PathChange {
  return type === 'ReplaceFullPath'
    ? { kind: 'fullPath', value: replaceFullPath ?? '/' }
    : { kind: 'prefix', value: replacePrefixMatch ?? '/' }
}
