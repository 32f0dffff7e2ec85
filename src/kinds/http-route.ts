/** HTTPRoute. Source: Gateway API v1.7.0, `apis/v1/httproute_types.go`. */
import type { HTTPRouteRule, HTTPRouteRuleFilter, HTTPRouteTimeouts } from '../gen/kinds.js'
import { integer, list, object, optional, required, rule, setOf } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema, Rule } from '../schema/schema.js'
import { durationMilliseconds } from './duration.js'
import { httpRouteFilters } from './http-filters.js'
import { EVERY_PATH, httpRouteMatch } from './http-match.js'
import { backendReferenceRules } from './references.js'
import { commonRouteFields, routeStatusFields, ruleList, UNIQUE_RULE_NAMES, weightedBackendFields } from './route.js'
import { sessionPersistence } from './session-persistence.js'
import { duration, hostname, sectionName } from './strings.js'

const MAX_RULES = 16
const MAX_MATCHES = 128
const REQUIRE_ONE_PREFIX =
  "((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true) : true"

const timeouts: ObjectSchema = object(
  'HTTPRouteTimeouts',
  'How long things may take.',
  {
    request: optional(duration, 'From the request to the end of the answer, with all retries; `0s` is for ever.'),
    backendRequest: optional(duration, 'One request to the backend, until the end of its answer; `0s` is for ever.'),
  },
  {
    rules: [
      rule<HTTPRouteTimeouts>(
        'backend-timeout-within-request-timeout',
        "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))",
        'backendRequest timeout cannot be longer than request timeout',
        (self) => {
          if (self.request === undefined || self.backendRequest === undefined) return true
          const request = durationMilliseconds(self.request)
          return request === 0 || durationMilliseconds(self.backendRequest) <= request
        },
      ),
    ],
  },
)

const retry: ObjectSchema = object('HTTPRouteRetry', 'When a request is tried again.', {
  codes: optional(setOf(integer({ minimum: 400, maximum: 599 })), 'Statuses of the backend that are tried again.'),
  attempts: optional(integer({ minimum: 0 }), 'How often a request is tried again.', { default: 1 }),
  backoff: optional(duration, 'How long to wait at least before trying again.'),
})

const backendRef: ObjectSchema = object(
  'HTTPBackendRef',
  'A backend, its share of the requests and filters for them.',
  { ...weightedBackendFields, filters: optional(httpRouteFilters, 'Filters for requests that go to this backend.') },
  { rules: backendReferenceRules },
)

const httpRouteRule: ObjectSchema = object(
  'HTTPRouteRule',
  'Requests, and what happens with them.',
  {
    name: optional(sectionName, 'Name of the rule, unique within the route.'),
    matches: optional(list(httpRouteMatch, { maxItems: 64 }), 'The requests: any entry is enough.', { default: [{ path: EVERY_PATH }] }),
    filters: optional(httpRouteFilters, 'What is changed on the way.'),
    backendRefs: optional(list(backendRef, { maxItems: 16 }), 'Where requests go.'),
    timeouts: optional(timeouts, 'How long things may take.'),
    retry: optional(retry, 'When a request is tried again.'),
    sessionPersistence: optional(sessionPersistence, 'Keeps the requests of one session on one endpoint.', { channel: 'experimental' }),
  },
  {
    rules: [
      rule<HTTPRouteRule>(
        'redirect-without-backends',
        '(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true',
        'RequestRedirect filter must not be used together with backendRefs',
        (self) => (self.backendRefs ?? []).length === 0 || (self.filters ?? []).every((each) => each.requestRedirect === undefined),
      ),
      prefixRule('requestRedirect', 'RequestRedirect'),
      prefixRule('urlRewrite', 'URLRewrite'),
      backendPrefixRule('requestRedirect', 'Within backendRefs, when using RequestRedirect'),
      backendPrefixRule('urlRewrite', 'Within backendRefs, When using URLRewrite'),
    ],
  },
)

const spec: ObjectSchema = object('HTTPRouteSpec', 'Which requests go where.', {
  ...commonRouteFields,
  hostnames: optional(list(hostname, { maxItems: 16 }), "Hosts that the route is about; the listener's when left out."),
  rules: optional(
    ruleList(httpRouteRule, {
      minItems: 1,
      rules: [
        UNIQUE_RULE_NAMES,
        rule<readonly HTTPRouteRule[]>(
          'matches-in-all-rules',
          `${sumOverRules((at) => `self.size() > ${at} ? self[${at}].matches.size() : 0`)} <= ${MAX_MATCHES}`,
          'While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128',
          (rules) => rules.reduce((sum, each) => sum + each.matches.length, 0) <= MAX_MATCHES,
        ),
      ],
    }),
    'What happens with the requests.',
    { default: [{ matches: [{ path: EVERY_PATH }] }] },
  ),
})

/** HTTPRoute: which HTTP requests go where. */
export const httpRoute: KindDefinition = {
  kind: 'HTTPRoute',
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1beta1'],
  plural: 'httproutes',
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  schema: object('HTTPRoute', 'Which HTTP requests go where.', {
    spec: required(spec, 'Which requests go where.'),
    status: optional(object('HTTPRouteStatus', 'What controllers say of an HTTPRoute.', routeStatusFields), 'What controllers say of it.'),
  }),
}

/** `(term for rule 0) + (term for rule 1) + …`: CEL has no sum over a list. */
export function sumOverRules(term: (at: number) => string): string {
  return Array.from({ length: MAX_RULES }, (_, at) => `(${term(at)})`).join(' + ')
}

type PathFilter = 'requestRedirect' | 'urlRewrite'

function prefixRule(field: PathFilter, type: string): Rule {
  return rule<HTTPRouteRule>(
    `${type}-prefix-needs-one-prefix-match`,
    `(has(self.filters) && self.filters.${existsOneReplacement(field)}) ? ${REQUIRE_ONE_PREFIX}`,
    `When using ${type} filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified`,
    (self) => replacements(self.filters, field) !== 1 || hasOnePrefixMatch(self),
  )
}

function backendPrefixRule(field: PathFilter, message: string): Rule {
  return rule<HTTPRouteRule>(
    `backend-${field}-prefix-needs-one-prefix-match`,
    `(has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && b.filters.${existsOneReplacement(field)}) )) ? ${REQUIRE_ONE_PREFIX}`,
    `${message} filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified`,
    (self) => {
      const replacing = (self.backendRefs ?? []).filter((each) => replacements(each.filters, field) === 1)
      return replacing.length !== 1 || hasOnePrefixMatch(self)
    },
  )
}

function existsOneReplacement(field: PathFilter): string {
  return `exists_one(f, has(f.${field}) && has(f.${field}.path) && f.${field}.path.type == 'ReplacePrefixMatch' && has(f.${field}.path.replacePrefixMatch))`
}

function replacements(filters: readonly HTTPRouteRuleFilter[] | undefined, field: PathFilter): number {
  return (filters ?? []).filter((each) => {
    const path = each[field]?.path
    return path?.type === 'ReplacePrefixMatch' && path.replacePrefixMatch !== undefined
  }).length
}

function hasOnePrefixMatch(self: HTTPRouteRule): boolean {
  return self.matches.length === 1 && self.matches[0]?.path.type === 'PathPrefix'
}
