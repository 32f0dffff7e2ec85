/** How often something may be asked, as a BackendTrafficPolicy says it. */
import type { RateLimitCost, RateLimitHeader, RateLimitQueryParameter, RateLimitSelector, RateLimitSpec } from '../../gen/kinds.js'
import { boolean, int32, list, object, oneOf, optional, required, rule, string } from '../../schema/build.js'
import type { ObjectSchema, Schema } from '../../schema/schema.js'
import { headerName } from '../strings.js'

const value = string({ minLength: 1, maxLength: 1024 })

const header: ObjectSchema = namedValue('RateLimitHeader', 'rate-limit-header', 'A header of the request.', headerName)

const queryParameter: ObjectSchema = namedValue(
  'RateLimitQueryParameter',
  'rate-limit-query-parameter',
  'A parameter of the query.',
  string({ minLength: 1, maxLength: 256 }),
)

/** What has a name and is compared by its value. */
function namedValue(typeName: string, ruleName: string, description: string, name: Schema): ObjectSchema {
  return object(
    typeName,
    description,
    {
      name: required(name, 'Its name.'),
      type: optional(
        oneOf(['Exact', 'RegularExpression', 'Distinct'], { name: 'RateLimitMatchType' }),
        '`Exact`, `RegularExpression` (RE2, all of the value), or `Distinct`: each value has a count of its own.',
        { default: 'Exact' },
      ),
      value: optional(value, 'The value; none for `Distinct`.'),
      invert: optional(boolean(), 'Requests that do not match; not with `Distinct`.', { default: false }),
    },
    {
      rules: [
        rule<RateLimitHeader | RateLimitQueryParameter>(
          `${ruleName}-has-a-value`,
          "(self.type == 'Distinct') != has(self.value) && (self.type != 'Distinct' || !self.invert)",
          'set value unless type is Distinct, which cannot be inverted',
          (self) => (self.type === 'Distinct') !== (self.value !== undefined) && (self.type !== 'Distinct' || !self.invert),
        ),
      ],
    },
  )
}

const path: ObjectSchema = object('RateLimitPath', 'The path of the request, without its query.', {
  type: optional(oneOf(['Exact', 'PathPrefix', 'RegularExpression'], { name: 'RateLimitPathType' }), 'How it is compared.', {
    default: 'PathPrefix',
  }),
  value: required(
    string({ minLength: 1, maxLength: 1024 }),
    'The path, a prefix of it up to a slash, or a regular expression (RE2) for all of it.',
  ),
  invert: optional(boolean(), 'Requests that do not match.', { default: false }),
})

const method: ObjectSchema = object('RateLimitMethod', 'The method of the request.', {
  value: required(string({ minLength: 1, maxLength: 64, pattern: '^[A-Z-]+$' }), 'The method.'),
  invert: optional(boolean(), 'Requests with another one.', { default: false }),
})

const sourceCIDR: ObjectSchema = object('RateLimitSource', 'The address of the client.', {
  type: optional(
    oneOf(['Exact', 'Distinct'], { name: 'RateLimitSourceType' }),
    '`Exact`: all of the range together. `Distinct`: each address for itself.',
    {
      default: 'Exact',
    },
  ),
  value: required(string({ minLength: 4, maxLength: 49 }), 'A range such as `10.0.0.0/8`; `0.0.0.0/0` or `::/0` is everybody.'),
  invert: optional(boolean(), 'Clients outside; not with `Distinct`.', { default: false }),
})

const jwtClaim: ObjectSchema = object(
  'RateLimitClaim',
  'A claim of the JSON Web Token that a SecurityPolicy has checked: each value has a count of its own.',
  {
    provider: required(string({ minLength: 1, maxLength: 253 }), 'The provider of the SecurityPolicy.'),
    claim: required(
      string({ minLength: 1, maxLength: 253 }),
      'The claim, with dots between the names of nested ones. A name with a slash, such as a URL, is one name.',
    ),
  },
)

const selector: ObjectSchema = object(
  'RateLimitSelector',
  'Requests that are counted: all parts must match. With something distinct, each combination of values has a count of its own.',
  {
    headers: optional(list(header, { minItems: 1, maxItems: 16 }), 'Headers.'),
    queryParams: optional(list(queryParameter, { minItems: 1, maxItems: 16 }), 'Parameters of the query.'),
    methods: optional(list(method, { minItems: 1, maxItems: 16 }), 'Methods: one of them, or none of them where all are inverted.'),
    path: optional(path, 'The path.'),
    sourceCIDR: optional(sourceCIDR, 'The client.'),
    jwtClaims: optional(list(jwtClaim, { minItems: 1, maxItems: 8 }), 'Claims of a token.'),
  },
  {
    rules: [
      rule<RateLimitSelector>(
        'selector-selects-something',
        'has(self.headers) || has(self.queryParams) || has(self.methods) || has(self.path) || has(self.sourceCIDR) || has(self.jwtClaims)',
        'set at least one part',
        (self) => Object.values(self).some((part) => part !== undefined),
      ),
      rule<RateLimitSelector>(
        'methods-all-inverted-or-none',
        '!has(self.methods) || self.methods.all(m, m.invert) || self.methods.all(m, !m.invert)',
        'invert all methods or none',
        (self) => self.methods === undefined || self.methods.every((each) => each.invert) || self.methods.every((each) => !each.invert),
      ),
    ],
  },
)

