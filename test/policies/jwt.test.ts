/** Tokens through the real Envoy: whose are good, and what attackers get. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { LOCAL_GROUP } from '../../src/infra/host/local-placements.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { backend, httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
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
import { createIssuer, hmacToken, inSeconds, type KeyServer, selfSignedToken, startKeyServer, unsigned } from './support/tokens.js'

const world = featureWorld(['open', 'secret'])
const good = createIssuer('https://good.example')
const other = createIssuer('https://other.example', 'k2')

let keys: KeyServer
beforeAll(async () => {
  keys = await startKeyServer()
})
afterAll(() => keys?.close())

const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
const inline = (jwks: string) => `localJWKS: {inline: '${jwks}'}`
const provider = (more = '', issuer = good) => `{name: good, issuer: "${issuer.issuer}", ${inline(issuer.jwks)}${more}}`
const jwt = (providers: string, more = '') => `jwt: {${more}providers: [${providers}]}`
const guard = (providers: string, more = '') => securityPolicy(`${ABOUT_GUARDED_RULE}, ${jwt(providers, more)}`)
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const ask = (headers: Readonly<Record<string, string | readonly string[]>> = {}, path = '/admin') => world.answerer({ path, headers })

describe('jwt', () => {
  policyField(
    ['SecurityPolicy jwt.providers.{name,issuer}', 'SecurityPolicy jwt.providers.localJWKS.{type,inline}'],
    'lets in who has a token of the issuer, on the routes of the policy only',
    async () => {
      await world.write(GUARDED_ROUTE, guard(provider()))
      expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
      expect(await ask(bearer(good.token()))).toBe('secret')
      expect(await ask()).toBe(401)
      expect(await ask(bearer(other.token()))).toBe(401)
      expect(await ask({}, '/')).toBe('open')
      // The backend sees the token as well.
      const token = good.token()
      expect((await world.ask({ path: '/admin', headers: bearer(token) })).echo?.headers.authorization).toBe(`Bearer ${token}`)
    },
  )

  policyField(['SecurityPolicy jwt.providers.audiences'], 'wants one of the audiences', async () => {
    await world.write(GUARDED_ROUTE, guard(provider(', audiences: [shop, admin]')))
    expect(await ask(bearer(good.token({ aud: 'admin' })))).toBe('secret')
    expect(await ask(bearer(good.token({ aud: ['x', 'shop'] })))).toBe('secret')
    expect(await ask(bearer(good.token({ aud: 'shop2' })))).toBe(403)
    expect(await ask(bearer(good.token()))).toBe(403)
  })

  it('several providers: one of them is enough', async () => {
    await world.write(GUARDED_ROUTE, guard(`${provider()}, {name: other, issuer: "${other.issuer}", ${inline(other.jwks)}}`))
    expect(await ask(bearer(good.token()))).toBe('secret')
    expect(await ask(bearer(other.token()))).toBe('secret')
    expect(await ask(bearer(createIssuer(good.issuer).token()))).toBe(401)
    expect(await ask()).toBe(401)
  })

  policyField(
    ['SecurityPolicy jwt.optional', 'SecurityPolicy jwt.failOpen'],
    'tolerates no token, or a bad one, where it says so',
    async () => {
      const bad = bearer(createIssuer(good.issuer).token())
      for (const providers of [provider(), `${provider()}, {name: other, issuer: "${other.issuer}", ${inline(other.jwks)}}`]) {
        await world.write(GUARDED_ROUTE, guard(providers, 'optional: true, '))
        expect([await ask(), await ask(bearer(good.token())), await ask(bad)]).toEqual(['secret', 'secret', 401])
        await world.write(GUARDED_ROUTE, guard(providers, 'failOpen: true, '))
        expect([await ask(), await ask(bearer(good.token())), await ask(bad)]).toEqual(['secret', 'secret', 'secret'])
      }
    },
  )

  policyField(
    ['SecurityPolicy jwt.providers.claimToHeaders.{header,claim}'],
    'passes claims on, and never what a client says under their names',
    async () => {
      const claims = ', claimToHeaders: [{header: x-jwt-sub, claim: sub}, {header: X-JWT-City, claim: address.city}]'
      const two = `${provider(claims)}, {name: other, issuer: "${other.issuer}", ${inline(other.jwks)}, claimToHeaders: [{header: x-jwt-team, claim: team}]}`
      await world.write(GUARDED_ROUTE, guard(two, 'optional: true, '))
      const spoofed = { 'x-jwt-sub': 'root', 'X-Jwt-City': 'x', 'x-jwt-team': ['admins', 'root'] }
      const seen = async (headers: Readonly<Record<string, string | readonly string[]>>) => {
        const { echo } = await world.ask({ path: '/admin', headers })
        return ['x-jwt-sub', 'x-jwt-city', 'x-jwt-team'].map((name) => echo?.headers[name])
      }
      expect(await seen({ ...spoofed, ...bearer(good.token({ sub: 'ann', address: { city: 'Ulm' } })) })).toEqual(['ann', 'Ulm', undefined])
      expect(await seen({ ...spoofed, ...bearer(other.token({ team: 'blue' })) })).toEqual([undefined, undefined, 'blue'])
      expect(await seen({ ...spoofed, ...bearer(good.token()) })).toEqual([undefined, undefined, undefined])
      expect(await seen(spoofed)).toEqual([undefined, undefined, undefined])
      await world.write(GUARDED_ROUTE, guard(two, 'failOpen: true, '))
      expect(await seen({ ...spoofed, ...bearer(createIssuer(good.issuer).token({ sub: 'root' })) })).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      expect(await seen({ ...spoofed, ...bearer(other.token({ team: 'blue' })) })).toEqual([undefined, undefined, 'blue'])
    },
  )

  it('a claim that is a URL with dots, which Envoy does not find: the policy says that nothing comes in its header', async () => {
    const claim = 'https://app.example.com/tenant'
    await world.write(GUARDED_ROUTE, guard(provider(`, claimToHeaders: [{header: x-tenant, claim: "${claim}"}]`)))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted', 'PartiallyInvalid=True/UnsupportedValue'])
    const { echo } = await world.ask({ path: '/admin', headers: { 'x-tenant': 'made up', ...bearer(good.token({ [claim]: 'ann' })) } })
    expect([echo?.backend, echo?.headers['x-tenant']]).toEqual(['secret', undefined])
  })

  it('several providers pass claims on under the same name', async () => {
    const claims = ', claimToHeaders: [{header: x-jwt-sub, claim: sub}]'
    for (const tolerant of ['', 'optional: true, ']) {
      const two = `${provider(claims)}, {name: other, issuer: "${other.issuer}", ${inline(other.jwks)}${claims}}`
      await world.write(GUARDED_ROUTE, guard(two, tolerant))
      for (const { token } of [good, other]) {
        const { echo } = await world.ask({ path: '/admin', headers: { 'x-jwt-sub': 'root', ...bearer(token({ sub: 'ann' })) } })
        expect(echo?.headers['x-jwt-sub']).toBe('ann')
      }
    }
  })

  policyField(
    ['SecurityPolicy jwt.providers.extractFrom.headers.{name,valuePrefix}', 'SecurityPolicy jwt.providers.extractFrom.{cookies,params}'],
    'finds tokens where it is told to look, and nowhere else',
    async () => {
      const from = ', extractFrom: {headers: [{name: X-Token}, {name: x-other, valuePrefix: "Key "}], cookies: [tok], params: [t]}'
      await world.write(GUARDED_ROUTE, guard(provider(from)))
      const token = good.token()
      expect(await ask({ 'x-token': token })).toBe('secret')
      expect(await ask({ 'x-other': `Key ${token}` })).toBe('secret')
      expect(await ask({ cookie: `a=b; tok=${token}` })).toBe('secret')
      expect(await ask({}, `/admin?t=${token}`)).toBe('secret')
      expect(await ask(bearer(token))).toBe(401)
      await world.write(GUARDED_ROUTE, guard(provider()))
      expect(await ask({}, `/admin?access_token=${token}`)).toBe('secret')
    },
  )

  policyField(
    ['SecurityPolicy jwt.providers.localJWKS.valueRef'],
    'takes keys from a ConfigMap and a Secret, and follows them',
    async () => {
      const map = (text: string) => `\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\ndata: {jwks: '${text}'}\n`
      const from = (kind: string) => `{name: good, localJWKS: {type: ValueRef, valueRef: {group: "", kind: ${kind}, name: keys}}}`
      await world.write(GUARDED_ROUTE, guard(from('ConfigMap')), map(good.jwks))
      expect(await ask(bearer(good.token()))).toBe('secret')
      await world.write(GUARDED_ROUTE, guard(from('ConfigMap')), map(other.jwks))
      expect(await ask(bearer(good.token()))).toBe(401)
      expect(await ask(bearer(other.token()))).toBe('secret')
      const shared = JSON.stringify({
        keys: [{ kty: 'oct', kid: 's', alg: 'HS256', k: Buffer.from('a shared key of 32 bytes at least').toString('base64url') }],
      })
      const secret = `\napiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {anything: '${shared}'}\n`
      await world.write(GUARDED_ROUTE, guard(from('Secret')), secret)
      expect(await ask(bearer(hmacToken('a shared key of 32 bytes at least', { exp: inSeconds(60) }, { kid: 's' })))).toBe('secret')
      expect(await ask(bearer(good.token()))).toBe(401)
    },
  )

  policyField(
    [
      'SecurityPolicy jwt.providers.remoteJWKS.{uri,backendRefs,cacheDuration,failedRefetchDuration}',
      'SecurityPolicy jwt.providers.remoteJWKS.{timeout,retries}',
    ],
    'fetches keys, with a backend or without one, and follows their rotation',
    async () => {
      keys.set('/keys', good.jwks)
      const remote = (more: string) =>
        `{name: good, remoteJWKS: {cacheDuration: 1s, failedRefetchDuration: 100ms, timeout: 2s, retries: 2, ${more}}}`
      await world.write(GUARDED_ROUTE, guard(remote(`uri: "http://localhost:${keys.port}/keys"`)))
      expect(await ask(bearer(good.token()))).toBe('secret')
      const named = remote('uri: "http://id.example.com/keys", backendRefs: [{group: headgate.dev, kind: Backend, name: keys}]')
      await world.write(GUARDED_ROUTE, guard(named), backend({ name: 'keys', port: keys.port }))
      expect(await ask(bearer(good.token()))).toBe('secret')
      keys.set('/keys', other.jwks)
      await eventually(async () => expect([await ask(bearer(good.token())), await ask(bearer(other.token()))]).toEqual([401, 'secret']))
      // The server is away, or says nonsense: no open window, and what is known goes on.
      for (const nonsense of [undefined, 'no keys', '{"keys": []}']) {
        keys.set('/keys', nonsense)
        const before = keys.asked.get('/keys') ?? 0
        await eventually(() => expect(keys.asked.get('/keys') ?? 0).toBeGreaterThan(before + 2))
        expect([await ask(bearer(createIssuer(good.issuer).token())), await ask(bearer(other.token()))]).toEqual([401, 'secret'])
      }
      keys.set('/keys', good.jwks)
      await eventually(async () => expect(await ask(bearer(good.token()))).toBe('secret'))
    },
  )

  it('keys that cannot be fetched close their routes, and no others', async () => {
    const away = `{name: away, remoteJWKS: {uri: "http://127.0.0.1:1/keys", timeout: 500ms, retries: 0}}`
    const rule = (name: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: ${name}}]`
    await world.write(
      httpRoute(
        'r',
        `[${under('/admin', `name: admin, ${to('secret')}`)}, ${under('/good', `name: good, ${to('open')}`)}, {${to('open')}}]`,
      ),
      securityPolicy(`${rule('admin')}, ${jwt(away)}`),
      securityPolicy(`${rule('good')}, ${jwt(provider())}`, 'q'),
    )
    expect(await ask(bearer(good.token()))).toBe(401)
    expect(await ask(bearer(good.token()), '/good')).toBe('open')
    expect(await ask({}, '/good')).toBe(401)
    expect(await ask({}, '/')).toBe('open')
  })

  it.each([
    {
      what: 'a ConfigMap that is not there',
      spec: '{name: a, localJWKS: {type: ValueRef, valueRef: {group: "", kind: ConfigMap, name: nothing}}}',
      reason: 'RefNotFound',
    },
    { what: 'keys that are none', spec: '{name: a, localJWKS: {inline: "{}"}}', reason: 'UnsupportedValue' },
    {
      what: 'a shared key outside of a Secret',
      spec: `{name: a, localJWKS: {inline: '{"keys":[{"kty":"oct","k":"AAAA"}]}'}}`,
      reason: 'UnsupportedValue',
    },
    {
      what: 'a backend that is not there',
      spec: '{name: a, remoteJWKS: {uri: "http://a.example/", backendRefs: [{group: headgate.dev, kind: Backend, name: nothing}]}}',
      reason: 'RefNotFound',
    },
    {
      what: 'a backend of another namespace without a grant',
      spec: '{name: a, remoteJWKS: {uri: "http://a.example/", backendRefs: [{namespace: x, name: y, port: 1}]}}',
      reason: 'RefNotPermitted',
    },
    { what: 'a port that is none', spec: '{name: a, remoteJWKS: {uri: "http://a.example:99999/"}}', reason: 'UnsupportedValue' },
    {
      what: 'a claim in the header of the host',
      spec: `{name: a, ${inline(good.jwks)}, claimToHeaders: [{header: Host, claim: sub}]}`,
      reason: 'UnsupportedValue',
    },
  ])('$what closes the rule, and nothing else', async ({ spec, reason }) => {
    await world.write(GUARDED_ROUTE, guard(spec))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual([`Accepted=False/${reason}`])
    expect([await ask(bearer(good.token())), await ask({}, '/')]).toEqual([500, 'open'])
  })

  it('the first use and the last change no listener and lose no connection', async () => {
    await world.write(GUARDED_ROUTE)
    const client = world.headgate.http2('default/gw', 80)
    const through = async (headers: Readonly<Record<string, string>>) =>
      (await client.send({ host: 'example.com', path: '/admin', headers })).status
    const listeners = () =>
      [...world.headgate.running.sources.snapshots.resources(LOCAL_GROUP, TYPE_URL.listener)].map(([name, { version }]) => [name, version])
    const before = listeners()
    expect(await through({})).toBe(200)
    await world.write(GUARDED_ROUTE, guard(provider()))
    expect(await through({})).toBe(401)
    expect(await through(bearer(good.token()))).toBe(200)
    await world.write(GUARDED_ROUTE)
    expect(await through({})).toBe(200)
    expect(listeners()).toEqual(before)
    client.close()
  })
})

describe('attempts to get around jwt', () => {
  const claims = { iss: good.issuer, aud: 'admin', exp: inSeconds(600), sub: 'root' }
  const spki = good.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const valid = good.token({ aud: 'admin' })
  const [head = '', body = '', signature = ''] = valid.split('.')
  const strong = `{name: good, issuer: "${good.issuer}", audiences: [admin], ${inline(good.jwks)}}`

  const tokens: Readonly<Record<string, string>> = {
    'alg none without a signature': `${unsigned({ alg: 'none', typ: 'JWT' }, claims)}.`,
    'alg None': `${unsigned({ alg: 'None' }, claims)}.`,
    'alg NONE with the signature of another token': `${unsigned({ alg: 'NONE' }, claims)}.${signature}`,
    'no alg': `${unsigned({ typ: 'JWT' }, claims)}.${signature}`,
    'HS256 with the public key as PEM': hmacToken(spki, claims, { kid: 'k1' }),
    'HS256 with the public key as DER': hmacToken(good.publicKey.export({ type: 'spki', format: 'der' }), claims, { kid: 'k1' }),
    'HS256 with the modulus': hmacToken(String(good.publicKey.export({ format: 'jwk' }).n), claims, { kid: 'k1' }),
    'HS256 with an empty key': hmacToken('', claims, { kid: 'k1' }),
    'a key that the token brings itself (jwk)': selfSignedToken(claims, 'k1'),
    'a key from an address that the token names (jku)': selfSignedToken(claims, 'k1', {
      jku: 'http://evil.example/keys',
      x5u: 'http://evil.example/x',
    }),
    'a kid that is a path': selfSignedToken(claims, '../../../../dev/null'),
    'a key of the same name by somebody else': createIssuer(good.issuer).token({ aud: 'admin' }),
    'another issuer': good.token({ iss: 'https://evil.example', aud: 'admin' }),
    'an issuer with a slash more': good.token({ iss: `${good.issuer}/`, aud: 'admin' }),
    'no issuer': good.token({ iss: undefined, aud: 'admin' }),
    'another audience': good.token({ aud: 'admin2' }),
    'no audience': good.token(),
    'the audience in another case': good.token({ aud: 'ADMIN' }),
    'the audience as the subject': good.token({ sub: 'admin' }),
    expired: good.token({ aud: 'admin', exp: inSeconds(-3600) }),
    'not valid before tomorrow': good.token({ aud: 'admin', nbf: inSeconds(86_400) }),
    'a changed payload': `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url')}.${signature}`,
    'a changed header': `${Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'k1', typ: 'x' })).toString('base64url')}.${body}.${signature}`,
    'no signature': `${head}.${body}.`,
    'two parts': `${head}.${body}`,
    'four parts': `${valid}.${signature}`,
    'a truncated signature': valid.slice(0, -8),
    'a NUL written out': `${valid}%00`,
    'no token behind Bearer': '',
  }
  const attempts: readonly Attempt[] = [
    ...Object.entries(tokens).map(([how, token]) => ({ how, bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${token}`) })),
    {
      how: 'Basic instead of Bearer',
      bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Basic ${Buffer.from('a:b').toString('base64')}`),
    },
    {
      how: 'a good token beside a bad one',
      bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${valid}`, `authorization: Bearer ${tokens['no signature'] ?? ''}`),
    },
    {
      how: 'a bad token before a good one in the same parameter',
      bytes: rawRequest(`GET /admin?access_token=${tokens['no signature'] ?? ''}&access_token=${valid} HTTP/1.1`),
    },
    {
      how: 'a bad token in the query beside a good one in the header',
      bytes: rawRequest(`GET /admin?access_token=${tokens['no signature'] ?? ''} HTTP/1.1`, `authorization: Bearer ${valid}`),
    },
    {
      how: 'a token in a header that nobody named',
      bytes: rawRequest('GET /admin HTTP/1.1', `x-token: ${valid}`, `proxy-authorization: Bearer ${valid}`),
    },
    { how: 'a token in a cookie', bytes: rawRequest('GET /admin HTTP/1.1', `cookie: access_token=${valid}`) },
    {
      how: 'claims in headers',
      bytes: rawRequest('GET /admin HTTP/1.1', 'x-jwt-sub: root', 'x-jwt-payload: e30=', 'x-forwarded-user: root'),
    },
    {
      how: 'a header of Envoy that would skip filters',
      bytes: rawRequest('GET /admin HTTP/1.1', 'x-envoy-internal: true', 'x-envoy-decorator-operation: x'),
    },
  ]

  it('by tokens', () => expectNoneSucceed(world, `${ABOUT_GUARDED_RULE}, ${jwt(strong)}`, attempts, [401, 403]), 60_000)

  it(
    'by other ways to write the request, with a token of somebody else',
    () =>
      expectNoneSucceed(
        world,
        `${ABOUT_GUARDED_RULE}, ${jwt(strong)}`,
        pathAttempts(`authorization: Bearer ${other.token({ aud: 'admin' })}`),
        [401, 403],
      ),
    60_000,
  )

  it('a header with an underscore, a NUL and HTTP/1.0 get nowhere', async () => {
    await world.write(GUARDED_ROUTE, guard(provider(', claimToHeaders: [{header: x-jwt-sub, claim: sub}]')))
    const place = world.headgate.place('default/gw', 80)
    const seen = world.backend('secret').requests.length
    for (const bytes of [
      rawRequest('GET /admin HTTP/1.1', 'x_jwt_sub: root', `authorization: Bearer ${good.token()}`),
      rawRequest('GET /admin\0 HTTP/1.1', `authorization: Bearer ${good.token()}`),
      rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${good.token()}\0`),
      'GET /admin HTTP/1.0\r\nhost: example.com\r\n\r\n',
      'GET /admin\r\n\r\n',
    ]) {
      const { status } = await sendRaw(place, bytes)
      expect([bytes, [0, 400, 401, 426].includes(status)]).toEqual([bytes, true])
    }
    expect(world.backend('secret').requests).toHaveLength(seen)
  })

  it('over HTTP/2, with another authority than host', async () => {
    await world.write(GUARDED_ROUTE, guard(provider()))
    const client = world.headgate.http2('default/gw', 80)
    const answer = await client.send({ host: 'example.com', path: '/admin', headers: { host: 'other.example', ...bearer(other.token()) } })
    expect([400, 401]).toContain(answer.status)
    client.close()
  })

  it('a token that is good on one route is not on another', async () => {
    const rule = (name: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: ${name}}]`
    const theirs = `{name: good, issuer: "${other.issuer}", ${inline(other.jwks)}}`
    await world.write(
      httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, ${under('/b', `name: b, ${to('open')}`)}]`),
      securityPolicy(`${rule('admin')}, ${jwt(provider())}`),
      securityPolicy(`${rule('b')}, ${jwt(theirs)}`, 'q'),
    )
    expect([await ask(bearer(good.token())), await ask(bearer(other.token()))]).toEqual(['secret', 401])
    expect([await ask(bearer(good.token()), '/b'), await ask(bearer(other.token()), '/b')]).toEqual([401, 'open'])
  })

  it.each(['ConfigMap', 'Secret'])(
    'keys of a %s that proxies refuse close their rule, and keep no change of a neighbour back',
    async (kind) => {
      const rule = (name: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: ${name}}]`
      const route = httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, ${under('/b', `name: b, ${to('open')}`)}]`)
      const stored = (jwks: string) =>
        `\n{apiVersion: v1, kind: ${kind}, metadata: {name: keys}, ${kind === 'Secret' ? 'stringData' : 'data'}: {jwks: ${JSON.stringify(jwks)}}}\n`
      const referring = `{name: good, issuer: "${good.issuer}", localJWKS: {type: ValueRef, valueRef: {group: "", kind: ${kind}, name: keys}}}`
      const policy = securityPolicy(`${rule('admin')}, ${jwt(referring)}`)
      const neighbour = (issuer: typeof good) => securityPolicy(`${rule('b')}, ${jwt(provider('', issuer))}`, 'q')
      await world.write(route, policy, neighbour(good), stored(good.jwks))
      await eventually(async () => expect(await ask(bearer(good.token()))).toBe('secret'))
      // Nothing changes but the keys, so no policy is new.
      const refused = stored(good.jwks.replace('RS256', 'ES256'))
      await world.write(route, policy, neighbour(good), refused)
      await eventually(() => expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=False/UnsupportedValue']), 20_000)
      expect(JSON.stringify(world.headgate.status('SecurityPolicy/default/p'))).toContain('Envoy refused the keys')
      await eventually(async () => expect(await ask(bearer(good.token()))).toBe(500), 20_000)
      await world.write(route, policy, neighbour(other), refused)
      await eventually(async () => expect(await ask(bearer(other.token()), '/b')).toBe('open'), 20_000)
      expect(world.conditions('SecurityPolicy/default/q')).toEqual(['Accepted=True/Accepted'])
      await world.write(route, policy, neighbour(other), stored(good.jwks))
      await eventually(async () => expect(await ask(bearer(good.token()))).toBe('secret'), 20_000)
      expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    },
    90_000,
  )

  it('not a single request passes while the policy changes, and none with a token is lost', async () => {
    await world.write(GUARDED_ROUTE, securityPolicy(`${ABOUT_GATEWAY}, ${jwt(provider())}`))
    let isOver = false
    const seen = new Map<string, number>()
    const load = async (kind: string, headers: Readonly<Record<string, string>>) => {
      while (!isOver) {
        const word = `${kind} ${await ask(headers)}`
        seen.set(word, (seen.get(word) ?? 0) + 1)
      }
    }
    const loads = [load('without', {}), load('with', bearer(good.token()))]
    for (let turn = 0; turn < 10; turn++) {
      // The policy of the Gateway stays: that of the rule comes, changes and goes.
      await world.write(
        GUARDED_ROUTE,
        securityPolicy(`${ABOUT_GATEWAY}, ${jwt(provider())}`),
        guard(provider(`, audiences: [a${turn}]`), '')
          .replace('name: p', 'name: q')
          .replace(`, audiences: [a${turn}]`, turn % 2 === 0 ? '' : ', claimToHeaders: [{header: x-a, claim: a}]'),
      )
      await world.write(GUARDED_ROUTE, securityPolicy(`${ABOUT_GATEWAY}, ${jwt(provider())}`))
    }
    isOver = true
    await Promise.all(loads)
    expect([...seen.keys()].sort()).toEqual(['with secret', 'without 401'])
  }, 120_000)
})
