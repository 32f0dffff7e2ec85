/** What the schema of `oidc` lets through and cannot be done. */
import type { OIDC, SecuritySettings } from '../../gen/kinds.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { webAddressProblem } from '../backends/web-clusters.js'
import type { Problem } from '../conditions.js'
import { regularExpressionProblem } from '../regular-expressions.js'
import { redirectPath } from './resolve-oidc.js'

/** Why people cannot log in in this way. */
export function oidcProblem(oidc: OIDC, { jwt }: SecuritySettings): Problem | undefined {
  const { provider, logoutPath, redirectURL, denyRedirect, passThroughAuthHeader } = oidc
  for (const endpoint of ['issuer', 'authorizationEndpoint', 'tokenEndpoint', 'endSessionEndpoint'] as const) {
    const uri = provider[endpoint]
    const problem = uri === undefined ? undefined : webAddressProblem(`oidc.provider.${endpoint}`, uri)
    if (problem !== undefined) return problem
  }
  if (redirectPath(redirectURL) === '') return unsupported('oidc.redirectURL: it needs a path of its own, such as /oauth2/callback.')
  if (redirectPath(redirectURL) === logoutPath) return unsupported('oidc.logoutPath: it is the path of redirectURL as well.')
  if (passThroughAuthHeader && !wantsToken(jwt)) {
    return unsupported('oidc.passThroughAuthHeader: the policy must ask for tokens with jwt, and tolerate no others.')
  }
  for (const time of ['defaultTokenTTL', 'defaultRefreshTokenTTL', 'csrfTokenTTL'] as const) {
    const text = oidc[time]
    if (text !== undefined && !(durationMilliseconds(text) >= 1000)) return unsupported(`oidc.${time}: must be a second or more.`)
  }
  for (const { type, value } of denyRedirect?.headers ?? []) {
    const problem = type === 'RegularExpression' ? regularExpressionProblem(value) : undefined
    if (problem !== undefined) return unsupported(`oidc.denyRedirect.headers: the regular expression ${problem}.`)
  }
  return undefined
}

/** True where requests without a good token are refused: without anybody who checks them, any made up token would pass by the login. */
export function wantsToken(jwt: SecuritySettings['jwt']): boolean {
  return jwt !== undefined && !jwt.optional && !jwt.failOpen
}

/** What of a login cannot be done where the `jwt` that counts is that of another policy. */
export function loginProblem({ oidc, jwt }: SecuritySettings): Problem | undefined {
  if (oidc?.passThroughAuthHeader !== true || wantsToken(jwt)) return undefined
  return unsupported(
    'oidc.passThroughAuthHeader: it does not count where the jwt of another policy tolerates requests without a good token.',
  )
}

function unsupported(message: string): Problem {
  return { reason: 'UnsupportedValue', message }
}
