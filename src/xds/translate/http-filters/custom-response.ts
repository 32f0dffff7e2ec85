/** Other answers than those of backends and of Envoy itself. */
import type { envoy, google } from '../../../gen/envoy/types.js'
import { BODILESS_STATUSES, isBodiless } from '../../../ir/bodiless.js'
import type { CustomAnswer, CustomRedirect, ResponseOverride } from '../../../ir/request-traffic.js'
import { literally } from '../../../util/literally.js'
import { any, uint32 } from '../../message.js'
import { headerMutations } from '../header-mutations.js'
import { inputIs, type Predicate } from '../matching.js'
import type { RouteFilter } from './slot.js'

type LocalResponsePolicy = envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy

/** The first override that matches counts. */
export function customResponses(overrides: readonly ResponseOverride[]): readonly RouteFilter[] {
  if (overrides.length === 0) return []
  const matchers = overrides.map((override) => ({
    predicate: allOf([...statuses(override), ...withBody(override), ...headers(override), ...source(override)]),
    onMatch: { action: { name: 'override', typedConfig: policy(override.answer) } },
  }))
  return [
    ...(overrides.some(({ answer }) => answer.kind === 'redirect') ? [REMEMBER] : []),
    {
      name: 'envoy.filters.http.custom_response',
      typedConfig: any('envoy.extensions.filters.http.custom_response.v3.CustomResponse', {
        customResponseMatcher: { matcherList: { matchers } },
      }),
    },
  ]
}

function statuses({ statuses: ranges }: ResponseOverride): readonly Predicate[] {
  return ranges.length === 0 ? [] : [hasStatus(statusPattern(ranges))]
}

/** Where the status stays and the body does not, only answers that have a body. */
function withBody({ answer }: ResponseOverride): readonly Predicate[] {
  const isForBodies = answer.kind === 'answer' && answer.body !== undefined && answer.statusCode === undefined
  return isForBodies ? [{ notMatcher: hasStatus(BODILESS_STATUSES.join('|')) }] : []
}

function hasStatus(regex: string): Predicate {
  const typedConfig = any('envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput', {})
  return inputIs({ name: 'status', typedConfig }, { kind: 'regex', value: regex })
}

/** An expression for statuses: whole hundreds in short, others one by one. */
function statusPattern(ranges: ResponseOverride['statuses']): string {
  const all = new Set(ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at)))
  const hundreds = [1, 2, 3, 4, 5].filter((hundred) =>
    Array.from({ length: 100 }, (_, at) => hundred * 100 + at).every((code) => all.has(code)),
  )
  const others = [...all].filter((code) => !hundreds.includes(Math.floor(code / 100))).sort((a, b) => a - b)
  return [...hundreds.map((hundred) => `${hundred}[0-9]{2}`), ...others].join('|')
}

function headers({ headers: wanted }: ResponseOverride): readonly Predicate[] {
  return wanted.map(({ name, ...match }) => {
    const typedConfig = any('envoy.type.matcher.v3.HttpResponseHeaderMatchInput', { headerName: name })
    return inputIs({ name: 'header', typedConfig }, match)
  })
}

function source({ source: whose }: ResponseOverride): readonly Predicate[] {
  if (whose === 'any') return []
  const typedConfig = any('envoy.type.matcher.v3.HttpResponseLocalReplyMatchInput', {})
  return [inputIs({ name: 'source', typedConfig }, { kind: 'exact', value: whose === 'local' ? 'true' : 'false' })]
}

function allOf(predicates: readonly Predicate[]): Predicate {
  const [first, ...others] = predicates
  return first !== undefined && others.length === 0 ? first : { andMatcher: { predicate: predicates } }
}

function policy(answer: CustomAnswer | CustomRedirect): google.protobuf.Any {
  return any(
    'envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy',
    answer.kind === 'answer' ? local(answer) : redirect(answer),
  )
}

function local({ statusCode, contentType, body, set, add }: CustomAnswer): LocalResponsePolicy {
  const typed = contentType === undefined ? set : [{ name: 'content-type', value: contentType }, ...set]
  const { responseHeadersToAdd } = headerMutations({ set: [], add: [], remove: [] }, { set: typed, add, remove: [] })
  return {
    ...(statusCode === undefined ? {} : { statusCode: uint32(statusCode) }),
    ...(body === undefined || (statusCode !== undefined && isBodiless(statusCode)) ? {} : { body: { inlineString: body } }),
    ...(responseHeadersToAdd === undefined ? {} : { responseHeadersToAdd }),
  }
}

const REQUEST = 'headgate.request'

/** What a client asked for, before the route writes another host or path. A script, because nothing else in Envoy takes the port from a host. */
const REMEMBER: RouteFilter = {
  name: 'headgate.remember_request',
  typedConfig: any('envoy.extensions.filters.http.lua.v3.Lua', {
    defaultSourceCode: {
      inlineString: `
function envoy_on_request(request)
  local headers = request:headers()
  local remembered = request:streamInfo():dynamicMetadata()
  local authority = headers:get(":authority") or ""
  remembered:set("${REQUEST}", "authority", authority)
  remembered:set("${REQUEST}", "host", (string.gsub(authority, ":%d+$", "")))
  remembered:set("${REQUEST}", "path", headers:get(":path") or "/")
end
`,
    },
  }),
}

/** Envoy has redirects for itself alone here: this one is for the client, put together from what it asked for. */
function redirect({ statusCode, scheme, hostname, port, path }: CustomRedirect): LocalResponsePolicy {
  const asked = (what: 'authority' | 'host' | 'path'): string => `%DYNAMIC_METADATA(${REQUEST}:${what})%`
  // The port of the request goes with its host and its scheme.
  const host = hostname === undefined ? asked(scheme === undefined && port === undefined ? 'authority' : 'host') : literally(hostname)
  const place = `${host}${port === undefined ? '' : `:${port}`}`
  const location = `${scheme ?? '%REQ(:SCHEME)%'}://${place}${path === undefined ? asked('path') : literally(path)}`
  return { statusCode: uint32(statusCode), responseHeadersToAdd: [{ header: { key: 'location', value: location } }] }
}
