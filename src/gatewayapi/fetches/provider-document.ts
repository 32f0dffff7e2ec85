/** What an identity provider says about itself. Source: OpenID Connect Discovery 1.0, sections 3 and 4.3. */
import { webAddressProblem } from '../backends/web-clusters.js'
import type { Read } from '../materials/pem.js'
import type { ProviderDocument } from './fetch-request.js'

/** Behind the address of the provider. */
export const PROVIDER_DOCUMENT_PATH = '/.well-known/openid-configuration'

/** The longest address that fits where addresses are written by hand. */
const MAX_ADDRESS_LENGTH = 512

/**
 * Reads the document of a provider. One that speaks for somebody else is refused: what it names would be asked for tokens and passwords.
 *
 * @param issuer the address that was asked for
 */
export function readProviderDocument(text: string, issuer: string): Read<ProviderDocument> {
  const document = parse(text)
  if (document === undefined) return { ok: false, message: 'the answer is no JSON object' }
  const { issuer: named, authorization_endpoint, token_endpoint, end_session_endpoint, jwks_uri } = document
  if (typeof named !== 'string' || withoutSlash(named) !== withoutSlash(issuer)) {
    return { ok: false, message: 'the answer is about another issuer' }
  }
  const endpoints = {
    authorization_endpoint,
    token_endpoint,
    jwks_uri,
    ...(end_session_endpoint === undefined ? {} : { end_session_endpoint }),
  }
  for (const [name, address] of Object.entries(endpoints)) {
    const problem = addressProblem(address, issuer)
    if (problem !== undefined) return { ok: false, message: `the answer has ${name} ${problem}` }
  }
  return {
    ok: true,
    value: {
      authorizationEndpoint: String(authorization_endpoint),
      tokenEndpoint: String(token_endpoint),
      endSessionEndpoint: end_session_endpoint === undefined ? undefined : String(end_session_endpoint),
      jwksUri: String(jwks_uri),
    },
  }
}

/** Only one slash at the end may differ: providers disagree about it. */
function withoutSlash(address: string): string {
  return address.replace(/\/$/, '')
}

function addressProblem(address: unknown, issuer: string): string | undefined {
  if (typeof address !== 'string' || address.length > MAX_ADDRESS_LENGTH || webAddressProblem('', address) !== undefined) {
    return 'that is no address'
  }
  // What was asked for over TLS must not lead away from it.
  return issuer.startsWith('https:') && !address.startsWith('https:') ? 'without https' : undefined
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
