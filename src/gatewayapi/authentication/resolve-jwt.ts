/** The tokens that a policy asks for, with their keys found. */
import type { JWT, JWTProvider, LocalJWKS, RemoteJWKS } from '../../gen/kinds.js'
import type { JwtKeys, JwtProvider, JwtRequirement } from '../../ir/authentication.js'
import { Sensitive } from '../../ir/sensitive.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { type ObjectVersion, objectKey } from '../../util/object-ref.js'
import { webClusterName } from '../backends/web-clusters.js'
import { contentOrigin, refusalOfContent } from '../content-origin.js'
import { discoveryOfKeys } from '../fetches/discovery.js'
import { providerDocument } from '../fetches/provider-request.js'
import { decode } from '../materials/certificates.js'
import { findBackend } from '../routes/find-backend.js'
import type { AuthenticationWorld } from './authentication-world.js'
import { allFound, type Found, found, missing } from './found.js'
import { keySetProblem } from './key-set.js'
import { refReason } from './ref-reason.js'

/** Where Envoy looks when nothing is said. Written out, because a provider with places of its own would lose them otherwise. */
const USUAL_PLACES = { headers: [{ name: 'authorization', prefix: 'Bearer ' }], cookies: [], params: ['access_token'] } as const

/** The requirement under a name. */
export function resolveJwt(world: AuthenticationWorld, name: string, { providers, optional, failOpen }: JWT): Found<JwtRequirement> {
  const resolved = allFound(providers.map((provider) => resolveProvider(world, provider)))
  if (!resolved.ok) return resolved
  return found({
    name,
    providers: resolved.value.map(({ provider }) => provider),
    tolerates: failOpen ? 'failed' : optional ? 'missing' : 'nothing',
    origins: [world.policy, ...resolved.value.flatMap(({ origin }) => origin ?? [])],
  })
}

/** A provider, and what its keys come from where that is no policy. */
interface ResolvedProvider {
  readonly provider: JwtProvider
  readonly origin?: ObjectVersion | undefined
}

function resolveProvider(world: AuthenticationWorld, provider: JWTProvider): Found<ResolvedProvider> {
  const { name, issuer, audiences, remoteJWKS, localJWKS, claimToHeaders, extractFrom } = provider
  const keys = remoteJWKS === undefined ? givenKeys(world, name, localJWKS) : fetchedKeys(world, provider, remoteJWKS)
  if (!keys.ok) return keys
  const resolved: JwtProvider = {
    name,
    issuer,
    audiences: audiences ?? [],
    keys: keys.value.keys,
    claimHeaders: (claimToHeaders ?? []).map(({ header, claim }) => ({ header: header.toLowerCase(), claim })),
    from:
      extractFrom === undefined
        ? USUAL_PLACES
        : {
            headers: (extractFrom.headers ?? []).map((header) => ({ name: header.name.toLowerCase(), prefix: header.valuePrefix ?? '' })),
            cookies: extractFrom.cookies ?? [],
            params: extractFrom.params ?? [],
          },
  }
  return found({ provider: resolved, origin: keys.value.origin })
}

interface FoundKeys extends Pick<ResolvedProvider, 'origin'> {
  readonly keys: JwtKeys
}

function fetchedKeys(world: AuthenticationWorld, provider: JWTProvider, remote: RemoteJWKS): Found<FoundKeys> {
  const { backendRefs, timeout, cacheDuration, failedRefetchDuration, retries } = remote
  const [backendRef] = backendRefs ?? []
  const address = addressOfKeys(world, provider)
  if (!address.ok) return address
  const uri = address.value
  const backend = backendRef && findBackend({ ...world, referrer: world.policy }, backendRef, 'http')
  if (backend?.ok === false && backend.problem !== undefined) {
    return missing(
      refReason(backend.problem.reason),
      `jwt.providers "${provider.name}": remoteJWKS.backendRefs: ${backend.problem.message}`,
    )
  }
  const keys: JwtKeys = {
    kind: 'remote',
    uri,
    cluster: backend === undefined ? webClusterName(uri) : backend.ok ? backend.cluster : undefined,
    timeoutMs: durationMilliseconds(timeout),
    cacheMs: durationMilliseconds(cacheDuration),
    pauseMs: durationMilliseconds(failedRefetchDuration),
    retries,
  }
  return found({ keys })
}

function addressOfKeys(world: AuthenticationWorld, provider: JWTProvider): Found<string> {
  const discovery = discoveryOfKeys(provider)
  if (discovery === undefined) return found(provider.remoteJWKS?.uri ?? '')
  const field = `jwt.providers "${provider.name}": issuer`
  const said = providerDocument({ ...world, referrer: world.policy }, discovery.issuer, discovery.backendRef, field)
  return said.ok ? found(said.value.jwksUri) : said
}

function givenKeys(world: AuthenticationWorld, provider: string, local: LocalJWKS | undefined): Found<FoundKeys> {
  const where = `jwt.providers "${provider}": localJWKS`
  const text = local?.valueRef === undefined ? found(local?.inline ?? '') : referredText(world, where, local.valueRef)
  if (!text.ok) return text
  const problem = keySetProblem(text.value, local?.valueRef?.kind === 'Secret')
  if (problem !== undefined) return missing('UnsupportedValue', `${where} ${problem}.`)
  const keys: JwtKeys = { kind: 'inline', jwks: new Sensitive(text.value) }
  if (local?.valueRef === undefined) return found({ keys })
  const { namespace, name } = world.policy
  const origin = contentOrigin('KeySet', `${namespace}/${name}/${provider}`, text.value)
  const refusal = refusalOfContent(world.view, world.inputs, origin)
  return refusal === undefined
    ? found({ keys, origin })
    : missing('UnsupportedValue', `${where}.valueRef: Envoy refused the keys: ${refusal}`)
}

const KEY = 'jwks'

function referredText(
  { view, inputs, policy: { namespace } }: AuthenticationWorld,
  where: string,
  { group, kind, name }: NonNullable<LocalJWKS['valueRef']>,
): Found<string> {
  const key = objectKey(namespace, name)
  const isKnown = group === '' && (kind === 'ConfigMap' || kind === 'Secret')
  if (!isKnown) return missing('UnsupportedValue', `${where}.valueRef: ${kind} "${name}" is neither a ConfigMap nor a Secret.`)
  const data = kind === 'ConfigMap' ? view.get(inputs.kind('ConfigMap'), key)?.data : secretTexts(view.get(inputs.kind('Secret'), key))
  if (data === undefined) return missing('RefNotFound', `${where}.valueRef: the ${kind} "${key}" does not exist or is empty.`)
  const values = Object.values(data)
  const text = Object.hasOwn(data, KEY) ? data[KEY] : values.length === 1 ? values[0] : undefined
  if (text === undefined) return missing('RefNotFound', `${where}.valueRef: the ${kind} "${key}" has no key "${KEY}".`)
  return found(text)
}

function secretTexts(secret: Parameters<typeof decode>[0] | undefined): Readonly<Record<string, string>> | undefined {
  if (secret === undefined) return undefined
  return Object.fromEntries(Object.keys(secret.data ?? {}).map((key) => [key, decode(secret, key) ?? '']))
}
