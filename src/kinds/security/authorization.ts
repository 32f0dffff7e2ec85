/** Which requests may pass. */
import type { AuthorizationOperation, AuthorizationTokenPrincipal } from '../../gen/kinds.js'
import { list, object, oneOf, optional, required, rule, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { HTTP_METHODS } from '../http-filters.js'
import { headerName, sectionName } from '../strings.js'

const action = oneOf(['Allow', 'Deny'], { name: 'AuthorizationAction' })
const values = list(string({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 32 })

const headerMatch: ObjectSchema = object('AuthorizationHeader', 'A header that a request must have.', {
  name: required(headerName, 'Its name.'),
  values: required(values, 'Values of which it must have one. `Allow`: as the only one; `Deny`: among others is enough.'),
})

const queryMatch: ObjectSchema = object('AuthorizationQueryParam', 'A query parameter that a request must have.', {
  name: required(string({ minLength: 1, maxLength: 128 }), 'Its name.'),
  values: required(
    values,
    'Values of which it must have one. `Allow`: as the only one, in one way to write it; `Deny`: among others, in any.',
  ),
})

const pathMatch: ObjectSchema = object('AuthorizationPath', 'A path, without the query, after it was brought into one form.', {
  type: optional(oneOf(['Exact', 'PathPrefix', 'RegularExpression'], { name: 'AuthorizationPathType' }), 'How it is compared.', {
    default: 'PathPrefix',
  }),
  value: required(
    string({ minLength: 1, maxLength: 1024 }),
    'The path; a prefix ends where a segment ends, an expression (RE2) matches the whole path. `Deny` takes any case of letters.',
  ),
})

const operation: ObjectSchema = object(
  'AuthorizationOperation',
  'What the request does.',
  {
    methods: optional(
      list(oneOf(HTTP_METHODS, { name: 'HTTPMethod' }), { minItems: 1, maxItems: 9 }),
      'One of these methods. `Deny` takes them in any case of letters.',
    ),
    paths: optional(list(pathMatch, { minItems: 1, maxItems: 16 }), 'One of these paths.'),
    notPaths: optional(list(pathMatch, { minItems: 1, maxItems: 16 }), 'None of these paths.'),
    queryParams: optional(list(queryMatch, { minItems: 1, maxItems: 16 }), 'All of these query parameters.'),
  },
  {
    rules: [
      rule<AuthorizationOperation>(
        'operation-says-something',
        'has(self.methods) || has(self.paths) || has(self.notPaths) || has(self.queryParams)',
        'set at least one of methods, paths, notPaths and queryParams',
        (self) => [self.methods, self.paths, self.notPaths, self.queryParams].some((each) => each !== undefined),
      ),
    ],
  },
)

const claim: ObjectSchema = object('AuthorizationClaim', 'A claim that the token must have.', {
  name: required(
    string({ minLength: 1, maxLength: 253 }),
    'Its name, with dots between the names of nested ones. A name with a slash, such as a URL, is one name.',
  ),
  valueType: optional(
    oneOf(['String', 'StringArray'], { name: 'AuthorizationClaimType' }),
    'Whether it is one value, or a list of which one is enough. `Deny` takes both.',
    { default: 'String' },
  ),
  values: required(values, 'Values of which it must have one. Numbers and booleans are compared as they are written.'),
})

const token: ObjectSchema = object(
  'AuthorizationTokenPrincipal',
  'A token that was found good, see `jwt`.',
  {
    provider: required(sectionName, 'The name of a provider in `jwt`.'),
    claims: optional(list(claim, { minItems: 1, maxItems: 16 }), 'It has all of these claims.'),
    scopes: optional(
      list(string({ minLength: 1, maxLength: 253 }), { minItems: 1, maxItems: 16 }),
      'It has all of these scopes, in the claim `scope` or `scp`.',
    ),
  },
  {
    rules: [
      rule<AuthorizationTokenPrincipal>(
        'token-has-something',
        'has(self.claims) || has(self.scopes)',
        'set at least one of claims and scopes',
        (self) => self.claims !== undefined || self.scopes !== undefined,
      ),
    ],
  },
)

const authorizationRule: ObjectSchema = object('AuthorizationRule', 'Requests, and whether they may pass. All parts must match.', {
  name: optional(sectionName, 'A name for people.'),
  action: required(action, 'Whether they may pass.'),
  operation: optional(operation, 'What the request does; anything when left out.'),
  principal: optional(
    object('AuthorizationPrincipal', 'Who sends it.', {
      clientCIDRs: optional(
        list(string({ minLength: 4, maxLength: 49 }), { minItems: 1, maxItems: 64 }),
        'The address of the client is in one of these ranges, such as `10.0.0.0/8`.',
      ),
      jwt: optional(token, 'It has such a token.'),
      headers: optional(list(headerMatch, { minItems: 1, maxItems: 16 }), 'It has all of these headers.'),
    }),
    'Who sends it; anybody when left out.',
  ),
  cel: optional(
    string({ minLength: 1, maxLength: 2048 }),
    'An expression of CEL over the attributes of Envoy, such as `request.headers["x-team"] == "a"`. Where it cannot be evaluated, requests are refused.',
  ),
})

/** Which requests may pass: the first rule that matches decides. */
export const authorization: ObjectSchema = object('Authorization', 'Which requests may pass: the first rule that matches decides.', {
  defaultAction: optional(action, 'What happens to requests that no rule matches.', { default: 'Deny' }),
  rules: optional(list(authorizationRule, { maxItems: 64 }), 'The rules.'),
})
