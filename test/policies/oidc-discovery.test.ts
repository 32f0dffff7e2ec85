/** Identity providers that are named by their address alone, through the real Envoy. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { featureWorld } from '../features/world.js'
import { createAuthority, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startWebServer, type WebServer } from '../support/web-server.js'
import { policyField } from './coverage/policy-field.js'
import { ABOUT_GUARDED_RULE, GUARDED_ROUTE, securityPolicy } from './support/attempts.js'
import { createBrowser, type TestBrowser } from './support/browser.js'
import { aboutOf, type IdentityProvider, startIdentityProvider } from './support/identity-provider.js'
import { createIssuer } from './support/tokens.js'

const CLIENT = { id: 'shop', secret: 'a secret of more than sixteen characters' }
const world = featureWorld(['open', 'secret'])

let provider: IdentityProvider
/** One that says of itself what a test wants. */
let other: WebServer
let said: string | undefined
let authority: TestAuthority
beforeAll(async () => {
  authority = await createAuthority()
  provider = await startIdentityProvider(CLIENT)
  other = await startWebServer(() => ({ status: said === undefined ? 404 : 200, body: said ?? '' }))
})
beforeEach(() => world.write(GUARDED_ROUTE))
afterAll(() => Promise.all([provider?.close(), other?.close()]))

const SECRET = `\n{apiVersion: v1, kind: Secret, metadata: {name: client}, stringData: {client-secret: ${CLIENT.secret}}}\n`
const guard = (providerSpec: string, more = '') =>
  securityPolicy(
    `${ABOUT_GUARDED_RULE}, oidc: {provider: ${providerSpec}, clientID: shop, clientSecret: {name: client}, redirectURL: "http://example.com/admin/callback", logoutPath: /admin/logout}${more}`,
  )
const conditions = () => world.conditions('SecurityPolicy/default/p')
const message = () => JSON.stringify(world.headgate.status('SecurityPolicy/default/p'))
const isAccepted = () => eventually(() => expect(conditions()).toEqual(['Accepted=True/Accepted']))
const browser = (): TestBrowser => createBrowser({ host: 'example.com', place: world.headgate.place('default/gw', 80) })

/** Closed, for a reason, and the neighbour is not. */
async function isClosed(reason: string, words: RegExp): Promise<void> {
  await eventually(() => expect([conditions(), message()]).toEqual([[`Accepted=False/${reason}`], expect.stringMatching(words)]))
  await eventually(async () => expect(await world.answerer({ path: '/admin' })).toBe(500))
  expect(await world.answerer({ path: '/' })).toBe('open')
}

policyField(['SecurityPolicy oidc.provider.issuer'], 'logs in at a provider of which only the address is known', async () => {
  provider.about = aboutOf(provider.issuer, { end_session_endpoint: `${provider.issuer}/end` })
  await world.write(GUARDED_ROUTE, SECRET, guard(`{issuer: "${provider.issuer}"}`))
  await isAccepted()
  const user = browser()
  await eventually(async () => expect((await user.open('/admin')).echo?.backend).toBe('secret'))
  expect(provider.exchanges.at(-1)?.status).toBe(200)
  const out = await user.open('/admin/logout', { follow: false })
  expect(out.headers.location).toMatch(new RegExp(`^${provider.issuer}/end`))
  // What is written counts before what the provider says, and where enough is written nobody is asked.
  const asked = provider.asked
  const endpoints = `authorizationEndpoint: "${provider.issuer}/authorize", tokenEndpoint: "${provider.issuer}/token"`
  await world.write(GUARDED_ROUTE, SECRET, guard(`{issuer: "http://${other.host}", ${endpoints}}`))
  await isAccepted()
  await eventually(async () => expect((await browser().open('/admin')).echo?.backend).toBe('secret'))
  expect([provider.asked, other.questions]).toEqual([asked, []])
})

it('the keys of tokens are where the issuer says', async () => {
  provider.about = undefined
  const jwt = `jwt: {providers: [{name: idp, issuer: "${provider.issuer}", remoteJWKS: {}}]}`
  await world.write(GUARDED_ROUTE, securityPolicy(`${ABOUT_GUARDED_RULE}, ${jwt}`))
  await isAccepted()
  const ask = (token: string) => world.answerer({ path: '/admin', headers: { authorization: `Bearer ${token}` } })
  await eventually(async () => expect(await ask(provider.token({}))).toBe('secret'))
  expect(await ask(createIssuer(provider.issuer).token())).toBe(401)
  expect(await world.answerer({ path: '/admin' })).toBe(401)
}, 60_000)

it.each([
  { what: 'another issuer', document: () => aboutOf('https://evil.example'), words: /another issuer/ },
  { what: 'an issuer that begins alike', document: () => aboutOf(`http://${other.host}.evil.example`), words: /another issuer/ },
  { what: 'no JSON', document: () => '<html>', words: /no JSON object/ },
  {
    what: 'no address',
    document: () => aboutOf(`http://${other.host}`, { token_endpoint: 'javascript:alert(1)' }),
    words: /token_endpoint that is no/,
  },
  {
    what: 'an address that proxies refuse',
    document: () => aboutOf(`http://${other.host}`, { authorization_endpoint: `http://${other.host}/a b` }),
    words: /authorization_endpoint that is no/,
  },
  { what: 'nothing', document: () => undefined, words: /answers 404/ },
])(
  'what says $what closes the rule, and nothing else',
  async ({ document, words }) => {
    said = document()
    await world.write(GUARDED_ROUTE, SECRET, guard(`{issuer: "http://${other.host}"}`))
    await isClosed('FetchFailed', words)
    // A half of a policy never stands for the whole.
    expect(await world.answerer({ path: '/admin', headers: { authorization: `Bearer ${provider.token({})}` } })).toBe(500)
  },
  60_000,
)

it('a provider is believed that the authorities of its backend vouch for', async () => {
  const tls = await authority.issue({ ips: ['127.0.0.1'], dns: ['id.example.com'] })
  const server = await startWebServer(() => ({ status: 200, body: aboutOf(`https://${server.host}`) }), tls)
  try {
    await world.write(GUARDED_ROUTE, SECRET, guard(`{issuer: "https://${server.host}"}`))
    await isClosed('FetchFailed', /its certificate is not good/)
    const idp = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: idp}
spec:
  endpoints: [{ip: {address: 127.0.0.1, port: ${server.port}}}]
  tls: {hostname: id.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
`
    const ca = `\n{apiVersion: v1, kind: ConfigMap, metadata: {name: ca}, data: {ca.crt: ${JSON.stringify(authority.certificate)}}}\n`
    const withBackend = `{issuer: "https://${server.host}", backendRefs: [{group: headgate.dev, kind: Backend, name: idp}]}`
    await world.write(GUARDED_ROUTE, SECRET, idp, ca, guard(withBackend))
    await isAccepted()
    await eventually(async () => {
      const { status, headers } = await browser().open('/admin', { follow: false })
      expect([status, headers.location]).toEqual([302, expect.stringMatching(new RegExp(`^https://${server.host}/authorize`))])
    })
  } finally {
    await server.close()
  }
}, 60_000)
