/** Authentication where routes are packed as scopes: a request whose scope has to be searched gets its filters before its route. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to } from '../features/manifests.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { securityPolicy } from './support/attempts.js'
import { secret } from './support/secrets.js'
import { createIssuer } from './support/tokens.js'

let headgate: Standalone
let app: TestBackend
beforeAll(async () => {
  app = await startBackend('app')
  headgate = await startTestStandalone({ routePacking: 'scoped' })
  await headgate.write('base', [backend(app), gateway('gw')].join('---'))
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  await app?.close()
})

const issuer = createIssuer('https://good.example')
const HOSTS = [
  'exact.example.com',
  'EXACT.example.com',
  'exact.example.com:80',
  'any.wild.example.com',
  'ANY.WILD.example.com',
  'other.example.org',
]
const ROUTES = [
  httpRoute('exact', `[{${to('app')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [exact.example.com]'),
  httpRoute('wild', `[{${to('app')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: ["*.wild.example.com"]'),
  httpRoute('all', `[{${to('app')}}]`),
]
const ABOUT = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
const SECRETS = [
  secret('s', { ann: 'key-of-ann' }),
  secret('u', { '.htpasswd': 'ann:{SHA}kGByAB793z4R5tK1eC9Hd/4Dhzk=' }),
  secret('c', { 'client-secret': 'a secret of more than sixteen characters' }),
].join('---')

const statuses = (headers: Readonly<Record<string, string>>) =>
  Promise.all(HOSTS.map(async (host) => [host, (await headgate.send('default/gw', 80, { host, path: '/', headers })).status]))
const all = (status: number) => HOSTS.map((host) => [host, status])

it.each([
  {
    what: 'tokens',
    spec: () => `jwt: {providers: [{name: good, issuer: "${issuer.issuer}", localJWKS: {inline: '${issuer.jwks}'}}]}`,
    good: () => ({ authorization: `Bearer ${issuer.token()}` }),
    refused: 401,
  },
  {
    what: 'API keys',
    spec: () => 'apiKeyAuth: {credentialRefs: [{name: s}], extractFrom: [{headers: [x-api-key]}]}',
    good: () => ({ 'x-api-key': 'key-of-ann' }),
    refused: 401,
  },
  {
    what: 'passwords',
    spec: () => 'basicAuth: {users: {name: u}}',
    good: () => ({ authorization: `Basic ${Buffer.from('ann:geheim').toString('base64')}` }),
    refused: 401,
  },
  {
    what: 'logins',
    spec: () =>
      'oidc: {provider: {authorizationEndpoint: "https://id.example/a", tokenEndpoint: "https://id.example/t"}, clientID: x, clientSecret: {name: c}}',
    good: undefined,
    refused: 302,
  },
])(
  '$what, however the host is written',
  async ({ spec, good, refused }) => {
    await headgate.write('objects', [...ROUTES, SECRETS].join('---'))
    expect(await statuses({})).toEqual(all(200))
    await headgate.write('objects', [...ROUTES, SECRETS, securityPolicy(`${ABOUT}, ${spec()}`)].join('---'))
    expect(await statuses({})).toEqual(all(refused))
    if (good !== undefined) expect(await statuses(good())).toEqual(all(200))
  },
  60_000,
)
