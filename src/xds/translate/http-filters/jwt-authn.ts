/**
 * Tokens that requests must carry.
 *
 * Keys belong to the filter and not to routes in Envoy: it fetches them, shares them among workers, and would fetch them again whenever a
 * route changes if routes brought them. So the proxies of a group get all requirements as one configuration of their own (`discovered-filters.ts`),
 * and a route names one. A name that is not there denies.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { JwtKeys, JwtProvider, JwtRequirement } from '../../../ir/authentication.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { any, duration, uint32 } from '../../message.js'
import { type ResourceReference, TYPE_URL } from '../../resource.js'
import type { HttpFilter } from './http-filter.js'

type Provider = envoy.extensions.filters.http.jwt_authn.v3.JwtProvider
type Requirement = envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement
type Config = envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication

/** Claims with the rights of a token: text with blanks between them (RFC 8693 §4.2), or a list. What reads claims sees a list. */
export const SCOPE_CLAIMS: readonly string[] = ['scope', 'scp']

const NAME = 'envoy.filters.http.jwt_authn'

/** The namespace of the metadata with the claims of good tokens, by the names of providers. */
export const JWT_METADATA: string = NAME

/** Answers 401 to requests without a good token. */
export const JWT_AUTHN: HttpFilter = {
  name: NAME,
  config: { discovered: 'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication' },
  disabled: true,
  idle: any('envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig', { disabled: true }),
  perRoute: ({ jwt }) =>
    jwt === undefined ? undefined : any('envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig', { requirementName: jwt }),
  references: ({ jwt }) => (jwt === undefined ? [] : [{ typeUrl: TYPE_URL.extensionConfig, name: NAME }]),
}

/** The configuration of the filter for all requirements of a group. Without any it lets everything pass. */
export function jwtAuthentication(requirements: readonly JwtRequirement[]): Config {
  const providers = requirements.flatMap((requirement) =>
    requirement.providers.map((provider): [string, Provider] => [providerName(requirement, provider), providerOf(provider)]),
  )
  return {
    ...(providers.length === 0 ? {} : { providers: Object.fromEntries(providers) }),
    ...(requirements.length === 0
      ? {}
      : { requirementMap: Object.fromEntries(requirements.map((each) => [each.name, requirementOf(each)])) }),
  }
}

/** The clusters that keys are fetched from. */
export function jwtReferences(requirements: readonly JwtRequirement[]): readonly ResourceReference[] {
  return requirements
    .flatMap(({ providers }) => providers)
    .flatMap(({ keys }) =>
      keys.kind === 'remote' && keys.cluster !== undefined ? [{ typeUrl: TYPE_URL.cluster, name: keys.cluster }] : [],
    )
}

function providerName({ name }: JwtRequirement, provider: JwtProvider): string {
  return `${name}/${provider.name}`
}

function providerOf({ name, issuer, audiences, keys, claimHeaders, from }: JwtProvider): Provider {
  return {
    ...(issuer === undefined ? {} : { issuer }),
    audiences,
    ...keysOf(keys),
    // Backends may look at the token themselves.
    forward: true,
    fromHeaders: from.headers.map((header) => ({ name: header.name, ...(header.prefix === '' ? {} : { valuePrefix: header.prefix }) })),
    fromParams: from.params,
    fromCookies: from.cookies,
    // Envoy drops what clients send under these names, for every provider of the requirement and whatever comes of the token.
    claimToHeaders: claimHeaders.map(({ header, claim }) => ({ headerName: header, claimName: claim })),
    payloadInMetadata: name,
    normalizePayloadInMetadata: { spaceDelimitedClaims: SCOPE_CLAIMS },
  }
}

function keysOf(
  keys: JwtKeys,
): { readonly localJwks: Provider['localJwks'] & object } | { readonly remoteJwks: Provider['remoteJwks'] & object } {
  if (keys.kind === 'inline') return { localJwks: { inlineString: keys.jwks.reveal() } }
  const { uri, cluster, timeoutMs, cacheMs, pauseMs, retries } = keys
  return {
    remoteJwks: {
      httpUri: { uri, cluster: cluster ?? INVALID_BACKEND, timeout: duration(timeoutMs) },
      cacheDuration: duration(cacheMs),
      // Fetched ahead of requests. A listener does not wait for it: a server that is away must not hold up other routes.
      asyncFetch: { fastListener: true, failedRefetchDuration: duration(pauseMs) },
      ...(retries === 0 ? {} : { retryPolicy: { numRetries: uint32(retries) } }),
    },
  }
}

function requirementOf(requirement: JwtRequirement): Requirement {
  const { providers, tolerates } = requirement
  const each: readonly Requirement[] = [
    ...providers.map((provider) => ({ providerName: providerName(requirement, provider) })),
    ...(tolerates === 'missing' ? [{ allowMissing: {} }] : tolerates === 'failed' ? [{ allowMissingOrFailed: {} }] : []),
  ]
  const [first, ...others] = each
  return first !== undefined && others.length === 0 ? first : { requiresAny: { requirements: each } }
}
