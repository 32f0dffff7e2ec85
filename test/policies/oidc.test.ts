/** Logins at an identity provider through the real Envoy, and what attackers get. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { dumpSections } from '../../src/admin/dump.js'
import { backend, httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { policyField } from './coverage/policy-field.js'
import { sendRaw } from './raw-http.js'
import {
  ABOUT_GUARDED_RULE,
  type Attempt,
  expectNoneSucceed,
  GUARDED_ROUTE,
  pathAttempts,
  rawRequest,
  securityPolicy,
} from './support/attempts.js'
import { createBrowser, type TestBrowser } from './support/browser.js'
import { type IdentityProvider, startIdentityProvider } from './support/identity-provider.js'
import { secret as secretOf } from './support/secrets.js'
import { createIssuer, hmacToken, inSeconds } from './support/tokens.js'

const CLIENT = { id: 'shop', secret: 'a secret of more than sixteen characters' }
const world = featureWorld(['open', 'secret'])

let provider: IdentityProvider
beforeAll(async () => {
  provider = await startIdentityProvider(CLIENT)
})
afterAll(() => provider?.close())

const secret = (name = 'client', data: Readonly<Record<string, string>> = { 'client-secret': CLIENT.secret, 'client-id': CLIENT.id }) =>
  secretOf(name, data)
const oidc = (more = '', id = 'clientID: shop') =>
  `oidc: {provider: {authorizationEndpoint: "${provider.issuer}/authorize", tokenEndpoint: "${provider.issuer}/token"}, ${id}, clientSecret: {name: client}, redirectURL: "http://example.com/admin/callback", logoutPath: /admin/logout${more}}`
const guard = (spec: string) => securityPolicy(`${ABOUT_GUARDED_RULE}, ${spec}`)
const browser = (): TestBrowser => createBrowser({ host: 'example.com', place: world.headgate.place('default/gw', 80) })
const cookieNamed = ({ cookies }: TestBrowser, start: string) => [...cookies].find(([name]) => name.startsWith(start))

describe('oidc', () => {
  policyField(
    [
      'SecurityPolicy oidc.provider.{authorizationEndpoint,tokenEndpoint}',
      'SecurityPolicy oidc.{clientID,clientSecret,redirectURL,scopes,resources}',
    ],
    'sends a browser to log in, and lets it in when it comes back',
    async () => {
      await world.write(GUARDED_ROUTE, secret(), guard(oidc(', scopes: [email], resources: ["https://api.example"]')))
      expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
      const user = browser()
      const sent = await user.open('/admin/page?x=1', { follow: false })
      expect(sent.status).toBe(302)
      const question = new URL(sent.headers.location ?? '')
      expect(question.searchParams.get('scope')?.split(' ').sort()).toEqual(['email', 'openid'])
      expect(question.searchParams.get('resource')).toBe('https://api.example')
      const other = browser()
      const answer = await other.open('/admin/page?x=1')
      expect([answer.status, answer.echo?.backend, answer.echo?.path]).toEqual([200, 'secret', '/admin/page?x=1'])
      expect(provider.exchanges.at(-1)?.status).toBe(200)
      // It is remembered, and by this browser only.
      expect((await other.open('/admin', { follow: false })).status).toBe(200)
      expect((await browser().open('/admin', { follow: false })).status).toBe(302)
      expect((await browser().open('/', { follow: false })).echo?.backend).toBe('open')
    },
  )

  it.each([
    { written: 'http://%REQ(:authority)%/admin/callback', sent: 'http://example.com/admin/callback' },
    { written: 'http://example.com/admin/%ENVIRONMENT(PATH)%', sent: 'http://example.com/admin/%ENVIRONMENT(PATH)%' },
    { written: 'http://example.com/admin/%DOWNSTREAM_LOCAL_ADDRESS%', sent: 'http://example.com/admin/%DOWNSTREAM_LOCAL_ADDRESS%' },
    { written: 'http://example.com/admin/a%20b', sent: 'http://example.com/admin/a%20b' },
  ])('of words of access logs in $written, those of the request alone are replaced', async ({ written, sent }) => {
    await world.write(GUARDED_ROUTE, secret(), guard(oidc().replace('http://example.com/admin/callback', written)))
    const question = await browser().open('/admin/page', { follow: false })
    expect(question.status).toBe(302)
    expect(new URL(question.headers.location ?? '').searchParams.get('redirect_uri')).toBe(sent)
  })

  policyField(
    ['SecurityPolicy oidc.clientIDRef', 'SecurityPolicy oidc.provider.backendRefs'],
    'takes the name of the client from a Secret, and asks a backend for tokens',
    async () => {
      const elsewhere = oidc('', 'clientIDRef: {name: client}').replace(
        `tokenEndpoint: "${provider.issuer}/token"`,
        'tokenEndpoint: "http://id.example.com/token", backendRefs: [{group: headgate.dev, kind: Backend, name: idp}]',
      )
      await world.write(GUARDED_ROUTE, secret(), backend({ name: 'idp', port: provider.port }), guard(elsewhere))
      expect((await browser().open('/admin')).echo?.backend).toBe('secret')
      // Another endpoint is asked where one takes no connections.
      const idp = [await freePort(), provider.port].map((port) => `{ip: {address: 127.0.0.1, port: ${port}}}`)
      const half = `\napiVersion: headgate.dev/v1alpha1\nkind: Backend\nmetadata: {name: idp}\nspec: {endpoints: [${idp.join(', ')}]}\n`
      await world.write(GUARDED_ROUTE, secret(), half, guard(elsewhere))
      for (let at = 0; at < 6; at += 1) expect((await browser().open('/admin')).echo?.backend).toBe('secret')
    },
  )

  policyField(
    ['SecurityPolicy oidc.logoutPath', 'SecurityPolicy oidc.provider.endSessionEndpoint'],
    'logs out here and at the provider',
    async () => {
      await world.write(
        GUARDED_ROUTE,
        secret(),
        guard(oidc().replace('/token"}', '/token", endSessionEndpoint: "https://id.example.com/end"}')),
      )
      const user = browser()
      expect((await user.open('/admin')).status).toBe(200)
      const out = await user.open('/admin/logout', { follow: false })
      expect(out.headers.location).toMatch(/^https:\/\/id\.example\.com\/end\?/)
      expect((await user.open('/admin', { follow: false })).status).toBe(302)
    },
  )

  policyField(
    ['SecurityPolicy oidc.forwardAccessToken', 'SecurityPolicy oidc.forwardIDToken.header'],
    'passes tokens on where it is told to, and never what a client says in their place',
    async () => {
      await world.write(GUARDED_ROUTE, secret(), guard(oidc(', forwardAccessToken: true, forwardIDToken: {header: X-Id-Token}')))
      const user = browser()
      const { echo } = await user.open('/admin', { headers: { 'x-id-token': 'made up' } })
      expect(echo?.headers.authorization).toMatch(/^Bearer ey/)
      expect(echo?.headers['x-id-token']).toMatch(/^ey/)
      await world.write(GUARDED_ROUTE, secret(), guard(oidc()))
      const plain = (await user.open('/admin', { headers: { authorization: 'Bearer made-up' } })).echo
      expect(plain?.backend).toBe('secret')
      expect(plain?.headers.authorization).toBeUndefined()
    },
  )

  policyField(
    ['SecurityPolicy oidc.{refreshToken,defaultTokenTTL,defaultRefreshTokenTTL}'],
    'goes on with a refresh token when the session ends, or asks to log in again',
    async () => {
      provider.lifetime = 2
      try {
        await world.write(GUARDED_ROUTE, secret(), guard(oidc(', defaultTokenTTL: 1h, defaultRefreshTokenTTL: 1h')))
        const user = browser()
        expect((await user.open('/admin')).status).toBe(200)
        const asked = provider.exchanges.length
        await eventually(async () => {
          expect((await user.open('/admin', { follow: false })).status).toBe(200)
          expect(
            provider.exchanges.slice(asked).some(({ form, status }) => form.get('grant_type') === 'refresh_token' && status === 200),
          ).toBe(true)
        })
        await world.write(GUARDED_ROUTE, secret(), guard(oidc(', refreshToken: false')))
        const another = browser()
        expect((await another.open('/admin')).status).toBe(200)
        await eventually(async () => expect((await another.open('/admin', { follow: false })).status).toBe(302))
      } finally {
        provider.lifetime = 3600
      }
    },
  )

  policyField(
    [
      'SecurityPolicy oidc.cookieNames.{accessToken,idToken}',
      'SecurityPolicy oidc.cookieConfig.sameSite',
      'SecurityPolicy oidc.{cookieDomain,disableTokenEncryption,csrfTokenTTL}',
    ],
    'makes cookies as it is told',
    async () => {
      const cookies =
        ', cookieNames: {accessToken: at, idToken: it}, cookieConfig: {sameSite: Strict}, cookieDomain: example.com, csrfTokenTTL: 90s'
      await world.write(GUARDED_ROUTE, secret(), guard(oidc(cookies)))
      const user = browser()
      const first = await user.open('/admin', { follow: false })
      expect(first.headers['set-cookie']?.find((line) => line.startsWith('OauthNonce'))).toMatch(/Max-Age=90/i)
      expect((await user.open('/admin')).status).toBe(200)
      const line = user.lines.find((each) => each.startsWith('at=')) ?? ''
      expect(line).toMatch(/domain=example\.com/i)
      expect(line).toMatch(/samesite=strict/i)
      expect(line).toMatch(/httponly/i)
      expect(user.cookies.get('at')).not.toMatch(/^ey/)
      expect(user.cookies.has('it')).toBe(true)
      await world.write(GUARDED_ROUTE, secret(), guard(oidc(`${cookies}, disableTokenEncryption: true`)))
      const open = browser()
      await open.open('/admin')
      expect(open.cookies.get('at')).toMatch(/^ey/)
    },
  )

  policyField(['SecurityPolicy oidc.denyRedirect.headers.{name,type,value}'], 'answers 401 to what no browser shows', async () => {
    await world.write(
      GUARDED_ROUTE,
      secret(),
      guard(
        oidc(
          ', denyRedirect: {headers: [{name: X-Requested-With, value: XMLHttpRequest}, {name: accept, type: Prefix, value: application/}, {name: a, type: Suffix, value: z}, {name: b, type: RegularExpression, value: "[0-9]+"}]}',
        ),
      ),
    )
    const status = async (headers: Readonly<Record<string, string>>) => (await browser().open('/admin', { follow: false, headers })).status
    expect(await status({ 'x-requested-with': 'XMLHttpRequest' })).toBe(401)
    expect(await status({ accept: 'application/json' })).toBe(401)
    expect(await status({ a: 'xyz' })).toBe(401)
    expect(await status({ b: '12' })).toBe(401)
    expect(await status({ accept: 'text/html', b: 'x' })).toBe(302)
  })

  policyField(['SecurityPolicy oidc.passThroughAuthHeader'], 'leaves requests with a token to jwt, and wants jwt to be there', async () => {
    const jwt = `jwt: {providers: [{name: idp, issuer: "${provider.issuer}", localJWKS: {inline: '${provider.jwks}'}}]}`
    await world.write(GUARDED_ROUTE, secret(), guard(oidc(', passThroughAuthHeader: true')))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=False/UnsupportedValue'])
    await world.write(GUARDED_ROUTE, secret(), guard(`${oidc(', passThroughAuthHeader: true, forwardAccessToken: true')}, ${jwt}`))
    const ask = async (token: string) => world.answerer({ path: '/admin', headers: { authorization: `Bearer ${token}` } })
    expect(await ask(provider.token({}))).toBe('secret')
    expect(await ask(createIssuer(provider.issuer).token())).toBe(401)
    expect((await browser().open('/admin')).echo?.backend).toBe('secret')
  })

  it.each([
    { what: 'of the route tolerates requests without a token', route: 'optional: true, ', overrides: false },
    { what: 'of the route tolerates bad tokens', route: 'failOpen: true, ', overrides: false },
    { what: 'that overrides it tolerates bad tokens', route: 'failOpen: true, ', overrides: true },
  ])(
    'lets nobody pass with a made up token where the jwt $what: passThroughAuthHeader does not count there',
    async ({ route, overrides }) => {
      const jwt = (more: string) =>
        `jwt: {${more}providers: [{name: idp, issuer: "${provider.issuer}", extractFrom: {headers: [{name: x-token}]}, localJWKS: {inline: '${provider.jwks}'}}]}`
      const aboutGateway = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
      const login = `${oidc(', passThroughAuthHeader: true')}, ${jwt('')}`
      const objects = overrides
        ? [guard(login), securityPolicy(`${aboutGateway}, overrides: {${jwt(route)}}`, 'other')]
        : [securityPolicy(`${aboutGateway}, ${login}`), securityPolicy(`${ABOUT_GUARDED_RULE}, ${jwt(route)}`, 'other')]
      await world.write(GUARDED_ROUTE, secret(), ...objects)
      const headers = { authorization: 'Bearer made-up' }
      expect(await world.answerer({ path: '/admin', headers })).toBe(302)
      expect((await browser().open('/admin')).echo?.backend).toBe('secret')
      expect(world.conditions('SecurityPolicy/default/p')).toContain('PartiallyInvalid=True/UnsupportedValue')
      expect(world.conditions('SecurityPolicy/default/other').join()).not.toContain('PartiallyInvalid')
    },
  )

  it.each([
    { what: 'a Secret that is not there', objects: () => [], reason: 'RefNotFound' },
    { what: 'a Secret without client-secret', objects: () => [secret('client', { x: 'y' })], reason: 'RefNotFound' },
    { what: 'a secret that can be guessed', objects: () => [secret('client', { 'client-secret': 'short' })], reason: 'UnsupportedValue' },
  ])('$what closes the rule, and nothing else', async ({ objects, reason }) => {
    await world.write(GUARDED_ROUTE, ...objects(), guard(oidc()))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual([`Accepted=False/${reason}`])
    expect([await world.answerer({ path: '/admin' }), await world.answerer({ path: '/' })]).toEqual([500, 'open'])
  })

  it('dumps show neither the secret of the client nor the key of the cookies', async () => {
    await world.write(GUARDED_ROUTE, secret(), guard(oidc()))
    let text = ''
    for await (const part of dumpSections(world.headgate.running.sources.snapshots, ['routes', 'secrets'])) text += part
    expect(text).toContain('SecurityPolicy/default/p/client-secret')
    expect(text).not.toContain(CLIENT.secret)
    expect(text).toContain('[redacted]')
  })
})

describe('attempts to get around oidc', () => {
  it('with made up cookies', async () => {
    // With a refresh token an old session may become a new one at the provider.
    const strict = oidc(', refreshToken: false')
    await world.write(GUARDED_ROUTE, secret(), guard(strict))
    const user = browser()
    expect((await user.open('/admin')).status).toBe(200)
    const [access = ''] = cookieNamed(user, 'AccessToken') ?? []
    const [hmac = ''] = cookieNamed(user, 'OauthHMAC') ?? []
    const [expires = ''] = cookieNamed(user, 'OauthExpires') ?? []
    const good = new Map(user.cookies)
    const later = String(inSeconds(999_999))
    const variants: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'only an access token': { [access]: good.get(access) ?? '' },
      'no HMAC': { ...Object.fromEntries(good), [hmac]: '' },
      'another HMAC': { ...Object.fromEntries(good), [hmac]: Buffer.from('x'.repeat(32)).toString('base64') },
      'a later end': { ...Object.fromEntries(good), [expires]: later },
      'another access token': { ...Object.fromEntries(good), [access]: 'x' },
      'an HMAC with an empty key': { [access]: 'x', [expires]: later, [hmac]: hmacToken('', {}).split('.')[2] ?? '' },
      'an HMAC with the name of the client': { [access]: 'x', [expires]: later, [hmac]: hmacToken('shop', {}).split('.')[2] ?? '' },
    }
    const attempts: Attempt[] = Object.entries(variants).map(([how, cookies]) => ({
      how,
      bytes: rawRequest(
        'GET /admin HTTP/1.1',
        `cookie: ${Object.entries(cookies)
          .map(([name, value]) => `${name}=${value}`)
          .join('; ')}`,
      ),
    }))
    attempts.push(
      ...pathAttempts(),
      { how: 'a bearer token', bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${provider.token({})}`) },
      {
        how: 'cookies in capitals',
        bytes: rawRequest(
          'GET /admin HTTP/1.1',
          `cookie: ${[...good].map(([name, value]) => `${name.toUpperCase()}=${value}`).join('; ')}`,
        ),
      },
      {
        how: 'cookies in another header',
        bytes: rawRequest('GET /admin HTTP/1.1', `x-cookie: ${[...good].map(([name, value]) => `${name}=${value}`).join('; ')}`),
      },
    )
    await expectNoneSucceed(world, `${ABOUT_GUARDED_RULE}, ${strict}`, attempts, [302, 401, 403], secret())
  }, 60_000)

  it('with a callback that nobody asked for', async () => {
    await world.write(GUARDED_ROUTE, secret(), guard(oidc()))
    const place = world.headgate.place('default/gw', 80)
    const seen = world.backend('secret').requests.length
    const victim = browser()
    const asked = await victim.open('/admin', { follow: false })
    const state = new URL(asked.headers.location ?? '').searchParams.get('state') ?? ''
    for (const line of [
      'GET /admin/callback?code=x&state=y HTTP/1.1',
      `GET /admin/callback?code=x&state=${encodeURIComponent(state)} HTTP/1.1`,
      'GET /admin/callback HTTP/1.1',
      'GET /admin/callback?error=access_denied HTTP/1.1',
      `GET /admin/callback?state=${Buffer.from('{"url":"http://evil.example/"}').toString('base64url')}&code=x HTTP/1.1`,
    ]) {
      const { status, text } = await sendRaw(place, rawRequest(line))
      expect([line, [302, 401, 403].includes(status)]).toEqual([line, true])
      expect(text).not.toMatch(/location: http:\/\/evil/i)
    }
    // The state of one browser is of no use to another one: login CSRF.
    const attacker = browser()
    const theirs = await attacker.open('/admin', { follow: false })
    const back = new URL(
      (await createBrowser({ host: 'nobody.example', place }).open(theirs.headers.location ?? '', { follow: false })).headers.location ??
        '',
    )
    const stolen = await victim.open(`${back.pathname}${back.search}`, { follow: false })
    expect([302, 401]).toContain(stolen.status)
    expect(cookieNamed(victim, 'AccessToken')).toBeUndefined()
    expect(world.backend('secret').requests).toHaveLength(seen)
  })

  it('says that nobody comes back where no rule with the login has the path of its redirectURL', async () => {
    const lost = oidc().replace('example.com/admin/callback', 'example.com/callback')
    const said = () => world.conditions('SecurityPolicy/default/p')
    await world.write(GUARDED_ROUTE, secret(), guard(lost))
    // The callback comes to the backend of another rule, with the code that logs in.
    expect((await browser().open('/admin')).echo?.path).toMatch(/^\/callback\?code=/)
    expect(said()).toEqual(['Accepted=True/Accepted', 'PartiallyInvalid=True/NotServed'])
    await world.write(GUARDED_ROUTE, secret(), guard(oidc()))
    expect(said()).toEqual(['Accepted=True/Accepted'])
    // Other routes may have it.
    const everywhere = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
    const elsewhere = httpRoute('other', `[${under('/callback', to('open'))}]`)
    await world.write(GUARDED_ROUTE, elsewhere, secret(), securityPolicy(`${everywhere}, ${lost}`))
    expect([said(), (await browser().open('/admin')).echo?.path]).toEqual([['Accepted=True/Accepted'], '/admin'])
  })

  it.each([
    { what: 'a path', of: '', same: 'http://example.com/admin/callback', told: ['p', 'q'], words: 'has the path "/admin/callback"' },
    {
      what: 'a path that the rules of one have',
      of: '/second',
      same: 'http://example.com/admin/callback',
      told: ['q'],
      words: 'has the path "/admin/callback"',
    },
    { what: 'a cookie', of: '/second', same: 'http://example.com/second/callback', told: ['p', 'q'], words: 'has the cookie "session"' },
  ])('tells the policies of one host that have $what in common', async ({ what, of, same, told, words }) => {
    const cookies = what === 'a cookie' ? ', refreshToken: false, cookieNames: {accessToken: session}' : ''
    const rules = `[${under('/admin', `name: admin, ${to('secret')}`)}, ${under(of || '/', `name: second, ${to('open')}`)}]`
    const second = `${ABOUT_GUARDED_RULE.replace('admin', 'second')}, ${oidc(cookies).replace('http://example.com/admin/callback', same)}`
    await world.write(httpRoute('r', rules), secret(), guard(oidc(cookies)), securityPolicy(second, 'q'))
    const said = (name: string) => JSON.stringify(world.headgate.status(`SecurityPolicy/default/${name}`)).replaceAll('\\', '')
    expect(['p', 'q'].filter((name) => said(name).includes(words))).toEqual(told)
    // It is so: of two logins one does not come to an end, or ends the other.
    const user = browser()
    const first = await user.open('/admin')
    const then = await user.open(`${of}/page`)
    const again = await user.open('/admin', { follow: false })
    expect([first.status, then.status, again.status]).toEqual(what === 'a cookie' ? [200, 200, 302] : [200, 401, 200])
    await world.write(
      httpRoute('r', rules),
      secret(),
      guard(oidc()),
      securityPolicy(second.replace(same, 'http://example.com/second/own').replace(cookies, ''), 'q'),
    )
    expect([said('p'), said('q')].join()).not.toContain(words)
  })

  it('a session of one policy is none of another', async () => {
    await world.write(GUARDED_ROUTE, secret(), guard(oidc()))
    const user = browser()
    expect((await user.open('/admin')).status).toBe(200)
    await world.write(GUARDED_ROUTE, secret(), guard(oidc()).replace('name: p}', 'name: q}'))
    expect((await user.open('/admin', { follow: false })).status).toBe(302)
    await world.write(GUARDED_ROUTE, secret('client', { 'client-secret': 'another secret of enough characters' }), guard(oidc()))
    expect((await user.open('/admin', { follow: false })).status).toBe(302)
  })
})
