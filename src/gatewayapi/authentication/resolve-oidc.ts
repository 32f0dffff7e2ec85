/** The identity provider that a policy names, with what we prove ourselves with. */
import { createHash, hkdfSync } from 'node:crypto'
import type { OIDC, OIDCDenyRedirectHeader, SecretObjectReference } from '../../gen/kinds.js'
import type { Oidc } from '../../ir/authentication.js'
import { Sensitive } from '../../ir/sensitive.js'
import type { TextMaterial } from '../../ir/tls.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { objectVersion } from '../../util/object-ref.js'
import { webClusterName } from '../backends/web-clusters.js'
import { discoveryOfLogin } from '../fetches/discovery.js'
import { providerDocument } from '../fetches/provider-request.js'
import { decode } from '../materials/certificates.js'
import { findBackend } from '../routes/find-backend.js'
import type { AuthenticationWorld } from './authentication-world.js'
import { type Found, found, missing } from './found.js'
import { refReason } from './ref-reason.js'
import { referredSecret } from './referred-secret.js'

/** What a route needs, and the secrets that proxies get under the names in it. */
export interface ResolvedOidc {
  readonly oidc: Oidc
  readonly materials: readonly TextMaterial[]
}

/** The key that seals cookies is made from the client secret, which must not be guessed from what it has sealed. */
const MIN_SECRET_LENGTH = 16

const SEALING_KEY_BYTES = 32

/** In neither an id nor a secret of a client, which providers give: something else is in the Secret. Source: RFC 6749, appendix A. */
const CONTROL_CHARACTER = /\p{Cc}/u

/** Hexadecimal digits of the name of a policy, in names of cookies. */
const SUFFIX_LENGTH = 8

const MATCH_KINDS = { Exact: 'exact', Prefix: 'prefix', Suffix: 'suffix', RegularExpression: 'regex' } as const

/** The provider. `name` is that of the policy and its half. */
export function resolveOidc(world: AuthenticationWorld, name: string, spec: OIDC): Found<ResolvedOidc> {
  const clientId =
    spec.clientIDRef === undefined ? found(spec.clientID ?? '') : secretText(world, 'oidc.clientIDRef', spec.clientIDRef, 'client-id')
  if (!clientId.ok) return clientId
  const clientSecret = secretText(world, 'oidc.clientSecret', spec.clientSecret, 'client-secret')
  if (!clientSecret.ok) return clientSecret
  if (clientSecret.value.length < MIN_SECRET_LENGTH) {
    return missing('UnsupportedValue', `oidc.clientSecret: the key "client-secret" has less than ${MIN_SECRET_LENGTH} characters.`)
  }
  const endpoints = endpointsOf(world, spec)
  if (!endpoints.ok) return endpoints
  const { tokenEndpoint, ...others } = endpoints.value
  const cluster = tokenCluster(world, spec, tokenEndpoint)
  if (!cluster.ok) return cluster
  const secrets = { clientSecret: `${name}/client-secret`, sealingKey: `${name}/sealing-key` }
  const origins = [world.policy, ...originOf(world, spec.clientSecret)]
  return found({
    oidc: {
      ...settingsOf(name, spec),
      ...others,
      ...secrets,
      clientId: clientId.value,
      tokenEndpoint: { uri: tokenEndpoint, cluster: cluster.value },
    },
    materials: [
      { kind: 'text', name: secrets.clientSecret, text: new Sensitive(clientSecret.value), origins },
      { kind: 'text', name: secrets.sealingKey, text: new Sensitive(sealingKey(clientSecret.value, name)), origins },
    ],
  })
}

/** The same on every replica and after every restart, and another one for every policy. Source: RFC 5869. */
function sealingKey(clientSecret: string, name: string): string {
  return Buffer.from(hkdfSync('sha256', clientSecret, '', `headgate oidc ${name}`, SEALING_KEY_BYTES)).toString('base64url')
}

interface Endpoints {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly endSessionEndpoint: string | undefined
}

