/** SecurityPolicy (headgate.dev): who may send which requests. */
import { list, object, oneOf, optional, required, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field, ObjectSchema } from '../schema/schema.js'
import { corsFilter, HTTP_METHODS } from './http-filters.js'
import { ownPolicySchema } from './policy-targets.js'
import { apiKeyAuth } from './security/api-key-auth.js'
import { basicAuth } from './security/basic-auth.js'
import { csrf } from './security/csrf.js'
import { extAuth } from './security/ext-auth.js'
import { jwt } from './security/jwt.js'
import { headerName, sectionName } from './strings.js'

const action = oneOf(['Allow', 'Deny'], { name: 'AuthorizationAction' })

const headerMatch: ObjectSchema = object('AuthorizationHeader', 'A header that a request must have.', {
  name: required(headerName, 'Its name.'),
  values: required(
    list(string({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 32 }),
    'Values of which it must have one. `Allow`: as the only one; `Deny`: among others is enough.',
  ),
})

const authorizationRule: ObjectSchema = object('AuthorizationRule', 'Requests, and whether they may pass. All parts must match.', {
  name: optional(sectionName, 'A name for people.'),
  action: required(action, 'Whether they may pass.'),
  operation: optional(
    object('AuthorizationOperation', 'What the request does.', {
      methods: required(
        list(oneOf(HTTP_METHODS, { name: 'HTTPMethod' }), { minItems: 1, maxItems: 9 }),
        'One of these methods. `Deny` takes them in any case of letters.',
      ),
    }),
    'What the request does; anything when left out.',
  ),
  principal: optional(
    object('AuthorizationPrincipal', 'Who sends it.', {
      clientCIDRs: optional(
        list(string({ minLength: 4, maxLength: 49 }), { minItems: 1, maxItems: 64 }),
        'The address of the client is in one of these ranges, such as `10.0.0.0/8`.',
      ),
      headers: optional(list(headerMatch, { minItems: 1, maxItems: 16 }), 'It has all of these headers.'),
    }),
    'Who sends it; anybody when left out.',
  ),
})

const authorization: ObjectSchema = object('Authorization', 'Which requests may pass: the first rule that matches decides.', {
  defaultAction: optional(action, 'What happens to requests that no rule matches.', { default: 'Deny' }),
  rules: optional(list(authorizationRule, { maxItems: 64 }), 'The rules.'),
})

/** The settings of a SecurityPolicy: once as defaults, once as overrides. Each is merged as a whole. */
const settings: Readonly<Record<string, Field>> = {
  cors: optional(corsFilter, 'Answers cross-origin requests of browsers, as the filter of HTTPRoutes does.'),
  csrf: optional(csrf, 'Refuses requests that another site makes a browser send.'),
  extAuth: optional(extAuth, 'Asks another server whether a request may pass.'),
  apiKeyAuth: optional(apiKeyAuth, 'Keys that requests must carry; others get 401.'),
  basicAuth: optional(basicAuth, 'A name and a password that requests must carry; others get 401.'),
  jwt: optional(jwt, 'Tokens that requests must carry; others get 401.'),
  authorization: optional(authorization, 'Which requests may pass; others get 403.'),
}

/** SecurityPolicy: who may send which requests. */
export const securityPolicy: KindDefinition = {
  kind: 'SecurityPolicy',
  group: 'headgate.dev',
  versions: ['v1alpha1'],
  plural: 'securitypolicies',
  shortNames: ['hgsp'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: true,
  policy: 'Inherited',
  columns: [
    { name: 'Accepted', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: ownPolicySchema(
    'SecurityPolicy',
    'Who may send which requests of HTTPRoutes and GRPCRoutes, and from where TLSRoutes and TCPRoutes are connected to. It does not hold for UDPRoutes.',
    'SecuritySettings',
    settings,
  ),
}
