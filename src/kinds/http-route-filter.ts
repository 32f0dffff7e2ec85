/** HTTPRouteFilter (headgate.dev): what a rule of a route does beyond the filters of Gateway API. Named by `extensionRef`. */
import type { CookieMatch, CustomResponseBody, HTTPHostnameModifier, HTTPRouteFilterSpec } from '../gen/kinds.js'
import { boolean, int32, list, object, oneOf, optional, required, rule, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { headerFilter } from './http-filters.js'
import { localObjectReference, secretObjectReference } from './references.js'
import { cookieName, headerName } from './strings.js'

/** An expression and what replaces what it finds. */
const substitution = {
  pattern: required(string({ minLength: 1, maxLength: 1024 }), 'A regular expression (RE2).'),
  substitution: required(string({ maxLength: 1024 }), 'What stands in its place; `\\1` is the first group.'),
}

const hostnameModifier: ObjectSchema = object(
  'HTTPHostnameModifier',
  'Where the host that the backend sees comes from.',
  {
    type: required(
      oneOf(['Header', 'Backend', 'PathRegex'], { name: 'HTTPHostnameModifierType' }),
      '`Header`: the value of a request header; without the header the host stays. `Backend`: the DNS name of the endpoint; other endpoints keep the host. `PathRegex`: made from the path.',
    ),
    header: optional(headerName, 'The header, for `Header`.'),
    pathRegex: optional(
      object('HostnamePathRegexRewrite', 'Makes a host from a path.', substitution),
      'Makes the host from the path without its query, for `PathRegex`. The expression should match the whole path.',
    ),
  },
  {
    rules: [
      rule<HTTPHostnameModifier>(
        'hostname-has-what-its-type-names',
        "(self.type == 'Header') == has(self.header) && (self.type == 'PathRegex') == has(self.pathRegex)",
        'set header or pathRegex exactly when type names it',
        (self) =>
          (self.type === 'Header') === (self.header !== undefined) && (self.type === 'PathRegex') === (self.pathRegex !== undefined),
      ),
    ],
  },
)

const urlRewrite: ObjectSchema = object('ExtendedURLRewrite', 'Changes host and path on the way to the backend.', {
  hostname: optional(hostnameModifier, "The host that the backend sees; the request's when left out."),
  path: optional(
    object('HTTPPathRegexModifier', 'Changes the path by a regular expression.', {
      type: optional(oneOf(['ReplaceRegexMatch'], { name: 'HTTPPathRegexModifierType' }), 'How the path is changed.', {
        default: 'ReplaceRegexMatch',
      }),
      replaceRegexMatch: required(
        object('ReplaceRegexMatch', 'Replaces what an expression finds in the path.', substitution),
        'Every match in the path without its query is replaced.',
      ),
    }),
    "The path that the backend sees; the request's when left out.",
  ),
  appendXForwardedHost: optional(boolean(), 'Tells the backend the host of the request in `x-forwarded-host` where the host is changed.', {
    default: false,
  }),
})

const body: ObjectSchema = object(
  'CustomResponseBody',
  'A body of an answer.',
  {
    type: optional(oneOf(['Inline', 'ValueRef'], { name: 'ResponseValueType' }), 'Where it stands.', { default: 'Inline' }),
    inline: optional(string({ maxLength: 65_536 }), 'The text, for `Inline`; at most 64 KiB.'),
    valueRef: optional(localObjectReference, 'The ConfigMap, for `ValueRef`: its key `response.body`, or its only key. At most 64 KiB.'),
    isTemplate: optional(
      boolean(),
      'Replaces `%REQ(name)%` by a header of the request, and `%PROTOCOL%`, `%START_TIME%`, `%STREAM_ID%`, `%ROUTE_NAME%` and `%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%` by what they mean in access logs of Envoy; `%%` is a percent sign. What clients send is not escaped: keep headers out of HTML.',
      { default: false },
    ),
  },
  {
    rules: [
      rule<CustomResponseBody>(
        'body-has-what-its-type-names',
        "(self.type == 'Inline') == has(self.inline) && (self.type == 'ValueRef') == has(self.valueRef)",
        'set inline or valueRef exactly when type names it',
        (self) => (self.type === 'Inline') === (self.inline !== undefined) && (self.type === 'ValueRef') === (self.valueRef !== undefined),
      ),
    ],
  },
)

const directResponse: ObjectSchema = object('HTTPDirectResponseFilter', 'Answers without a backend.', {
  statusCode: optional(int32({ minimum: 200, maximum: 599 }), 'The status of the answer.', { default: 200 }),
  contentType: optional(
    string({ minLength: 1, maxLength: 256, pattern: '^[!-~]([ -~]*[!-~])?$' }),
    'The header `content-type` of the answer; `text/plain` when left out.',
  ),
  body: optional(body, 'The body; none when left out.'),
  header: optional(headerFilter, 'Further headers of the answer.'),
})

const credentialInjection: ObjectSchema = object(
  'HTTPCredentialInjectionFilter',
  'Adds a credential to requests on their way to the backend.',
  {
    header: optional(headerName, 'The header that carries it.', { default: 'Authorization' }),
    overwrite: optional(boolean(), 'Whether it replaces what the client sent in that header; else such requests go on as they are.', {
      default: false,
    }),
    credential: required(
      object('InjectedCredential', 'A credential.', {
        valueRef: required(
          secretObjectReference,
          'The Secret: its key `credential` is the whole value of the header, such as `Bearer abc`.',
        ),
      }),
      'The credential. While it cannot be had, requests get 401.',
    ),
  },
)

const cookieMatch: ObjectSchema = object(
  'CookieMatch',
  'A cookie that a request must carry.',
  {
    type: optional(oneOf(['Exact', 'RegularExpression'], { name: 'CookieMatchType' }), 'How the value is compared.', { default: 'Exact' }),
    name: required(cookieName, 'Its name; upper and lower case differ.'),
    value: required(string({ minLength: 1, maxLength: 4096 }), 'Its value, or an expression (RE2) for the whole of it.'),
  },
  {
    rules: [
      rule<CookieMatch>(
        'exact-cookie-value-has-no-separator',
        "self.type != 'Exact' || !self.value.contains(';')",
        'no cookie has a semicolon in its value',
        (self) => self.type !== 'Exact' || !self.value.includes(';'),
      ),
    ],
  },
)

const spec: ObjectSchema = object(
  'HTTPRouteFilterSpec',
  'What the rule does.',
  {
    urlRewrite: optional(urlRewrite, 'Changes host and path on the way to the backend.'),
    directResponse: optional(directResponse, 'Answers without a backend.'),
    credentialInjection: optional(credentialInjection, 'Adds a credential to requests on their way to the backend.'),
    matches: optional(
      list(
        object('HTTPRouteMatchFilter', 'What a request must look like besides what the rule says.', {
          cookies: required(list(cookieMatch, { minItems: 1, maxItems: 16 }), 'Cookies that it must carry, all of them.'),
        }),
        { minItems: 1, maxItems: 8 },
      ),
      'The rule is only for requests that match one of these, besides what it says itself.',
    ),
  },
  {
    rules: [
      rule<HTTPRouteFilterSpec>(
        'filter-does-something',
        'has(self.urlRewrite) || has(self.directResponse) || has(self.credentialInjection) || has(self.matches)',
        'set at least one of urlRewrite, directResponse, credentialInjection and matches',
        (self) =>
          self.urlRewrite !== undefined ||
          self.directResponse !== undefined ||
          self.credentialInjection !== undefined ||
          self.matches !== undefined,
      ),
      rule<HTTPRouteFilterSpec>(
        'an-answer-goes-to-no-backend',
        '!has(self.directResponse) || (!has(self.urlRewrite) && !has(self.credentialInjection))',
        'with directResponse no request goes to a backend: leave out urlRewrite and credentialInjection',
        (self) => self.directResponse === undefined || (self.urlRewrite === undefined && self.credentialInjection === undefined),
      ),
    ],
  },
)

/** HTTPRouteFilter: what a rule of a route does beyond the filters of Gateway API. */
export const httpRouteFilterKind: KindDefinition = {
  kind: 'HTTPRouteFilter',
  group: 'headgate.dev',
  versions: ['v1alpha1'],
  plural: 'httproutefilters',
  shortNames: ['hgfilter'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: false,
  isOwn: true,
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  schema: object(
    'HTTPRouteFilter',
    'What a rule of an HTTPRoute or GRPCRoute does beyond the filters of Gateway API. Rules name it by a filter of type ExtensionRef; what is wrong with it is said in the status of the route.',
    { spec: required(spec, 'What the rule does.') },
  ),
}
