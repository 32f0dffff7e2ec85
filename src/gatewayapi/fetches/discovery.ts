/** Which settings leave endpoints to the provider itself. */
import type { BackendObjectReference, JWTProvider, OIDC } from '../../gen/kinds.js'

/** A provider that is asked about itself. */
export interface Discovery {
  readonly issuer: string
  readonly backendRef: BackendObjectReference | undefined
}

/** Undefined where everything that a login needs is written. */
export function discoveryOfLogin({ provider }: Pick<OIDC, 'provider'>): Discovery | undefined {
  const { issuer, authorizationEndpoint, tokenEndpoint, backendRefs } = provider
  if (issuer === undefined || (authorizationEndpoint !== undefined && tokenEndpoint !== undefined)) return undefined
  return { issuer, backendRef: backendRefs?.[0] }
}

/** Undefined where the keys are given, or their address is written. */
export function discoveryOfKeys({ issuer, remoteJWKS }: JWTProvider): Discovery | undefined {
  if (remoteJWKS === undefined || remoteJWKS.uri !== undefined || issuer === undefined) return undefined
  return { issuer, backendRef: remoteJWKS.backendRefs?.[0] }
}
