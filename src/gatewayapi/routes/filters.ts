/**
 * Filters of rules and backends.
 *
 * Source: Gateway API v1.7, `HTTPRouteFilter` and `GRPCRouteFilter`.
 */

import type { HTTPPathModifier, HTTPRequestMirrorFilter, HTTPRequestRedirectFilter, HTTPRouteRuleFilter } from '../../gen/kinds.js'
import type { HostSource, Mirror } from '../../ir/forward.js'
import { type HeaderChanges, NO_HEADER_CHANGES } from '../../ir/headers.js'
import type { PathChange } from '../../ir/path-change.js'
import type { Cors, CredentialInjection, DirectResponse, ExternalAuth, Redirect, ValueMatch } from '../../ir/route.js'
import { exactly } from '../../util/exactly.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { mirrorUsage, type RequestUsage } from '../backends/cluster-names.js'
import type { Problem } from '../conditions.js'
import { corsOf } from './cors.js'
import { externalAuthOf } from './external-auth.js'
import { findBackend } from './find-backend.js'
import { headerChanges, mergeHeaderChanges } from './header-changes.js'
import { findHttpRouteFilter, isHttpRouteFilter } from './http-route-filter.js'
import type { RuleContext } from './rule-context.js'

/** What filters do, put together. */
export interface CollectedFilters {
  readonly requestHeaders: HeaderChanges
  readonly responseHeaders: HeaderChanges
  readonly hostRewrite?: string
  /** Instead of `hostRewrite`. */
  readonly hostFrom?: HostSource
  readonly tellsHost?: true
  readonly pathRewrite?: PathChange
  /** As the filter has it; the port still depends on the listener. */
  readonly redirect?: Redirect
  readonly mirrors: readonly Mirror[]
  /** True where copies are asked for, wherever they may go, and however few. */
  readonly asksForCopies?: true
  readonly cors?: Cors
  readonly externalAuth?: ExternalAuth
  readonly directResponse?: DirectResponse
  readonly credential?: CredentialInjection
  /** Sets of cookies of which a request must carry one. */
  readonly cookies?: readonly (readonly ValueMatch[])[]
  /** Objects that filters come from. */
  readonly origins: readonly ObjectVersion[]
  /** References that lead nowhere: reasons of `ResolvedRefs`. */
  readonly problems: readonly Problem[]
  /** True when a filter cannot be had: a filter must not be skipped, so requests get an error. */
  readonly isRefused: boolean
}

/** A filter of either kind of route: those of GRPCRoutes are a part of those of HTTPRoutes. */
export type RouteFilter = Pick<HTTPRouteRuleFilter, 'requestHeaderModifier' | 'responseHeaderModifier' | 'requestMirror' | 'extensionRef'> &
  Partial<HTTPRouteRuleFilter>

const NO_FILTERS: CollectedFilters = {
  requestHeaders: NO_HEADER_CHANGES,
  responseHeaders: NO_HEADER_CHANGES,
  mirrors: [],
  origins: [],
  problems: [],
  isRefused: false,
}

/** Puts filters together in their order. */
export function collectFilters(context: RuleContext, filters: readonly RouteFilter[] | undefined, usage: RequestUsage): CollectedFilters {
  return (filters ?? []).reduce((sum, filter) => addFilter(context, sum, filter, usage), NO_FILTERS)
}

/** The filters of a rule and then those of its only backend. */
export function joinFilters(rule: CollectedFilters, backend: CollectedFilters): CollectedFilters {
  if (backend === NO_FILTERS) return rule
  const joined = {
    ...withoutHost(rule, backend),
    ...backend,
    requestHeaders: mergeHeaderChanges(rule.requestHeaders, backend.requestHeaders),
    responseHeaders: mergeHeaderChanges(rule.responseHeaders, backend.responseHeaders),
    mirrors: exactly([...rule.mirrors, ...backend.mirrors]),
    origins: [...rule.origins, ...backend.origins],
    problems: [...rule.problems, ...backend.problems],
    isRefused: rule.isRefused || backend.isRefused,
  }
  const twice = saidTwice(rule, backend)
  return twice === undefined ? joined : refuse(joined, 'InvalidFilterRef', `The HTTPRouteFilter of a backend has ${twice}`)
}

/** True if something stands among the filters of one of several backends that only a whole rule can do. */
export function needsWholeRule(filters: CollectedFilters): boolean {
  const { redirect, asksForCopies, cors, externalAuth, directResponse, credential, cookies, hostFrom, tellsHost } = filters
  return [redirect, asksForCopies, cors, externalAuth, directResponse, credential, cookies, hostFrom, tellsHost].some(isThere)
}

/** Why a rule cannot do what its filters ask for: it would have to answer and to send the request on. */
export function answersAndForwards({ redirect, directResponse, ...others }: CollectedFilters, at: number): string | undefined {
  if (directResponse === undefined) return undefined
  const { hostRewrite, pathRewrite, hostFrom, credential, asksForCopies } = others
  const isForwarding = [redirect, hostRewrite, pathRewrite, hostFrom, credential, asksForCopies].some(isThere)
  return isForwarding
    ? `spec.rules[${at}].filters: a directResponse cannot stand beside redirects, rewrites, mirrors and credentials.`
    : undefined
}

