/** Filters of listeners in both packings of routes: what they change leads to another route, whose filters must be there. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { securityPolicy } from '../policies/support/attempts.js'
import { createIssuer } from '../policies/support/tokens.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway, httpRoute, ref, to } from './manifests.js'

const PACKINGS = ['rds', 'scoped'] as const
let headgates: readonly Standalone[] = []
let backends: readonly TestBackend[] = []
beforeAll(async () => {
  backends = await Promise.all(['app', 'members', 'check'].map((name) => startBackend(name)))
  headgates = await Promise.all(PACKINGS.map((routePacking) => startTestStandalone({ routePacking })))
}, 60_000)
afterAll(async () => {
  await Promise.all(headgates.map((headgate) => headgate.stop()))
  await Promise.all(backends.map((each) => each.close()))
})

const CLIENT = `
apiVersion: v1
kind: Secret
metadata: {name: client}
stringData: {client-secret: a secret of more than sixteen characters}
`
/** Nobody gets as far as asking these. */
const LOGIN =
  'oidc: {provider: {authorizationEndpoint: "http://127.0.0.1:9/authorize", tokenEndpoint: "http://127.0.0.1:9/token"}, clientID: shop, clientSecret: {name: client}, redirectURL: "http://example.com/callback", logoutPath: /logout}'

const KEYS = createIssuer('https://issuer.example').jwks

const HOSTS = [
  'exact.example.com',
  'EXACT.example.com',
  'exact.example.com:80',
  'a.wild.example.com',
  'b.a.wild.example.com',
  'other.example.net',
]

it('asks about exact hosts, wildcards and hosts that nobody names, and leaves the filters of the route found at last in force', async () => {
  const auth = (name: string) => `{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {${ref(name)}}, http: {}}}`
  const user = (name: string) => `name: ${name}, matches: [{headers: [{name: x-user, value: ${name}}]}]`
  const rules = `[{${user('ann')}, ${to('members')}}, {${user('bob')}, filters: [${auth('missing')}], ${to('members')}}, {${user('carol')}, ${to('members')}}, {${user('dave')}, ${to('members')}}, {name: rest, ${to('app')}}]`
  const routes = [
    httpRoute('exact', rules, 'parentRefs: [{name: gw}]\n  hostnames: [exact.example.com]'),
    httpRoute('wild', rules, 'parentRefs: [{name: gw}]\n  hostnames: ["*.wild.example.com"]'),
    httpRoute('any', rules),
  ]
  const policies = ['exact', 'wild', 'any'].flatMap((name) => {
    const about = (rule: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name}, sectionName: ${rule}}]`
    return [
      securityPolicy(`${about('carol')}, ${LOGIN}`, `login-${name}`),
      securityPolicy(`${about('dave')}, jwt: {providers: [{name: p, localJWKS: {inline: '${KEYS}'}}]}`, `token-${name}`),
    ]
  })
  const listener = `[{name: http, port: 80, protocol: HTTP, filters: {requests: [${auth('check')}]}}]`
  const objects = [gateway('gw', listener), CLIENT, ...backends.map((each) => backend(each)), ...routes, ...policies]
  await Promise.all(headgates.map((headgate) => headgate.write('objects', objects.join('---'))))
  const ask = async (path: string) =>
    Promise.all(
      headgates.map(async (headgate) => {
        const answers = await Promise.all(HOSTS.map((host) => headgate.send('default/gw', 80, { host, path })))
        return answers.map(({ status, echo }) => (status === 200 ? echo?.backend : status))
      }),
    )
  const all = (answer: string | number) => PACKINGS.map(() => HOSTS.map(() => answer))
  expect(await ask('/')).toEqual(all('app'))
  expect(await ask('/?header=x-user:ann')).toEqual(all('members'))
  expect(await ask('/?header=x-user:bob')).toEqual(all(403))
  expect(await ask('/?header=x-user:carol')).toEqual(all(302))
  expect(await ask('/?header=x-user:dave')).toEqual(all(401))
  expect(await ask('/?status=401')).toEqual(all(401))
  expect(await ask('/?header=x-headgate-scope:elsewhere')).toEqual(all('app'))
}, 60_000)