const fromMetadata: ObjectSchema = object('RateLimitValueMetadata', 'Where a filter before says how many requests there may be.', {
  namespace: required(
    string({ minLength: 1, maxLength: 256 }),
    'The namespace of the metadata: `envoy.filters.http.jwt_authn` has the claims of tokens, `envoy.filters.http.ext_authz` what an external authorization over gRPC says.',
  ),
  key: required(
    string({ minLength: 1, maxLength: 256 }),
    'The key in it, for tokens the name of the provider. Its value has `requests_per_unit`, and `unit` as one of `SECOND`, `MINUTE`, `HOUR`, `DAY`, `MONTH` and `YEAR`.',
  ),
  path: optional(
    list(string({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 8 }),
    'Keys that lead to the value from there, such as a claim; the value of `key` itself when left out.',
  ),
})

const limit: ObjectSchema = object('RateLimitValue', 'How many requests in a time.', {
  requests: required(int32({ minimum: 0 }), 'How many; 0 lets none pass.'),
  unit: required(
    oneOf(['Second', 'Minute', 'Hour', 'Day', 'Week', 'Month', 'Year'], { name: 'RateLimitUnit' }),
    'In which time; a month has 30 days, a year 365.',
  ),
  fromMetadata: optional(
    fromMetadata,
    'Takes both from the metadata of the request instead, where they are there; with global limits. Programs of ExtensionPolicies run behind limits, and say nothing here.',
  ),
})

const costNumber: ObjectSchema = object(
  'RateLimitCost',
  'What something counts for: a number, or what Envoy knows about the request.',
  {
    number: optional(int32({ minimum: 0 }), 'A number; 0 counts nothing and still asks whether the limit is reached.'),
    format: optional(
      string({ minLength: 3, maxLength: 256, pattern: '^%[A-Z_]+(\\([^%()]*\\))?%$' }),
      'A command of Envoy that gives a number, such as `%BYTES_RECEIVED%` or `%DYNAMIC_METADATA(ai:tokens)%`. Where it gives none, nothing is counted.',
    ),
  },
  {
    rules: [
      rule<RateLimitCost>(
        'cost-is-number-or-format',
        'has(self.number) != has(self.format)',
        'set either number or format',
        (self) => (self.number !== undefined) !== (self.format !== undefined),
      ),
    ],
  },
)

const cost: ObjectSchema = object('RateLimitCosts', 'What a request counts for.', {
  request: optional(costNumber, 'When it comes; 1 when left out.'),
  response: optional(
    costNumber,
    'When it is answered; with global limits only. The request that goes over the limit is served, the next one is not.',
  ),
})

const ruleSchema: ObjectSchema = object('RateLimitRule', 'A limit, and the requests that count.', {
  clientSelectors: optional(
    list(selector, { minItems: 1, maxItems: 8 }),
    'Which requests: all of these must match; every request counts when left out.',
  ),
  limit: required(limit, 'How many.'),
  cost: optional(cost, 'What a request counts for.'),
  shared: optional(
    boolean(),
    'One count for everything that the policy is about; with global limits. Each rule of each route has its own when left out.',
  ),
  beforeAuthentication: optional(
    boolean(),
    'Counts requests before a SecurityPolicy looks at them, so that those that it refuses count as well; with local limits, and not by claims.',
  ),
  shadowMode: optional(boolean(), 'Counts and turns nobody away.'),
})

/** How often something may be asked. */
export const rateLimit: ObjectSchema = object(
  'RateLimitSpec',
  'How often something may be asked. A request counts for every rule that it matches, and gets 429 when one of them is used up.',
  {
    type: required(
      oneOf(['Local', 'Global'], { name: 'RateLimitType' }),
      '`Local`: each Envoy counts for itself. `Global`: all Envoys count together, in the rate limit service.',
    ),
    rules: required(list(ruleSchema, { minItems: 1, maxItems: 64 }), 'The limits.'),
    headers: optional(
      oneOf(['Off', 'DraftVersion03'], { name: 'RateLimitHeaders' }),
      '`DraftVersion03`: answers say what is left (`x-ratelimit-limit`, `-remaining`, `-reset`). Off when left out.',
    ),
    failOpen: optional(
      boolean(),
      'Whether requests pass while the rate limit service cannot be asked; they get 500 when left out. For `Global`.',
    ),
  },
  {
    rules: [
      rule<RateLimitSpec>(
        'only-global-limits-may-fail-open',
        "self.type == 'Global' || !has(self.failOpen)",
        'failOpen goes with Global',
        (self) => self.type === 'Global' || self.failOpen === undefined,
      ),
    ],
  },
)
