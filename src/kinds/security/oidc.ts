/** People who log in at an identity provider. Source: OpenID Connect Core 1.0, authorization code flow with PKCE; Envoy's `oauth2`. */
import type { OIDC, OIDCProvider } from '../../gen/kinds.js'
import { boolean, list, object, oneOf, optional, required, rule, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { backendObjectReference, secretObjectReference } from '../references.js'
import { cookieName, duration, headerName, preciseHostname } from '../strings.js'
import { webAddress } from './jwt.js'

const provider: ObjectSchema = object(
  'OIDCProvider',
  'Where people log in.',
  {
    issuer: optional(
      webAddress,
      'The address of the provider. Endpoints that are left out come from its `/.well-known/openid-configuration`, which Headgate fetches, by `https` unless its operator allows `http` for the host.',
    ),
    authorizationEndpoint: optional(webAddress, 'Where browsers are sent to log in.'),
    tokenEndpoint: optional(
      webAddress,
      'Where the proxies get tokens. Its `https` certificate must be for its host, by an authority that the proxies trust.',
    ),
    endSessionEndpoint: optional(webAddress, 'Where browsers are sent to log out; without it only the cookies here are forgotten.'),
    backendRefs: optional(
      list(backendObjectReference, { minItems: 1, maxItems: 1 }),
      'Who is connected to instead of the host of `tokenEndpoint`, which is still the host that is asked for. TLS is as the backend has it; its authorities hold for `issuer`, too.',
    ),
  },
  {
    rules: [
      rule<OIDCProvider>(
        'provider-is-known',
        'has(self.issuer) || (has(self.authorizationEndpoint) && has(self.tokenEndpoint))',
        'set issuer, or authorizationEndpoint and tokenEndpoint',
        (self) => self.issuer !== undefined || (self.authorizationEndpoint !== undefined && self.tokenEndpoint !== undefined),
      ),
    ],
  },
)

const denyHeader: ObjectSchema = object('OIDCDenyRedirectHeader', 'A header by which requests are told apart that no browser shows.', {
  name: required(headerName, 'Its name.'),
  type: optional(oneOf(['Exact', 'Prefix', 'Suffix', 'RegularExpression'], { name: 'OIDCHeaderMatchType' }), 'How it is compared.', {
    default: 'Exact',
  }),
  value: required(string({ minLength: 1, maxLength: 1024 }), 'What it is compared with.'),
})

/** People who log in at an identity provider. */
export const oidc: ObjectSchema = object(
  'OIDC',
  'Sends browsers to an identity provider to log in, and remembers in encrypted cookies that they did.',
  {
    provider: required(provider, 'Where people log in.'),
    clientID: optional(string({ minLength: 1, maxLength: 253 }), 'The name under which the provider knows us; this or `clientIDRef`.'),
    clientIDRef: optional(secretObjectReference, 'A Secret with that name in its key `client-id`.'),
    clientSecret: required(
      secretObjectReference,
      'A Secret whose key `client-secret` is what we prove ourselves with, at least 16 characters. Cookies are sealed with a key made from it: a new one ends all sessions.',
    ),
    scopes: optional(list(string({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 32 }), 'What is asked for besides `openid`.'),
    resources: optional(
      list(string({ minLength: 1, maxLength: 512 }), { minItems: 1, maxItems: 16 }),
      'Whom tokens shall be for (RFC 8707).',
    ),
    redirectURL: optional(
      string({ minLength: 1, maxLength: 512, pattern: '^(https?|%REQ\\(x-forwarded-proto\\)%)://[^/?#]+(/[^?#]*)?$' }),
      'Where browsers come back to; its path must belong to a rule with this policy. `%REQ(:authority)%` is the host of the request.',
      { default: '%REQ(x-forwarded-proto)%://%REQ(:authority)%/oauth2/callback' },
    ),
    logoutPath: optional(string({ minLength: 2, maxLength: 512, pattern: '^/[^?#]+$' }), 'The path that logs out.', { default: '/logout' }),
    cookieNames: optional(
      object('OIDCCookieNames', 'Names of cookies that applications look at.', {
        accessToken: optional(cookieName, 'That of the access token.'),
        idToken: optional(cookieName, 'That of the ID token.'),
      }),
      'Names of cookies; names with the policy in them when left out, so that policies of one host have their own.',
    ),
    cookieConfig: optional(
      object('OIDCCookieConfig', 'How browsers treat the cookies.', {
        sameSite: optional(
          oneOf(['Lax', 'Strict', 'None'], { name: 'OIDCSameSite' }),
          'Whether they come with requests from other sites.',
          { default: 'Lax' },
        ),
      }),
      'How browsers treat the cookies.',
    ),
    cookieDomain: optional(preciseHostname, 'The domain whose hosts share the session; the host of the request alone when left out.'),
    denyRedirect: optional(
      object('OIDCDenyRedirect', 'Requests that get 401 instead of being sent to log in.', {
        headers: required(list(denyHeader, { minItems: 1, maxItems: 16 }), 'One of these is enough.'),
      }),
      'Requests that get 401 instead of being sent to log in, such as those of scripts.',
    ),
    forwardAccessToken: optional(boolean(), 'Whether backends, and `jwt`, see the access token in `Authorization: Bearer`.', {
      default: false,
    }),
    forwardIDToken: optional(
      object('OIDCTokenForwarding', 'A header for a token.', { header: required(headerName, 'Its name.') }),
      'A header in which backends get the ID token.',
    ),
    refreshToken: optional(boolean(), 'Whether a session goes on with a refresh token when its access token ends.', { default: true }),
    defaultTokenTTL: optional(duration, 'How long a session lasts when the provider does not say.'),
    defaultRefreshTokenTTL: optional(duration, 'How long a refresh token lasts when the provider does not say; a week when left out.'),
    csrfTokenTTL: optional(duration, 'How long people may take to log in; ten minutes when left out.'),
    disableTokenEncryption: optional(boolean(), 'True leaves tokens in cookies readable, for applications that look at them.', {
      default: false,
    }),
    passThroughAuthHeader: optional(
      boolean(),
      'True lets requests with `Authorization: Bearer` pass to `jwt`, which the same policy must ask for.',
      { default: false },
    ),
  },
  {
    rules: [
      rule<OIDC>(
        'one-client-id',
        'has(self.clientID) != has(self.clientIDRef)',
        'set exactly one of clientID and clientIDRef',
        (self) => (self.clientID === undefined) !== (self.clientIDRef === undefined),
      ),
    ],
  },
)