function isThere(value: unknown): boolean {
  return value !== undefined
}

function addFilter(context: RuleContext, sum: CollectedFilters, filter: RouteFilter, usage: RequestUsage): CollectedFilters {
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
      ...(hostname === undefined ? sum : without(sum, 'hostFrom')),
      ...(hostname === undefined ? {} : { hostRewrite: hostname }),
      ...(path === undefined ? {} : { pathRewrite: pathChange(path) }),
    }
  }
  if (cors !== undefined) return { ...sum, cors: corsOf(cors) }
  if (externalAuth !== undefined) {
    const asked = externalAuthOf(context, externalAuth)
    return { ...sum, externalAuth: asked.auth, problems: [...sum.problems, ...(asked.problem === undefined ? [] : [asked.problem])] }
  }
  return addExtension(context, sum, filter)
}

function addMirror(context: RuleContext, sum: CollectedFilters, filter: HTTPRequestMirrorFilter, usage: RequestUsage): CollectedFilters {
  const found = findBackend(context, filter.backendRef, mirrorUsage(usage))
  const asked = { ...sum, asksForCopies: true } as const
  if (!found.ok) return { ...asked, problems: [...sum.problems, ...(found.problem === undefined ? [] : [found.problem])] }
  const { numerator, denominator } = filter.fraction ?? { numerator: filter.percent ?? 100, denominator: 100 }
  return numerator === 0 ? asked : { ...asked, mirrors: [...sum.mirrors, { cluster: found.cluster, numerator, denominator }] }
}

function addExtension(context: RuleContext, sum: CollectedFilters, { extensionRef }: RouteFilter): CollectedFilters {
  if (extensionRef === undefined || !isHttpRouteFilter(extensionRef)) {
    const what = extensionRef === undefined ? 'A filter' : `The filter ${extensionRef.group}/${extensionRef.kind} "${extensionRef.name}"`
    return refuse(sum, 'InvalidKind', `${what} is not supported: requests that it is for get an error.`)
  }
  const found = findHttpRouteFilter(context, extensionRef)
  const known = found.origin === undefined ? sum : { ...sum, origins: [...sum.origins, found.origin] }
  if (!found.ok) return refuse(known, 'InvalidFilterRef', `${found.message} Requests that it is for get an error.`)
  const { responseHeaders, ...extension } = found.extension
  const twice = saidTwice(sum, extension)
  if (twice !== undefined) return refuse(known, 'InvalidFilterRef', `The HTTPRouteFilter "${extensionRef.name}" has ${twice}`)
  return {
    ...(extension.hostFrom === undefined ? known : without(known, 'hostRewrite')),
    ...extension,
    ...(responseHeaders === undefined ? {} : { responseHeaders: mergeHeaderChanges(sum.responseHeaders, responseHeaders) }),
  }
}

/** What HTTPRouteFilters say and a rule can have once, in words. */
const ONCE = { credential: 'a second credential', directResponse: 'a second answer', cookies: 'a second list of matches' } as const

/** What filters say although those before them have said it: it would take the place of that, and nobody would know. */
function saidTwice(
  before: Pick<CollectedFilters, keyof typeof ONCE>,
  later: Pick<CollectedFilters, keyof typeof ONCE>,
): string | undefined {
  const words = (['credential', 'directResponse', 'cookies'] as const).flatMap((each) =>
    isThere(before[each]) && isThere(later[each]) ? [ONCE[each]] : [],
  )
  return words.length === 0 ? undefined : `${words.join(' and ')}: a rule can only have one. Requests that it is for get an error.`
}

function withoutHost(sum: CollectedFilters, { hostRewrite, hostFrom }: CollectedFilters): CollectedFilters {
  if (hostRewrite !== undefined) return without(sum, 'hostFrom')
  return hostFrom === undefined ? sum : without(sum, 'hostRewrite')
}

/** The later of two filters that say the host counts. */
function without(sum: CollectedFilters, field: 'hostRewrite' | 'hostFrom'): CollectedFilters {
  const { [field]: _gone, ...rest } = sum
  return rest
}

function refuse(sum: CollectedFilters, reason: string, message: string): CollectedFilters {
  return { ...sum, problems: [...sum.problems, { reason, message }], isRefused: true }
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
    ? { kind: 'fullPath', value: toPath(replaceFullPath ?? '') }
    : { kind: 'prefix', value: replacePrefixMatch === '' ? '' : toPath(replacePrefixMatch ?? '') }
}

/** What is asked for as a request can hold it: a path begins with a slash and has no blanks, which the API does not demand of it. */
function toPath(text: string): string {
  const encoded = text.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
  return encoded.startsWith('/') ? encoded : `/${encoded}`
}
