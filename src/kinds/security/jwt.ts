/**
 * JSON Web Tokens that requests must carry.
 *
 * Source: RFC 7519 (tokens), RFC 7517 (keys); Envoy's `jwt_authn`.
 */
import type { JWTProvider, LocalJWKS } from '../../gen/kinds.js'
import { boolean, int32, list, listBy, object, oneOf, optional, required, rule, string } from '../../schema/build.js'
import type { ObjectSchema, StringSchema } from '../../schema/schema.js'
import { backendObjectReference, localObjectReference } from '../references.js'
import { cookieName, duration, headerName, sectionName } from '../strings.js'

/** Where a document is fetched from: `http` or `https`, a host, maybe a port, a path. No user, no fragment. */
export const webAddress: StringSchema = string({
  minLength: 8,
  maxLength: 512,
  pattern: '^https?://([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)(:[0-9]{1,5})?(/[!$-;=?-~]*)?$',
})

const remoteJWKS: ObjectSchema = object('RemoteJWKS', 'Keys that the proxies fetch, and fetch again as they age.', {
  uri: optional(
    webAddress,
    'Where they are. The certificate of an `https` server must be for its host, by an authority that the proxies trust. Left out: where `/.well-known/openid-configuration` of `issuer` says, which Headgate fetches.',
  ),
  backendRefs: optional(
    list(backendObjectReference, { minItems: 1, maxItems: 1 }),
    'Who is connected to instead of the host of `uri`, which is still the host that is asked for. TLS is as the backend has it.',
  ),
  cacheDuration: optional(duration, 'How long fetched keys are used before they are fetched again; 100ms at least.', { default: '5m' }),
  failedRefetchDuration: optional(duration, 'How long to wait before the next try when they could not be fetched; 100ms at least.', {
    default: '1s',
  }),
  timeout: optional(duration, 'How long one try may take.', { default: '5s' }),
  retries: optional(int32({ minimum: 0, maximum: 10 }), 'How often a failed fetch is tried again at once.', { default: 1 }),
})

const localJWKS: ObjectSchema = object(
  'LocalJWKS',
  'Keys that stand here or in a ConfigMap.',
  {
    type: optional(oneOf(['Inline', 'ValueRef'], { name: 'LocalJWKSType' }), 'Where they stand.', { default: 'Inline' }),
    inline: optional(string({ minLength: 1, maxLength: 65_536 }), 'The JSON Web Key Set, for `Inline`.'),
    valueRef: optional(
      localObjectReference,
      'A ConfigMap or a Secret of the namespace of the policy, for `ValueRef`: its key `jwks`, or its only one. Shared keys need a Secret.',
    ),
  },
  {
    rules: [
      rule<LocalJWKS>(
        'keys-stand-where-type-says',
        "(self.type == 'Inline') == has(self.inline) && (self.type == 'ValueRef') == has(self.valueRef)",
        'set inline or valueRef exactly when type names it',
        (self) => (self.type === 'Inline') === (self.inline !== undefined) && (self.type === 'ValueRef') === (self.valueRef !== undefined),
      ),
    ],
  },
)

const extractor: ObjectSchema = object(
  'JWTExtractor',
  'Where tokens are looked for. What is found in several places must all be good; of a parameter or cookie that comes twice, the first counts.',
  {
    headers: optional(
      list(
        object('JWTHeaderExtractor', 'A header that holds a token.', {
          name: required(headerName, 'Its name.'),
          valuePrefix: optional(string({ minLength: 1, maxLength: 64 }), 'What stands before the token, such as `Bearer ` with its blank.'),
        }),
        { minItems: 1, maxItems: 8 },
      ),
      'Headers.',
    ),
    cookies: optional(list(cookieName, { minItems: 1, maxItems: 8 }), 'Cookies, by name.'),
    params: optional(list(string({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 8 }), 'Query parameters, by name.'),
  },
)

const claimToHeader: ObjectSchema = object('ClaimToHeader', 'A claim that backends get as a header.', {
  header: required(headerName, 'The header. What clients send under this name never reaches the backend.'),
  claim: required(
    string({ minLength: 1, maxLength: 253 }),
    'The claim, with dots between the names of nested ones: one whose own name has dots, such as `example.com/roles` or a URL, is not found. Text, numbers and booleans are passed on as they are, lists and objects as JSON in base64.',
  ),
})

const provider: ObjectSchema = object(
  'JWTProvider',
  'Somebody who issues tokens.',
  {
    name: required(sectionName, 'A name within the policy: rules of `authorization` refer to it.'),
    issuer: optional(string({ minLength: 1, maxLength: 253 }), 'The claim `iss` of their tokens; any when left out.'),
    audiences: optional(
      list(string({ minLength: 1, maxLength: 253 }), { minItems: 1, maxItems: 16 }),
      'A token must be for one of these (`aud`); for anybody when left out.',
    ),
    remoteJWKS: optional(remoteJWKS, 'Keys that are fetched. While there are none, requests of these routes get 401.'),
    localJWKS: optional(localJWKS, 'Keys that are given.'),
    claimToHeaders: optional(list(claimToHeader, { minItems: 1, maxItems: 32 }), 'Claims that backends get as headers.'),
    extractFrom: optional(
      extractor,
      'Where tokens are looked for; `Authorization: Bearer` and the query parameter `access_token` when left out.',
    ),
  },
  {
    rules: [
      rule<JWTProvider>(
        'one-source-of-keys',
        'has(self.remoteJWKS) != has(self.localJWKS)',
        'set exactly one of remoteJWKS and localJWKS',
        (self) => (self.remoteJWKS === undefined) !== (self.localJWKS === undefined),
      ),
      rule<JWTProvider>(
        'keys-have-an-address',
        'has(self.remoteJWKS) && !has(self.remoteJWKS.uri) ? has(self.issuer) : true',
        'set remoteJWKS.uri, or issuer',
        (self) => self.remoteJWKS === undefined || self.remoteJWKS.uri !== undefined || self.issuer !== undefined,
      ),
    ],
  },
)

/** Tokens that requests must carry. */
export const jwt: ObjectSchema = object('JWT', 'Tokens that requests must carry; others get 401.', {
  optional: optional(boolean(), 'True lets requests without any token pass; those with a bad one still get 401.', { default: false }),
  failOpen: optional(
    boolean(),
    'True lets requests with a bad token pass like those without: only for routes whose `authorization` decides by claims.',
    { default: false },
  ),
  providers: required(listBy(['name'], provider, { minItems: 1, maxItems: 8 }), 'Whose tokens are good. One of them is enough.'),
})
