/**
 * The filters of HTTPRoutes; GRPCRoutes share some.
 *
 * Source: Gateway API v1.7.0, `HTTPRouteFilter`.
 */
import type { HTTPPathModifier, HTTPRequestMirrorFilter, HTTPRouteRuleFilter } from '../gen/kinds.js'
import {
  boolean,
  int32,
  integer,
  list,
  listBy,
  object,
  oneOf,
  optional,
  required,
  rule,
  setOf,
  string,
  withRules,
} from '../schema/build.js'
import type { ArraySchema, ObjectSchema, Rule } from '../schema/schema.js'
import { externalAuthFilter } from './external-auth.js'
import { fieldBelongsToType, notRepeated } from './filter-rules.js'
import { fraction } from './fraction.js'
import { backendObjectReference, localObjectReference } from './references.js'
import { corsOrigin, headerName, headerValue, portNumber, preciseHostname } from './strings.js'

/** The methods that a route can match on. */
export const HTTP_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']

/** A header and its value. */
export const httpHeader: ObjectSchema = object('HTTPHeader', 'A header and its value.', {
  name: required(headerName, 'Name of the header.'),
  value: required(headerValue, 'Value of the header.'),
})

/** Changes headers. */
export const headerFilter: ObjectSchema = object('HTTPHeaderFilter', 'Changes headers.', {
  set: optional(listBy(['name'], httpHeader, { maxItems: 16 }), 'Headers that get this value instead of any that they have.'),
  add: optional(listBy(['name'], httpHeader, { maxItems: 16 }), 'Headers that get this value beside any that they have.'),
  remove: optional(setOf(string(), { maxItems: 16 }), 'Headers that go away.'),
})

/** Sends copies of requests to another backend. */
export const mirrorFilter: ObjectSchema = withRules(
  object('HTTPRequestMirrorFilter', 'Sends copies of requests to another backend, whose answers are dropped.', {
    backendRef: required(backendObjectReference, 'Where the copies go.'),
    percent: optional(int32({ minimum: 0, maximum: 100 }), 'Share of the requests in percent; all when left out.'),
    fraction: optional(fraction, 'Share of the requests; all when left out.'),
  }),
  rule<HTTPRequestMirrorFilter>(
    'mirror-percent-or-fraction',
    '!(has(self.percent) && has(self.fraction))',
    'Only one of percent or fraction may be specified in HTTPRequestMirrorFilter',
    (self) => self.percent === undefined || self.fraction === undefined,
  ),
)

const pathModifier: ObjectSchema = object(
  'HTTPPathModifier',
  'Changes the path.',
  {
    type: required(oneOf(['ReplaceFullPath', 'ReplacePrefixMatch'], { name: 'HTTPPathModifierType' }), 'What is replaced.'),
    replaceFullPath: optional(string({ maxLength: 1024 }), 'The new path.'),
    replacePrefixMatch: optional(string({ maxLength: 1024 }), 'What stands in place of the matched prefix.'),
  },
  { rules: [...modifierRules('replaceFullPath', 'ReplaceFullPath'), ...modifierRules('replacePrefixMatch', 'ReplacePrefixMatch')] },
)

const redirectFilter: ObjectSchema = object('HTTPRequestRedirectFilter', 'Answers with a redirect.', {
  scheme: optional(oneOf(['http', 'https']), "Scheme of the new address; the request's when left out."),
  hostname: optional(preciseHostname, "Host of the new address; the request's when left out."),
  path: optional(pathModifier, "Path of the new address; the request's when left out."),
  port: optional(portNumber, "Port of the new address; that of the scheme or else the listener's when left out."),
  statusCode: optional(integer({ enum: [301, 302, 303, 307, 308] }), 'Status of the answer.', { default: 302 }),
})

const urlRewriteFilter: ObjectSchema = object('HTTPURLRewriteFilter', 'Changes host and path on the way to the backend.', {
  hostname: optional(preciseHostname, 'The new host.'),
  path: optional(pathModifier, 'The new path.'),
})

