/** Rules whose filters exclude each other. Source: Gateway API v1.7, `RouteReasonIncompatibleFilters`. */
import type { AnyRoute } from './any-route.js'
import type { RouteFilter } from './filters.js'
import type { UnusableRule } from './unusable-rules.js'

/** The rules of a route whose filters exclude each other, in their order. Requests that match one get an error, if the route is accepted at all. */
export function incompatibleRules(route: AnyRoute): readonly UnusableRule[] {
  if (route.kind !== 'HTTPRoute') return []
  return route.spec.rules.flatMap((each, rule) => {
    const message = incompatibleFilters(each, rule)
    return message === undefined ? [] : [{ rule, message }]
  })
}

/** Where a rule of either kind of route has filters. */
interface FilteringRule {
  readonly filters?: readonly RouteFilter[]
  readonly backendRefs?: readonly { readonly filters?: readonly RouteFilter[] }[]
}

/**
 * Which filters of a rule exclude each other. Within one list of filters the schema sees to most of it; it does not see that the rule rewrites
 * what its backend redirects (a rule that redirects has no backends), nor that a rule asks two servers: one of them would not be asked.
 *
 * @param at position in `spec.rules`
 */
export function incompatibleFilters(rule: FilteringRule, at: number): string | undefined {
  return rewritesAndRedirects(rule, at) ?? asksTwice(rule, at)
}

function rewritesAndRedirects({ filters = [], backendRefs = [] }: FilteringRule, at: number): string | undefined {
  if (!filters.some(({ urlRewrite }) => urlRewrite !== undefined)) return undefined
  const redirecting = backendRefs.flatMap((ref, index) =>
    (ref.filters ?? []).some(({ requestRedirect }) => requestRedirect !== undefined) ? [`backendRefs[${index}]`] : [],
  )
  if (redirecting.length === 0) return undefined
  return `spec.rules[${at}]: URLRewrite of the rule and RequestRedirect of ${redirecting.join(', ')} exclude each other.`
}

function asksTwice({ filters = [], backendRefs: [only, ...others] = [] }: FilteringRule, at: number): string | undefined {
  // Of several backends none can ask.
  const all = [...filters, ...(others.length > 0 ? [] : (only?.filters ?? []))]
  return all.filter(({ externalAuth }) => externalAuth !== undefined).length > 1
    ? `spec.rules[${at}]: a rule can ask one server, and has several filters ExternalAuth.`
    : undefined
}
