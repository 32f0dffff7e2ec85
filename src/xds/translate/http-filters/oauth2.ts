/** Sends browsers to an identity provider to log in. Without its secrets it answers 503, and scopes do not wait for them: proxies have them before. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { Oidc, OidcCookies } from '../../../ir/authentication.js'
import { literally } from '../../../util/literally.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { any, bool, duration } from '../../message.js'
import { type ResourceReference, TYPE_URL } from '../../resource.js'
import { heldSecret } from '../clusters/secret-holder.js'
import { questionRetry } from '../routes/retry-policy.js'
import { sdsSecret } from '../sds.js'
import { textMatcher } from '../text-match.js'
import { SWITCHED_ON } from './filter-group.js'
import type { HttpFilter } from './http-filter.js'

type Config = envoy.extensions.filters.http.oauth2.v3.OAuth2Config

const PACKAGE = 'envoy.extensions.filters.http.oauth2.v3'
const SAME_SITE = Enum[`${PACKAGE}.CookieConfig.SameSite`]
const SAME_SITES = { lax: SAME_SITE.LAX, strict: SAME_SITE.STRICT, none: SAME_SITE.NONE } as const

/** How long the provider may take to hand out tokens. */
const TOKEN_TIMEOUT_MS = 10_000

const NAME = 'envoy.filters.http.oauth2'

/** Answers 302 to browsers that have to log in. Without configuration everything passes. */
export const OAUTH2: HttpFilter = {
  name: NAME,
  config: any(`${PACKAGE}.OAuth2`, {}),
  disabled: true,
  // There is no configuration of a login without effect, but the filter itself has none.
  idle: SWITCHED_ON,
  perRoute: ({ oidc }) => (oidc === undefined ? undefined : any(`${PACKAGE}.OAuth2PerRoute`, { config: configOf(oidc) })),
  references: ({ oidc }) => (oidc === undefined ? [] : referencesOf(oidc)),
}

function referencesOf({ tokenEndpoint: { cluster }, clientSecret, sealingKey }: Oidc): readonly ResourceReference[] {
  return [
    ...(cluster === undefined ? [] : [{ typeUrl: TYPE_URL.cluster, name: cluster }]),
    ...heldSecret(clientSecret),
    ...heldSecret(sealingKey),
  ]
}

function configOf(oidc: Oidc): Config {
  const { tokenEndpoint, cookies } = oidc
  return {
    tokenEndpoint: { uri: tokenEndpoint.uri, cluster: tokenEndpoint.cluster ?? INVALID_BACKEND, timeout: duration(TOKEN_TIMEOUT_MS) },
    retryPolicy: questionRetry(TOKEN_TIMEOUT_MS),
    authorizationEndpoint: oidc.authorizationEndpoint,
    ...(oidc.endSessionEndpoint === undefined ? {} : { endSessionEndpoint: oidc.endSessionEndpoint }),
    credentials: {
      clientId: oidc.clientId,
      tokenSecret: sdsSecret(oidc.clientSecret),
      hmacSecret: sdsSecret(oidc.sealingKey),
      cookieNames: cookieNames(cookies),
      ...(cookies.domain === undefined ? {} : { cookieDomain: cookies.domain }),
    },
    redirectUri: withRequestWords(oidc.redirectUri),
    redirectPathMatcher: { path: { exact: oidc.redirectPath } },
    signoutPath: { path: { exact: oidc.logoutPath } },
    forwardBearerToken: oidc.forwardsAccessToken,
    ...(oidc.idTokenHeader === undefined ? {} : { forwardIdToken: { header: oidc.idTokenHeader } }),
    passThroughMatcher: oidc.passesBearers ? [{ name: 'authorization', stringMatch: { prefix: 'Bearer ' } }] : [],
    authScopes: oidc.scopes,
    resources: oidc.resources,
    authType: Enum[`${PACKAGE}.OAuth2Config.AuthType`].BASIC_AUTH,
    useRefreshToken: bool(oidc.refreshes),
    ...(oidc.tokenMs === undefined ? {} : { defaultExpiresIn: duration(oidc.tokenMs) }),
    ...(oidc.refreshTokenMs === undefined ? {} : { defaultRefreshTokenExpiresIn: duration(oidc.refreshTokenMs) }),
    ...(oidc.loginMs === undefined
      ? {}
      : { csrfTokenExpiresIn: duration(oidc.loginMs), codeVerifierTokenExpiresIn: duration(oidc.loginMs) }),
    denyRedirectMatcher: oidc.unredirected.map(headerMatcher),
    cookieConfigs: cookieConfigs(cookies),
    ...(oidc.encrypts ? {} : { disableTokenEncryption: true }),
  }
}

function headerMatcher({ name, ...match }: Oidc['unredirected'][number]): envoy.config.route.v3.HeaderMatcher {
  return { name, stringMatch: textMatcher(match) }
}

function cookieNames({ accessToken, idToken, suffix }: OidcCookies): envoy.extensions.filters.http.oauth2.v3.OAuth2Credentials.CookieNames {
  return {
    bearerToken: accessToken,
    idToken,
    oauthHmac: `OauthHMAC-${suffix}`,
    oauthExpires: `OauthExpires-${suffix}`,
    refreshToken: `RefreshToken-${suffix}`,
    oauthNonce: `OauthNonce-${suffix}`,
    codeVerifier: `CodeVerifier-${suffix}`,
  }
}

/** The provider sends browsers back from another site: what they need then cannot be `Strict`. */
function cookieConfigs({ sameSite }: OidcCookies): envoy.extensions.filters.http.oauth2.v3.CookieConfigs {
  const session = { sameSite: SAME_SITES[sameSite] }
  const login = { sameSite: SAME_SITES[sameSite === 'strict' ? 'lax' : sameSite] }
  return {
    bearerTokenCookieConfig: session,
    oauthHmacCookieConfig: session,
    oauthExpiresCookieConfig: session,
    idTokenCookieConfig: session,
    refreshTokenCookieConfig: session,
    oauthNonceCookieConfig: login,
    codeVerifierCookieConfig: login,
  }
}

/** `%REQ(…)%` as it is, and all else literally. */
function withRequestWords(uri: string): string {
  return uri
    .split(/(%REQ\([^()%]*\)%)/)
    .map((part, at) => (at % 2 === 1 ? part : literally(part)))
    .join('')
}
