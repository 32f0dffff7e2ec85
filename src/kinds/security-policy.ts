/** SecurityPolicy (headgate.dev): who may send which requests. */
import { optional } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field } from '../schema/schema.js'
import { corsFilter } from './http-filters.js'
import { ownPolicy } from './own-policy.js'
import { apiKeyAuth } from './security/api-key-auth.js'
import { authorization } from './security/authorization.js'
import { basicAuth } from './security/basic-auth.js'
import { csrf } from './security/csrf.js'
import { extAuth } from './security/ext-auth.js'
import { jwt } from './security/jwt.js'
import { oidc } from './security/oidc.js'

/** The settings of a SecurityPolicy: once as defaults, once as overrides. Each is merged as a whole. */
const settings: Readonly<Record<string, Field>> = {
  cors: optional(corsFilter, 'Answers cross-origin requests of browsers, as the filter of HTTPRoutes does.'),
  csrf: optional(csrf, 'Refuses requests that another site makes a browser send.'),
  extAuth: optional(extAuth, 'Asks another server whether a request may pass.'),
  apiKeyAuth: optional(apiKeyAuth, 'Keys that requests must carry; others get 401.'),
  basicAuth: optional(basicAuth, 'A name and a password that requests must carry; others get 401.'),
  oidc: optional(oidc, 'Sends browsers to an identity provider to log in.'),
  jwt: optional(jwt, 'Tokens that requests must carry; others get 401.'),
  authorization: optional(authorization, 'Which requests may pass; others get 403.'),
}

/** SecurityPolicy: who may send which requests. */
export const securityPolicy: KindDefinition = ownPolicy({
  kind: 'SecurityPolicy',
  plural: 'securitypolicies',
  shortName: 'hgsp',
  description:
    'Who may send which requests of HTTPRoutes and GRPCRoutes, and from where TLSRoutes and TCPRoutes are connected to. It does not hold for UDPRoutes.',
  settings,
})
