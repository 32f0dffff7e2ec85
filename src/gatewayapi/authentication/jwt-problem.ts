/** What the schema of `jwt` lets through and cannot be done. */
import type { JWT, JWTProvider, RemoteJWKS } from '../../gen/kinds.js'
import { isOfConnection } from '../../ir/framing-headers.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { webAddressProblem } from '../backends/web-clusters.js'
import type { Problem } from '../conditions.js'
import { discoveryOfKeys } from '../fetches/discovery.js'
import { periodProblem } from '../policies/shortest-period.js'

/** An address as the name of a claim, which Envoy takes for names of nested ones, between its dots. */
const WEB_NAME = /^[a-z][a-z0-9+.-]*:\/\/.*\./i

/** Claims that no header is made of; tokens are asked for all the same. */
export function claimsProblem(jwt: JWT | undefined): Problem | undefined {
  for (const { name, claimToHeaders } of jwt?.providers ?? []) {
    const wrong = claimToHeaders?.find(({ claim }) => WEB_NAME.test(claim))
    if (wrong === undefined) continue
    return unsupported(
      `jwt.providers "${name}": claimToHeaders: nothing comes in "${wrong.header}", because "${wrong.claim}" has dots, behind which Envoy looks for nested claims: let the issuer use a name without dots.`,
    )
  }
  return undefined
}

/** Why tokens cannot be asked for in this way. */
export function jwtProblem({ providers }: JWT): Problem | undefined {
  for (const provider of providers) {
    const field = `jwt.providers "${provider.name}"`
    const problem =
      remoteProblem(`${field}: remoteJWKS`, provider.remoteJWKS) ??
      issuerProblem(field, provider) ??
      headerProblem(field, provider, providers)
    if (problem !== undefined) return problem
  }
  return undefined
}

function remoteProblem(field: string, remote: RemoteJWKS | undefined): Problem | undefined {
  if (remote === undefined) return undefined
  const { uri, timeout, cacheDuration, failedRefetchDuration } = remote
  const tooOften = periodProblem({ [`${field}.cacheDuration`]: cacheDuration, [`${field}.failedRefetchDuration`]: failedRefetchDuration })
  return (
    (uri === undefined ? undefined : webAddressProblem(`${field}.uri`, uri)) ??
    (durationMilliseconds(timeout) === 0 ? unsupported(`${field}.timeout: must be longer than 0.`) : undefined) ??
    (tooOften === undefined ? undefined : unsupported(tooOften))
  )
}

function issuerProblem(field: string, provider: JWTProvider): Problem | undefined {
  const discovery = discoveryOfKeys(provider)
  return discovery && webAddressProblem(`${field}: without remoteJWKS.uri, issuer`, discovery.issuer)
}

function headerProblem(field: string, { claimToHeaders }: JWTProvider, providers: readonly JWTProvider[]): Problem | undefined {
  const places = new Set(providers.flatMap(placesOf))
  const wrong = (claimToHeaders ?? []).map(({ header }) => header.toLowerCase()).find((name) => isOfConnection(name) || places.has(name))
  if (wrong === undefined) return undefined
  const why = places.has(wrong) ? 'tokens come in it, and what clients send in it is dropped' : 'it is not for claims'
  return unsupported(`${field}: claimToHeaders.header: "${wrong}" cannot be used: ${why}.`)
}

function placesOf({ extractFrom }: JWTProvider): readonly string[] {
  const { headers, cookies } = extractFrom ?? { headers: [{ name: 'authorization' }], cookies: undefined }
  return [...(headers ?? []).map(({ name }) => name.toLowerCase()), ...(cookies === undefined ? [] : ['cookie'])]
}

function unsupported(message: string): Problem {
  return { reason: 'UnsupportedValue', message }
}