/** Answers cross-origin requests of browsers. */
export const corsFilter: ObjectSchema = object('HTTPCORSFilter', 'Answers cross-origin requests of browsers.', {
  allowOrigins: optional(
    setOf(corsOrigin, { maxItems: 64, rules: [wildcardStandsAlone('origins', 'AllowOrigins', 'origins')] }),
    'Origins that may ask.',
  ),
  allowCredentials: optional(boolean(), 'Whether requests may carry credentials.'),
  allowMethods: optional(
    setOf(oneOf([...HTTP_METHODS, '*'], { name: 'HTTPMethodWithWildcard' }), {
      maxItems: 9,
      rules: [wildcardStandsAlone('methods', 'AllowMethods', 'methods')],
    }),
    'Methods that may be used.',
  ),
  // The message of the CRD says "methods" for headers too.
  allowHeaders: optional(
    setOf(headerName, { maxItems: 64, rules: [wildcardStandsAlone('headers', 'AllowHeaders', 'methods')] }),
    'Request headers that may be used.',
  ),
  exposeHeaders: optional(setOf(headerName, { maxItems: 64 }), 'Response headers that the page may read.'),
  maxAge: optional(int32({ minimum: 1 }), 'How many seconds the answer may be kept.', { default: 5 }),
})

const httpRouteFilter: ObjectSchema = object(
  // `HTTPRouteFilter` in Gateway API: a kind of ours has that name.
  'HTTPRouteRuleFilter',
  'Changes requests or answers, or answers itself.',
  {
    type: required(
      oneOf(
        [
          'RequestHeaderModifier',
          'ResponseHeaderModifier',
          'RequestMirror',
          'RequestRedirect',
          'URLRewrite',
          'ExtensionRef',
          'CORS',
          'ExternalAuth',
        ],
        { name: 'HTTPRouteFilterType', experimentalEnum: ['ExternalAuth'] },
      ),
      'Which filter this is.',
    ),
    requestHeaderModifier: optional(headerFilter, 'Changes headers of requests.'),
    responseHeaderModifier: optional(headerFilter, 'Changes headers of answers.'),
    requestMirror: optional(mirrorFilter, 'Sends copies of requests to another backend.'),
    requestRedirect: optional(redirectFilter, 'Answers with a redirect.'),
    urlRewrite: optional(urlRewriteFilter, 'Changes host and path on the way to the backend.'),
    cors: optional(corsFilter, 'Answers cross-origin requests of browsers.'),
    externalAuth: optional(externalAuthFilter, 'Asks another server whether a request may pass.', { channel: 'experimental' }),
    extensionRef: optional(localObjectReference, 'A filter of an implementation.'),
  },
  {
    rules: [
      ...fieldBelongsToType('cors', 'CORS'),
      ...fieldBelongsToType('requestHeaderModifier', 'RequestHeaderModifier'),
      ...fieldBelongsToType('responseHeaderModifier', 'ResponseHeaderModifier'),
      ...fieldBelongsToType('requestMirror', 'RequestMirror'),
      ...fieldBelongsToType('requestRedirect', 'RequestRedirect'),
      ...fieldBelongsToType('urlRewrite', 'URLRewrite'),
      ...fieldBelongsToType('extensionRef', 'ExtensionRef'),
      ...fieldBelongsToType('externalAuth', 'ExternalAuth', { channel: 'experimental' }),
    ],
  },
)

/** Filters of a rule or of a backend, in the order in which they are written. */
export const httpRouteFilters: ArraySchema = list(httpRouteFilter, {
  maxItems: 16,
  rules: [
    rule<readonly HTTPRouteRuleFilter[]>(
      'redirect-or-rewrite',
      "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",
      'May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both',
      (filters) => !(filters.some((each) => each.type === 'RequestRedirect') && filters.some((each) => each.type === 'URLRewrite')),
    ),
    ...['CORS', 'RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect', 'URLRewrite'].map(notRepeated),
  ],
})

function modifierRules(field: 'replaceFullPath' | 'replacePrefixMatch', type: HTTPPathModifier['type']): readonly Rule[] {
  return [
    rule<HTTPPathModifier>(
      `${type}-has-its-field`,
      `self.type == '${type}' ? has(self.${field}) : true`,
      `${field} must be specified when type is set to '${type}'`,
      (self) => self.type !== type || self[field] !== undefined,
    ),
    rule<HTTPPathModifier>(
      `${type}-field-only-for-it`,
      `has(self.${field}) ? self.type == '${type}' : true`,
      `type must be '${type}' when ${field} is set`,
      (self) => self[field] === undefined || self.type === type,
    ),
  ]
}

function wildcardStandsAlone(what: string, field: string, others: string): Rule {
  return rule<readonly string[]>(
    `any-${what}-stands-alone`,
    "!('*' in self && self.size() > 1)",
    `${field} cannot contain '*' alongside other ${others}`,
    (self) => !(self.includes('*') && self.length > 1),
  )
}