/** What is written counts before what the provider says about itself. */
function endpointsOf(world: AuthenticationWorld, { provider }: OIDC): Found<Endpoints> {
  const { authorizationEndpoint, tokenEndpoint, endSessionEndpoint } = provider
  const discovery = discoveryOfLogin({ provider })
  if (discovery === undefined) {
    return found({ authorizationEndpoint: authorizationEndpoint ?? '', tokenEndpoint: tokenEndpoint ?? '', endSessionEndpoint })
  }
  const said = providerDocument({ ...world, referrer: world.policy }, discovery.issuer, discovery.backendRef, 'oidc.provider.issuer')
  if (!said.ok) return said
  return found({
    authorizationEndpoint: authorizationEndpoint ?? said.value.authorizationEndpoint,
    tokenEndpoint: tokenEndpoint ?? said.value.tokenEndpoint,
    endSessionEndpoint: endSessionEndpoint ?? said.value.endSessionEndpoint,
  })
}

type Settings = Omit<Oidc, 'clientId' | 'clientSecret' | 'sealingKey' | keyof Endpoints>

function settingsOf(name: string, spec: OIDC): Settings {
  const suffix = createHash('sha256').update(name).digest('hex').slice(0, SUFFIX_LENGTH)
  return {
    redirectUri: spec.redirectURL,
    redirectPath: redirectPath(spec.redirectURL),
    logoutPath: spec.logoutPath,
    scopes: [...new Set(['openid', ...(spec.scopes ?? [])])],
    resources: spec.resources ?? [],
    cookies: {
      accessToken: spec.cookieNames?.accessToken ?? `AccessToken-${suffix}`,
      idToken: spec.cookieNames?.idToken ?? `IdToken-${suffix}`,
      suffix,
      domain: spec.cookieDomain,
      sameSite: SAME_SITE[spec.cookieConfig?.sameSite ?? 'Lax'],
    },
    unredirected: (spec.denyRedirect?.headers ?? []).map(denied),
    forwardsAccessToken: spec.forwardAccessToken,
    idTokenHeader: spec.forwardIDToken?.header.toLowerCase(),
    refreshes: spec.refreshToken,
    tokenMs: milliseconds(spec.defaultTokenTTL),
    refreshTokenMs: milliseconds(spec.defaultRefreshTokenTTL),
    loginMs: milliseconds(spec.csrfTokenTTL),
    encrypts: !spec.disableTokenEncryption,
    passesBearers: spec.passThroughAuthHeader,
  }
}

const SAME_SITE = { Lax: 'lax', Strict: 'strict', None: 'none' } as const

/** The path of a redirect URL, whose host may be a part of the request; the empty string where it has none. */
export function redirectPath(redirectUrl: string): string {
  return /^[^:]*:\/\/[^/]*(\/.+)$/.exec(redirectUrl)?.[1] ?? ''
}

function denied({ name, type, value }: OIDCDenyRedirectHeader): Oidc['unredirected'][number] {
  return { name: name.toLowerCase(), kind: MATCH_KINDS[type], value }
}

function milliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMilliseconds(text)
}

function tokenCluster(world: AuthenticationWorld, { provider }: OIDC, tokenEndpoint: string): Found<string | undefined> {
  const [backendRef] = provider.backendRefs ?? []
  if (backendRef === undefined) return found(webClusterName(tokenEndpoint))
  const backend = findBackend({ ...world, referrer: world.policy }, backendRef, 'http')
  if (backend.ok) return found(backend.cluster)
  if (backend.problem === undefined) return found(undefined)
  return missing(refReason(backend.problem.reason), `oidc.provider.backendRefs: ${backend.problem.message}`)
}

function secretText(world: AuthenticationWorld, field: string, ref: SecretObjectReference, key: string): Found<string> {
  const secret = referredSecret(world, field, ref)
  if (!secret.ok) return secret
  const text = decode(secret.value, key)?.trim()
  if (text === undefined || text === '') return missing('RefNotFound', `${field}: the Secret "${ref.name}" has no key "${key}".`)
  if (!CONTROL_CHARACTER.test(text)) return found(text)
  return missing('UnsupportedValue', `${field}: the key "${key}" has line ends or other control characters.`)
}

function originOf(world: AuthenticationWorld, ref: SecretObjectReference): TextMaterial['origins'] {
  const secret = referredSecret(world, 'oidc.clientSecret', ref)
  return secret.ok ? [objectVersion(secret.value)] : []
}
