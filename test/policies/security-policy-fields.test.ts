/** The fields of SecurityPolicies that are about no single feature, and those of cross-origin requests, through the real Envoy. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { policyField } from './coverage/policy-field.js'
import { securityPolicy } from './support/attempts.js'

const world = featureWorld(['app'])
const ROUTE = httpRoute('r', `[{${to('app')}}]`)
const ABOUT_ROUTE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'
const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
const CLOSED = 'authorization: {}'

describe('a SecurityPolicy', () => {
  policyField(
    ['SecurityPolicy targetRefs', 'SecurityPolicy mergeType'],
    'is about what it names, and may hide what wider ones say',
    async () => {
      await world.write(ROUTE, securityPolicy(`${ABOUT_GATEWAY}, ${CLOSED}`))
      expect(await world.answerer()).toBe(403)
      const cors = 'cors: {allowOrigins: ["https://a.example"]}'
      await world.write(ROUTE, securityPolicy(`${ABOUT_GATEWAY}, ${CLOSED}`), securityPolicy(`${ABOUT_ROUTE}, ${cors}`, 'q'))
      expect(await world.answerer()).toBe(403)
      await world.write(
        ROUTE,
        securityPolicy(`${ABOUT_GATEWAY}, ${CLOSED}`),
        securityPolicy(`${ABOUT_ROUTE}, mergeType: Replace, ${cors}`, 'q'),
      )
      expect(await world.answerer()).toBe('app')
    },
  )

  it.each([
    [
      'apiKeyAuth.forwardClientIDHeader',
      (name: string) => `apiKeyAuth: {credentialRefs: [{name: x}], extractFrom: [{headers: [x-key]}], forwardClientIDHeader: ${name}}`,
    ],
    ['basicAuth.forwardUsernameHeader', (name: string) => `basicAuth: {users: {name: x}, forwardUsernameHeader: ${name}}`],
    [
      'oidc.forwardIDToken.header',
      (name: string) =>
        `oidc: {provider: {authorizationEndpoint: "https://i.example/a", tokenEndpoint: "https://i.example/t"}, clientID: x, clientSecret: {name: x}, redirectURL: "https://a.example/cb", logoutPath: /out, forwardIDToken: {header: ${name}}}`,
    ],
  ] as const)('writes who it is into no header of the connection: %s', async (field, spec) => {
    for (const name of ['Content-Length', 'transfer-encoding', 'host', 'connection']) {
      const texts = `.htpasswd: "u:{SHA}${'a'.repeat(27)}=", client-secret: ${'s'.repeat(16)}`
      const secret = `\n{apiVersion: v1, kind: Secret, metadata: {name: x}, stringData: {${texts}}}\n`
      await world.write(ROUTE, secret, securityPolicy(`${ABOUT_ROUTE}, ${spec(name)}`))
      const status = world.headgate.status('SecurityPolicy/default/p')
      const [said] = status.shape === 'policy' ? (status.ancestors[0]?.conditions ?? []) : []
      expect(said).toMatchObject({ reason: 'UnsupportedValue', message: expect.stringContaining(`${field}: "${name}"`) })
      expect(await world.answerer()).toBe(500)
    }
  })

  policyField(['SecurityPolicy targetSelectors.{group,kind,matchLabels}'], 'is about what it selects by labels', async () => {
    const labelled = ROUTE.replace('metadata: {name: r}', 'metadata: {name: r, labels: {team: a}}')
    const selecting = (team: string) =>
      securityPolicy(`targetSelectors: [{group: gateway.networking.k8s.io, kind: HTTPRoute, matchLabels: {team: ${team}}}], ${CLOSED}`)
    await world.write(labelled, selecting('a'))
    expect(await world.answerer()).toBe(403)
    await world.write(labelled, selecting('b'))
    expect(await world.answerer()).toBe('app')
  })

  policyField(
    [
      'SecurityPolicy authorization.defaultAction',
      'SecurityPolicy authorization.rules.{name,action}',
      'SecurityPolicy authorization.rules.operation.methods',
      'SecurityPolicy authorization.rules.principal.clientCIDRs',
      'SecurityPolicy authorization.rules.principal.headers.{name,values}',
    ],
    'decides by the first rule that matches, and by its default',
    async () => {
      const rules =
        '{name: no-posts, action: Deny, operation: {methods: [POST]}}, {action: Deny, principal: {headers: [{name: x-role, values: [guest]}]}}, {action: Allow, principal: {clientCIDRs: [127.0.0.0/8]}}'
      await world.write(ROUTE, securityPolicy(`${ABOUT_ROUTE}, authorization: {rules: [${rules}]}`))
      expect(await world.answerer()).toBe('app')
      expect(await world.answerer({ method: 'POST' })).toBe(403)
      expect(await world.answerer({ headers: { 'x-role': 'guest' } })).toBe(403)
      const elsewhere = rules.replace('127.0.0.0/8', '10.0.0.0/8')
      await world.write(ROUTE, securityPolicy(`${ABOUT_ROUTE}, authorization: {rules: [${elsewhere}]}`))
      expect(await world.answerer()).toBe(403)
      await world.write(ROUTE, securityPolicy(`${ABOUT_ROUTE}, authorization: {defaultAction: Allow, rules: [${elsewhere}]}`))
      expect([await world.answerer(), await world.answerer({ method: 'POST' })]).toEqual(['app', 403])
    },
  )

  policyField(
    ['SecurityPolicy cors.{allowOrigins,allowMethods,allowHeaders,exposeHeaders,maxAge,allowCredentials}'],
    'answers cross-origin requests',
    async () => {
      const cors =
        'cors: {allowOrigins: ["https://*.example.com"], allowMethods: [PUT], allowHeaders: [x-a], exposeHeaders: [x-b], maxAge: 60, allowCredentials: true}'
      await world.write(ROUTE, securityPolicy(`${ABOUT_ROUTE}, ${cors}`))
      const origin = 'https://a.example.com'
      const asked = await world.ask({
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a' },
      })
      expect(asked.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'x-a',
        'access-control-allow-credentials': 'true',
        'access-control-max-age': '60',
      })
      const answer = await world.ask({ headers: { origin } })
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': origin, 'access-control-expose-headers': 'x-b' })
      expect((await world.ask({ headers: { origin: 'https://evil.example' } })).headers['access-control-allow-origin']).toBeUndefined()
    },
  )
})
