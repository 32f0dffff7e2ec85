/** GRPCRoute. Source: Gateway API v1.7.0, `apis/v1/grpcroute_types.go`. */
import type { GRPCMethodMatch, GRPCRouteRule } from '../gen/kinds.js'
import { list, listBy, object, oneOf, optional, required, rule, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ArraySchema, ObjectSchema } from '../schema/schema.js'
import { fieldBelongsToType, notRepeated } from './filter-rules.js'
import { headerFilter, mirrorFilter } from './http-filters.js'
import { sumOverRules } from './http-route.js'
import { backendReferenceRules, localObjectReference } from './references.js'
import { commonRouteFields, routeStatusFields, ruleList, UNIQUE_RULE_NAMES, weightedBackendFields } from './route.js'
import { sessionPersistence } from './session-persistence.js'
import { headerName, hostname, sectionName } from './strings.js'

const MAX_MATCHES = 128
const SERVICE_TEXT = '^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$'
const SERVICE = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i
const METHOD = /^[A-Za-z_][A-Za-z_0-9]*$/

const methodMatch: ObjectSchema = object(
  'GRPCMethodMatch',
  'Selects calls by their service and method.',
  {
    type: optional(oneOf(['Exact', 'RegularExpression'], { name: 'GRPCMethodMatchType' }), 'How they are compared.', { default: 'Exact' }),
    service: optional(string({ maxLength: 1024 }), 'Full name of the service; every service when left out.'),
    method: optional(string({ maxLength: 1024 }), 'Name of the method; every method when left out.'),
  },
  {
    rules: [
      rule<GRPCMethodMatch>(
        'service-or-method',
        'has(self.type) ? has(self.service) || has(self.method) : true',
        "One or both of 'service' or 'method' must be specified",
        (self) => self.service !== undefined || self.method !== undefined,
      ),
      rule<GRPCMethodMatch>(
        'service-characters',
        `(!has(self.type) || self.type == 'Exact') && has(self.service) ? self.service.matches(r"""${SERVICE_TEXT}"""): true`,
        `service must only contain valid characters (matching ${SERVICE_TEXT})`,
        (self) => self.type !== 'Exact' || self.service === undefined || SERVICE.test(self.service),
      ),
      rule<GRPCMethodMatch>(
        'method-characters',
        `(!has(self.type) || self.type == 'Exact') && has(self.method) ? self.method.matches(r"""${METHOD.source}"""): true`,
        `method must only contain valid characters (matching ${METHOD.source})`,
        (self) => self.type !== 'Exact' || self.method === undefined || METHOD.test(self.method),
      ),
    ],
  },
)

const headerMatch: ObjectSchema = object('GRPCHeaderMatch', 'Selects calls by a header.', {
  type: optional(oneOf(['Exact', 'RegularExpression'], { name: 'GRPCHeaderMatchType' }), 'How the value is compared.', {
    default: 'Exact',
  }),
  name: required(headerName, 'Name of the header; compared without case.'),
  value: required(string({ minLength: 1, maxLength: 4096 }), 'What the value is compared with.'),
})

const grpcRouteMatch: ObjectSchema = object('GRPCRouteMatch', 'Selects calls that meet all of its parts.', {
  method: optional(methodMatch, 'What service and method must be; every call when left out.'),
  headers: optional(listBy(['name'], headerMatch, { maxItems: 16 }), 'What headers must be.'),
})

const grpcRouteFilter: ObjectSchema = object(
  'GRPCRouteFilter',
  'Changes calls or answers.',
  {
    type: required(
      oneOf(['ResponseHeaderModifier', 'RequestHeaderModifier', 'RequestMirror', 'ExtensionRef'], { name: 'GRPCRouteFilterType' }),
      'Which filter this is.',
    ),
    requestHeaderModifier: optional(headerFilter, 'Changes headers of calls.'),
    responseHeaderModifier: optional(headerFilter, 'Changes headers of answers.'),
    requestMirror: optional(mirrorFilter, 'Sends copies of calls to another backend.'),
    extensionRef: optional(localObjectReference, 'A filter of an implementation.'),
  },
  {
    rules: [
      ...fieldBelongsToType('requestHeaderModifier', 'RequestHeaderModifier'),
      ...fieldBelongsToType('responseHeaderModifier', 'ResponseHeaderModifier'),
      ...fieldBelongsToType('requestMirror', 'RequestMirror'),
      ...fieldBelongsToType('extensionRef', 'ExtensionRef'),
    ],
  },
)

const filters: ArraySchema = list(grpcRouteFilter, {
  maxItems: 16,
  rules: ['RequestHeaderModifier', 'ResponseHeaderModifier'].map(notRepeated),
})

const backendRef: ObjectSchema = object(
  'GRPCBackendRef',
  'A backend, its share of the calls and filters for them.',
  { ...weightedBackendFields, filters: optional(filters, 'Filters for calls that go to this backend.') },
  { rules: backendReferenceRules },
)

const grpcRouteRule: ObjectSchema = object('GRPCRouteRule', 'Calls, and what happens with them.', {
  name: optional(sectionName, 'Name of the rule, unique within the route.'),
  matches: optional(list(grpcRouteMatch, { maxItems: 64 }), 'The calls: any entry is enough; every call when left out.'),
  filters: optional(filters, 'What is changed on the way.'),
  backendRefs: optional(list(backendRef, { maxItems: 16 }), 'Where calls go.'),
  sessionPersistence: optional(sessionPersistence, 'Keeps the calls of one session on one endpoint.', { channel: 'experimental' }),
})

const spec: ObjectSchema = object('GRPCRouteSpec', 'Which calls go where.', {
  ...commonRouteFields,
  hostnames: optional(list(hostname, { maxItems: 16 }), "Hosts that the route is about; the listener's when left out."),
  rules: optional(
    ruleList(grpcRouteRule, {
      rules: [
        rule<readonly GRPCRouteRule[]>(
          'matches-in-all-rules',
          `${sumOverRules((at) => `self.size() > ${at} ? (has(self[${at}].matches) ? self[${at}].matches.size() : 0) : 0`)} <= ${MAX_MATCHES}`,
          'While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128',
          (rules) => rules.reduce((sum, each) => sum + (each.matches ?? []).length, 0) <= MAX_MATCHES,
        ),
        UNIQUE_RULE_NAMES,
      ],
    }),
    'What happens with the calls.',
  ),
})

/** GRPCRoute: which gRPC calls go where. */
export const grpcRoute: KindDefinition = {
  kind: 'GRPCRoute',
  group: 'gateway.networking.k8s.io',
  versions: ['v1'],
  plural: 'grpcroutes',
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  schema: object('GRPCRoute', 'Which gRPC calls go where.', {
    spec: required(spec, 'Which calls go where.'),
    status: optional(object('GRPCRouteStatus', 'What controllers say of a GRPCRoute.', routeStatusFields), 'What controllers say of it.'),
  }),
}
