/**
 * What the authentication of each SecurityPolicy needs from elsewhere: keys, credentials, servers. A policy that misses something cannot be
 * used: what it is about is closed.
 */
import type { SecurityPolicy, SecuritySettings } from '../../gen/kinds.js'
import type { Collection, Graph, Keys } from '../../incremental/index.js'
import type { ApiKeyAuth, BasicAuth, JwtRequirement } from '../../ir/authentication.js'
import type { TextMaterial } from '../../ir/tls.js'
import { objectVersion } from '../../util/object-ref.js'
import { backendKey } from '../backends/backend-key.js'
import type { Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import { toBackendRef } from '../routes/backend-references.js'
import type { RuleSources } from '../routes/find-backend.js'
import { authenticationName } from './authentication-name.js'
import type { AuthenticationWorld } from './authentication-world.js'
import { resolveApiKeys } from './resolve-api-keys.js'
import { resolveBasicAuth } from './resolve-basic-auth.js'
import { resolveJwt } from './resolve-jwt.js'
import { type ResolvedOidc, resolveOidc } from './resolve-oidc.js'

/** What one half of a policy asks for, its settings or its overrides. */
export interface Authentication {
  readonly apiKeyAuth?: ApiKeyAuth
  readonly basicAuth?: BasicAuth
  readonly oidc?: ResolvedOidc
  readonly jwt?: JwtRequirement
}

/** What a policy asks for, by the key of the policy. Policies without authentication have no value. */
export interface PolicyAuthentication {
  readonly settings: Authentication
  readonly overrides: Authentication
  /** Why the policy cannot be used. */
  readonly problem: Problem | undefined
}

/** Declares the authentication of policies. */
export function declareAuthentications(graph: Graph, sources: RuleSources): Collection<PolicyAuthentication> {
  const policies = sources.inputs.kind('SecurityPolicy')
  return graph.collection<PolicyAuthentication>('authentication of policies', {
    keys: policies,
    compute: (view, key) => {
      const policy = view.get(policies, key)
      if (policy === undefined || ![policy.spec, policy.spec.overrides ?? {}].some(authenticates)) return undefined
      const world: AuthenticationWorld = { ...sources, view, policy: objectVersion(policy) }
      const settings = resolve(world, authenticationName(key, 'settings'), policy.spec)
      const overrides = resolve(world, authenticationName(key, 'overrides'), policy.spec.overrides ?? {})
      return { settings: settings.found, overrides: overrides.found, problem: settings.problem ?? overrides.problem }
    },
  })
}

/** Declares the requirements of tokens by their names, for those who hold them for many routes. */
export function declareJwtRequirements(graph: Graph, authentications: Collection<PolicyAuthentication>): Collection<JwtRequirement> {
  const names = graph.index(authentications, 'names of token requirements', ({ settings, overrides }) =>
    [settings.jwt, overrides.jwt].flatMap((jwt) => (jwt === undefined ? [] : [jwt.name])),
  )
  return graph.collection<JwtRequirement>('token requirements', {
    keys: names,
    compute: (view, name) =>
      view
        .list(names, name)
        .flatMap((each) => [each.settings.jwt, each.overrides.jwt])
        .find((jwt) => jwt?.name === name),
  })
}

/** The backends that policies name for their authentication. */
export function indexAuthenticationBackends(graph: Graph, inputs: Inputs): Keys {
  return graph.index(inputs.kind('SecurityPolicy'), 'backends of authentication', backendsOfAuthentication)
}

/** The keys of the backends that a policy names for its authentication. */
export function backendsOfAuthentication({ spec, metadata: { namespace } }: SecurityPolicy): readonly string[] {
  const references = [spec, spec.overrides ?? {}].flatMap(({ jwt, oidc }) => [
    ...(jwt?.providers ?? []).flatMap((each) => each.remoteJWKS?.backendRefs ?? []),
    ...(oidc?.provider.backendRefs ?? []),
  ])
  return references.flatMap((reference) => {
    const ref = toBackendRef(reference, namespace, 'TCP')
    return ref === undefined ? [] : [backendKey(ref)]
  })
}

/** The names of the clusters that policies ask for their authentication. */
export function authenticationClusters({ settings, overrides }: PolicyAuthentication): readonly string[] {
  return [settings, overrides].flatMap(({ jwt, oidc }) => [
    ...(jwt?.providers ?? []).flatMap(({ keys }) => (keys.kind === 'remote' && keys.cluster !== undefined ? [keys.cluster] : [])),
    ...(oidc?.oidc.tokenEndpoint.cluster === undefined ? [] : [oidc.oidc.tokenEndpoint.cluster]),
  ])
}

/** The secrets that proxies need for the authentication of a policy. */
export function authenticationMaterials({ settings, overrides }: PolicyAuthentication): readonly TextMaterial[] {
  return [settings, overrides].flatMap(({ oidc }) => oidc?.materials ?? [])
}

function authenticates({ apiKeyAuth, basicAuth, oidc, jwt }: SecuritySettings): boolean {
  return [apiKeyAuth, basicAuth, oidc, jwt].some((each) => each !== undefined)
}

interface Resolved {
  readonly found: Authentication
  readonly problem: Problem | undefined
}

function resolve(world: AuthenticationWorld, name: string, { apiKeyAuth, basicAuth, oidc, jwt }: SecuritySettings): Resolved {
  const parts = {
    apiKeyAuth: apiKeyAuth && resolveApiKeys(world, apiKeyAuth),
    basicAuth: basicAuth && resolveBasicAuth(world, basicAuth),
    oidc: oidc && resolveOidc(world, name, oidc),
    jwt: jwt && resolveJwt(world, name, jwt),
  }
  const failed = Object.values(parts).find((part) => part?.ok === false)
  return {
    found: {
      ...(parts.apiKeyAuth?.ok ? { apiKeyAuth: parts.apiKeyAuth.value } : {}),
      ...(parts.basicAuth?.ok ? { basicAuth: parts.basicAuth.value } : {}),
      ...(parts.oidc?.ok ? { oidc: parts.oidc.value } : {}),
      ...(parts.jwt?.ok ? { jwt: parts.jwt.value } : {}),
    },
    problem: failed?.ok === false ? failed.problem : undefined,
  }
}
