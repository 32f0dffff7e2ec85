/** SecurityPolicy as a kind of policy: what it may be about, and which of its settings cannot be done. */
import type { SecurityPolicySpec, SecuritySettings } from '../../gen/kinds.js'
import { isOfConnection } from '../../ir/framing-headers.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { claimsProblem, jwtProblem } from '../authentication/jwt-problem.js'
import { loginProblem, oidcProblem } from '../authentication/oidc-problem.js'
import type { Problem } from '../conditions.js'
import { contextValue } from '../routes/external-auth.js'
import { authorizationProblem, tokenProblem } from './authorization.js'
import { connectionProblem, ofRequestsOnly } from './connection-security.js'
import { type NamedBackend, unusedProblem } from './policy-backends.js'
import type { PolicyKind } from './policy-kind.js'
import { isBackendTarget, isConnectionTarget } from './policy-targets.js'

/** Each is merged as a whole. */
const ATOMS = [
  'cors',
  'csrf',
  'extAuth',
  'apiKeyAuth',
  'basicAuth',
  'oidc',
  'jwt',
  'authorization',
] as const satisfies readonly (keyof SecuritySettings)[]

/** SecurityPolicy. Whoever may send what is one thing: nothing of a setting is mixed with that of another policy. */
export const SECURITY_POLICY: PolicyKind<'SecurityPolicy', SecuritySettings> = {
  name: 'SecurityPolicy',
  failsClosed: true,
  whyUnsupported: 'For some rules it cannot be done',
  atoms: new Set(ATOMS),
  settingsOf: (spec: SecurityPolicySpec): SecuritySettings =>
    Object.fromEntries(ATOMS.flatMap((name) => (spec[name] === undefined ? [] : [[name, spec[name]]]))),
  overridesOf: ({ overrides }: SecurityPolicySpec) => overrides,
  problemOf: (settings, targets) => {
    const { jwt, oidc, authorization, extAuth } = settings
    const ofRequests = targets.some(isConnectionTarget) ? ofRequestsOnly(settings) : undefined
    if (ofRequests !== undefined) {
      const message = `${ofRequests} is about requests: of connections of TLSRoutes and TCPRoutes only the address of the client is known.`
      return { reason: 'UnsupportedValue', message }
    }
    const ofNames = namedHeaderProblem(settings)
    if (ofNames !== undefined) return ofNames
    const ofTokens = jwt && jwtProblem(jwt)
    if (ofTokens !== undefined) return ofTokens
    const ofLogins = oidc && oidcProblem(oidc, settings)
    if (ofLogins !== undefined) return ofLogins
    if (extAuth !== undefined && !(durationMilliseconds(extAuth.timeout) > 0)) {
      return { reason: 'UnsupportedValue', message: `extAuth.timeout: "${extAuth.timeout}" is no time to wait; write one such as 10s.` }
    }
    return authorization && authorizationProblem(authorization, jwt)
  },
  contentProblem: ({ view, inputs }, { extAuth }, { namespace }) => {
    for (const [at, extension] of (extAuth?.contextExtensions ?? []).entries()) {
      const value = contextValue(view, inputs, namespace, extension)
      if (!value.ok) return { reason: 'RefNotFound', message: `extAuth.contextExtensions[${at}].valueRef: ${value.message}` }
    }
    return undefined
  },
  backendsOf: ({ extAuth }) => [extAuth?.grpc, extAuth?.http].flatMap((service) => service?.backendRef ?? []),
  referenceProblem: (world, settings, policy) => unusedProblem(world, policy, namedBackends(settings)),
  togetherProblems: (settings) => {
    const [ofLogin, ofTokens] = [loginProblem(settings), tokenProblem(settings.authorization?.rules, settings.jwt)]
    const ofClaims = claimsProblem(settings.jwt)
    return [
      ...(ofLogin === undefined ? [] : [{ ...ofLogin, setting: 'oidc' }]),
      ...(ofTokens === undefined ? [] : [{ ...ofTokens, setting: 'authorization' }]),
      ...(ofClaims === undefined ? [] : [{ ...ofClaims, setting: 'jwt' }]),
    ]
  },
  connectionProblems: ({ authorization }) => {
    const problem = connectionProblem(authorization)
    return problem === undefined ? [] : [{ ...problem, setting: 'authorization' }]
  },
  isTarget: (kind) => !isBackendTarget(kind),
  targetProblem: () => undefined,
}

/** The backends of settings, in the order in which a request meets them. */
function namedBackends({ oidc, jwt, extAuth }: SecuritySettings): readonly NamedBackend[] {
  const ofLogin = oidc?.provider.backendRefs ?? []
  const ofKeys = (jwt?.providers ?? []).flatMap(({ name, remoteJWKS }) =>
    (remoteJWKS?.backendRefs ?? []).map((backendRef) => ({ field: `jwt.providers "${name}": remoteJWKS.backendRefs`, backendRef })),
  )
  const ofServer = extAuth?.grpc ?? extAuth?.http
  return [
    ...ofLogin.map((backendRef) => ({ field: 'oidc.provider.backendRefs', backendRef })),
    ...ofKeys,
    ...(ofServer === undefined ? [] : [{ field: 'extAuth.backendRef', backendRef: ofServer.backendRef }]),
  ]
}

/** What is wrong with the headers that say who sends a request. */
function namedHeaderProblem({ apiKeyAuth, basicAuth, oidc }: SecuritySettings): Problem | undefined {
  const named = [
    ['apiKeyAuth.forwardClientIDHeader', apiKeyAuth?.forwardClientIDHeader],
    ['basicAuth.forwardUsernameHeader', basicAuth?.forwardUsernameHeader],
    ['oidc.forwardIDToken.header', oidc?.forwardIDToken?.header],
  ] as const
  const wrong = named.find(([, name]) => name !== undefined && isOfConnection(name.toLowerCase()))
  return wrong && { reason: 'UnsupportedValue', message: `${wrong[0]}: "${wrong[1]}" is a header of the connection: use another one.` }
}
