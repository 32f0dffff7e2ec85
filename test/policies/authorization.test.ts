/** Rules about tokens, paths, queries and expressions through the real Envoy. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { policyField } from './coverage/policy-field.js'
import { sendRaw } from './raw-http.js'
import { ABOUT_GUARDED_RULE, expectNoneSucceed, GUARDED_ROUTE, pathAttempts, rawRequest, securityPolicy } from './support/attempts.js'
import { createIssuer } from './support/tokens.js'

const world = featureWorld(['open', 'secret'])
const issuer = createIssuer('https://good.example')
const JWT = `jwt: {optional: true, providers: [{name: good, issuer: "${issuer.issuer}", localJWKS: {inline: '${issuer.jwks}'}}]}`
const rules = (list: string, otherwise = 'Deny') => `authorization: {defaultAction: ${otherwise}, rules: [${list}]}`
const guard = (spec: string) => securityPolicy(`${ABOUT_GUARDED_RULE}, ${spec}`)
const bearer = (claims: Readonly<Record<string, unknown>>) => ({ authorization: `Bearer ${issuer.token(claims)}` })
const ask = (headers: Readonly<Record<string, string | readonly string[]>> = {}, path = '/admin') => world.answerer({ path, headers })

/** The route `all` with one rule for every path, and a policy about it. */
const ALL = httpRoute('r', `[{name: admin, ${to('secret')}}]`)
const at = (path: string) => world.answerer({ path })

describe('authorization by tokens', () => {
  policyField(
    [
      'SecurityPolicy authorization.rules.principal.jwt.{provider,claims}',
      'SecurityPolicy authorization.rules.principal.jwt.claims.{name,valueType,values}',
    ],
    'wants claims: one value, one of a list, nested ones, and such whose name is an address',
    async () => {
      const claims = (list: string) => guard(`${JWT}, ${rules(`{action: Allow, principal: {jwt: {provider: good, claims: [${list}]}}}`)}`)
      await world.write(GUARDED_ROUTE, claims('{name: role, values: [admin, root]}'))
      expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
      expect([await ask(bearer({ role: 'admin' })), await ask(bearer({ role: 'root' }))]).toEqual(['secret', 'secret'])
      expect([await ask(bearer({ role: 'Admin' })), await ask(bearer({ role: ['admin'] })), await ask(bearer({})), await ask()]).toEqual([
        403, 403, 403, 403,
      ])
      await world.write(GUARDED_ROUTE, claims('{name: groups, valueType: StringArray, values: [ops]}, {name: address.city, values: [Ulm]}'))
      expect(await ask(bearer({ groups: ['dev', 'ops'], address: { city: 'Ulm' } }))).toBe('secret')
      expect([await ask(bearer({ groups: ['dev'], address: { city: 'Ulm' } })), await ask(bearer({ groups: ['ops'] }))]).toEqual([403, 403])
      await world.write(GUARDED_ROUTE, claims('{name: "https://good.example/level", values: ["3"]}, {name: active, values: ["true"]}'))
      expect(await ask(bearer({ 'https://good.example/level': 3, active: true }))).toBe('secret')
      expect([
        await ask(bearer({ 'https://good.example/level': 4, active: true })),
        await ask(bearer({ 'https://good.example/level': 3, active: false })),
      ]).toEqual([403, 403])
    },
  )

  policyField(['SecurityPolicy authorization.rules.principal.jwt.scopes'], 'wants all scopes, in text or in a list', async () => {
    await world.write(
      GUARDED_ROUTE,
      guard(`${JWT}, ${rules('{action: Allow, principal: {jwt: {provider: good, scopes: ["orders:read", "orders:write"]}}}')}`),
    )
    expect(await ask(bearer({ scope: 'openid orders:write orders:read' }))).toBe('secret')
    expect(await ask(bearer({ scp: ['orders:read', 'orders:write'] }))).toBe('secret')
    expect([await ask(bearer({ scope: 'orders:read' })), await ask(bearer({ scope: 'orders:readorders:write' })), await ask()]).toEqual([
      403, 403, 403,
    ])
  })

  it('denies by claims in whatever form they have', async () => {
    await world.write(
      GUARDED_ROUTE,
      guard(`${JWT}, ${rules('{action: Deny, principal: {jwt: {provider: good, claims: [{name: role, values: [banned]}]}}}', 'Allow')}`),
    )
    expect([await ask(bearer({ role: 'banned' })), await ask(bearer({ role: ['x', 'banned'] }))]).toEqual([403, 403])
    expect([await ask(bearer({ role: 'x' })), await ask()]).toEqual(['secret', 'secret'])
  })

  it('a provider that the route does not ask for allows nobody and denies everybody', async () => {
    const allow = '{action: Allow, principal: {jwt: {provider: other, scopes: [a]}}}'
    const deny = '{action: Deny, principal: {jwt: {provider: other, scopes: [a]}}}'
    const said = (name = 'p') => {
      const status = world.headgate.status(`SecurityPolicy/default/${name}`)
      return status.shape === 'policy'
        ? status.ancestors[0]?.conditions.find(({ type }) => type === 'PartiallyInvalid')?.message
        : undefined
    }
    await world.write(GUARDED_ROUTE, guard(rules(allow)))
    expect(await ask(bearer({ scope: 'a' }))).toBe(403)
    expect(said()).toMatch(/^authorization\.rules\[0\].principal\.jwt\.provider: the rule allows nobody, .* "other"/)
    await world.write(GUARDED_ROUTE, guard(rules(`{action: Deny}, ${deny}, {action: Allow}`)))
    expect(await ask()).toBe(403)
    expect(said()).toMatch(/rules\[1\].*denies everybody/)
    // A token that another policy asks for is one of the route; that of this policy is none where another policy decides.
    const aboutGateway = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
    await world.write(
      GUARDED_ROUTE,
      guard(rules(allow)),
      securityPolicy(`${aboutGateway}, ${JWT.replace('name: good', 'name: other')}`, 'wide'),
    )
    expect([await ask(bearer({ scope: 'a' })), said(), said('wide')]).toEqual(['secret', undefined, undefined])
    await world.write(
      GUARDED_ROUTE,
      guard(JWT),
      securityPolicy(`${aboutGateway}, ${JWT.replace('name: good', 'name: other')}, ${rules(allow)}`, 'wide'),
    )
    expect([await ask(bearer({ scope: 'a' })), said(), said('wide')]).toEqual([403, undefined, expect.stringContaining('allows nobody')])
    await world.write(GUARDED_ROUTE, guard(`${JWT}, ${rules(allow)}`))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await ask(bearer({ scope: 'a' }))).toBe(500)
  })

  it('complains of no provider where every listener that the route is reached by asks for its tokens', async () => {
    const at = (listener: string) =>
      `targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw, sectionName: ${listener}}], ${JWT}`
    const allow = rules('{action: Allow, principal: {jwt: {provider: good, scopes: [a]}}}')
    await world.write(ALL, guard(allow), securityPolicy(at('http'), 'wide'))
    expect([await ask(bearer({ scope: 'a' })), world.conditions('SecurityPolicy/default/p')]).toEqual([
      'secret',
      ['Accepted=True/Accepted', 'Merged=True/Merged'],
    ])
    await world.write(ALL, guard(allow), securityPolicy(at('other'), 'wide'))
    expect([await ask(bearer({ scope: 'a' })), world.conditions('SecurityPolicy/default/p')]).toEqual([
      403,
      ['Accepted=True/Accepted', 'PartiallyInvalid=True/UnsupportedValue'],
    ])
  })

  it('says that nothing of a policy of the Gateway counts where each of its listeners has another', async () => {
    const about = (section: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw${section}}]`
    await world.write(
      ALL,
      securityPolicy(`${about('')}, ${rules('{action: Deny}')}`, 'wide'),
      securityPolicy(`${about(', sectionName: http')}, ${rules('{action: Allow}')}`, 'p'),
    )
    expect([await ask(), world.headgate.status('SecurityPolicy/default/wide')]).toMatchObject([
      'secret',
      { ancestors: [{ conditions: [{ type: 'Accepted' }, { type: 'Overridden', message: expect.stringContaining('default/p') }] }] },
    ])
    // What is wrong with the route is said all the same.
    await world.write(httpRoute('r', '[{backendRefs: [{name: nowhere, port: 80}]}]'), securityPolicy(about(', sectionName: http')))
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=False/BackendNotFound')
  })

  it(
    'what a client says about claims itself does not count',
    () =>
      expectNoneSucceed(
        world,
        `${ABOUT_GUARDED_RULE}, ${JWT}, ${rules('{action: Allow, principal: {jwt: {provider: good, claims: [{name: role, values: [admin]}]}}}')}`,
        [
          ...pathAttempts(),
          {
            how: 'a token with another role',
            bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${issuer.token({ role: 'user' })}`),
          },
          {
            how: 'a role in a header',
            bytes: rawRequest('GET /admin HTTP/1.1', 'role: admin', 'x-jwt-role: admin', 'x-envoy-metadata: role=admin'),
          },
          { how: 'a role in the query', bytes: rawRequest('GET /admin?role=admin HTTP/1.1') },
          {
            how: 'a nested role',
            bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${issuer.token({ x: { role: 'admin' } })}`),
          },
          {
            how: 'a role with more behind it',
            bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${issuer.token({ role: 'admin user' })}`),
          },
          {
            how: 'a role in a list',
            bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${issuer.token({ role: ['admin'] })}`),
          },
          {
            how: 'a token of somebody else with the role',
            bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Bearer ${createIssuer(issuer.issuer).token({ role: 'admin' })}`),
          },
        ],
        [401, 403],
      ),
    60_000,
  )
})

describe('authorization by paths', () => {
  policyField(
    ['SecurityPolicy authorization.rules.operation.paths.{type,value}', 'SecurityPolicy authorization.rules.operation.notPaths'],
    'allows paths, and leaves some out',
    async () => {
      const allow = (operation: string) => guard(rules(`{action: Allow, operation: {${operation}}}`))
      await world.write(ALL, allow('paths: [{type: Exact, value: /a}, {value: /b/}, {type: RegularExpression, value: "/c[0-9]+"}]'))
      expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
      expect([await at('/a'), await at('/a?x=/'), await at('/b'), await at('/b/x'), await at('/c12')]).toEqual(Array(5).fill('secret'))
      expect([await at('/a/'), await at('/A'), await at('/bb'), await at('/c12/'), await at('/c'), await at('/')]).toEqual(
        Array(6).fill(403),
      )
      await world.write(ALL, allow('notPaths: [{value: /admin}]'))
      expect([await at('/'), await at('/administrator')]).toEqual(['secret', 'secret'])
      expect([await at('/admin'), await at('/ADMIN/x'), await at('/admin;x=1')]).toEqual([403, 403, 403])
    },
  )

  it('knows paths whatever is escaped in them without need', async () => {
    const paths = 'paths: [{type: Exact, value: /%7Euser}, {value: /%61pi}]'
    const spelled = ['/~user', '/%7euser', '/api/x', '/%61p%69']
    await world.write(ALL, guard(rules(`{action: Allow, operation: {${paths}}}`)))
    for (const path of [...spelled, '/other']) expect([path, await at(path)]).toEqual([path, path === '/other' ? 403 : 'secret'])
    await world.write(ALL, guard(rules(`{action: Deny, operation: {${paths}}}`, 'Allow')))
    for (const path of [...spelled, '/other']) expect([path, await at(path)]).toEqual([path, path === '/other' ? 'secret' : 403])
  })

  const spellings = [
    'GET /admin HTTP/1.1',
    'GET /admin/ HTTP/1.1',
    'GET /admin/x HTTP/1.1',
    'GET //admin HTTP/1.1',
    'GET /./admin HTTP/1.1',
    'GET /x/../admin HTTP/1.1',
    'GET /x/%2e%2e/admin HTTP/1.1',
    'GET /%61dmin HTTP/1.1',
    'GET /ADMIN HTTP/1.1',
    'GET /AdMiN/x HTTP/1.1',
    'GET /admin;x=1 HTTP/1.1',
    'GET /admin%3bx HTTP/1.1',
    'GET /admin?x=1 HTTP/1.1',
    'GET http://example.com/admin HTTP/1.1',
    'POST /admin HTTP/1.1\r\ncontent-length: 0',
    'GET /admin HTTP/1.1\r\nx-original-url: /\r\nx-rewrite-url: /\r\nx-envoy-original-path: /',
  ]

  it('no attempt gets around a path that is denied', async () => {
    const results = () =>
      Promise.all(spellings.map(async (line) => [line, (await sendRaw(world.headgate.place('default/gw', 80), rawRequest(line))).status]))
    await world.write(ALL)
    expect(await results()).toEqual(spellings.map((line) => [line, 200]))
    await world.write(ALL, guard(rules('{action: Deny, operation: {paths: [{value: /admin}]}}', 'Allow')))
    expect(await at('/')).toBe('secret')
    expect(await results()).toEqual(spellings.map((line) => [line, 403]))
  }, 60_000)

  it('no attempt uses a path that is allowed to get to another', async () => {
    await world.write(ALL)
    const paths = [
      '/public/../admin',
      '/public/%2e%2e/admin',
      '/public/..;/admin',
      '/public/..;x=1/admin',
      '/public/%2e%2e;/admin',
      '/public/.;/../admin',
      '/publicadmin',
      '/PUBLIC',
      '/public%2f..%2fadmin',
      '/public\\..\\admin',
      '/public/x/../../admin',
      '/x/public',
      '/%70ublic-x',
    ]
    const raw = async (path: string) => (await sendRaw(world.headgate.place('default/gw', 80), rawRequest(`GET ${path} HTTP/1.1`))).status
    for (const path of paths.filter((each) => !/%2f/i.test(each))) expect([path, await raw(path)]).toEqual([path, 200])
    await world.write(ALL, guard(rules('{action: Allow, operation: {paths: [{value: /public}]}}')))
    expect(await raw('/public/x')).toBe(200)
    for (const path of paths) expect([path, [307, 400, 403].includes(await raw(path))]).toEqual([path, true])
  }, 60_000)
})

describe('authorization by query parameters', () => {
  policyField(['SecurityPolicy authorization.rules.operation.queryParams.{name,values}'], 'wants one value and no other one', async () => {
    await world.write(ALL, guard(rules('{action: Allow, operation: {queryParams: [{name: tenant, values: [a, "b c"]}]}}')))
    expect([await at('/?tenant=a'), await at('/?x=1&tenant=a&y'), await at('/?tenant=b%20c')]).toEqual(Array(3).fill('secret'))
    for (const query of [
      '',
      '?tenant',
      '?tenant=',
      '?tenant=ab',
      '?tenant=A',
      '?xtenant=a',
      '?tenant=a&tenant=b',
      '?tenant=z&tenant=a',
      '?tenant=a&ten%61nt=z',
      '?ten%61nt=z&tenant=a',
      '?tenant=a;tenant=z',
      '?x=tenant=a',
    ]) {
      expect([query, await at(`/${query}`)]).toEqual([query, 403])
    }
  })

  it(
    'denies a value in whatever way it is written',
    () =>
      expectNoneSucceed(
        world,
        `${ABOUT_GUARDED_RULE}, ${rules('{action: Deny, operation: {queryParams: [{name: debug, values: ["on", "a b"]}]}}', 'Allow')}`,
        [
          'debug=on',
          'x=1&debug=on',
          'debug=on&x=1',
          'debug=off&debug=on',
          'debug=on&debug=off',
          'd%65bug=on',
          'debug=o%6e',
          'debug=%6F%6E',
          '%64%65%62%75%67=on',
          'x=1;debug=on',
          'debug=a+b',
          'debug=a%20b',
          '?debug=on&debug=on',
        ].map((query) => ({
          how: query,
          bytes: rawRequest(`GET /admin?${query} HTTP/1.1`),
        })),
        [403],
      ),
    60_000,
  )
})

describe('authorization by CEL', () => {
  policyField(['SecurityPolicy authorization.rules.cel'], 'allows and denies by expressions, in the order of the rules', async () => {
    const cel = (action: string, text: string, more = '') => `{action: ${action}, cel: '${text}'${more}}`
    await world.write(ALL, guard(rules(cel('Allow', 'request.headers["x-team"] in ["a", "b"] && request.method == "GET"'))))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    expect([await ask({ 'x-team': 'a' }), await ask({ 'x-team': 'c' }), await ask()]).toEqual(['secret', 403, 403])
    await world.write(
      ALL,
      guard(
        rules(
          `${cel('Deny', 'request.url_path.startsWith("/internal")')}, ${cel('Deny', 'has(request.headers.x_never)')}, {action: Allow}`,
        ),
      ),
    )
    expect([await at('/'), await at('/internal/x')]).toEqual(['secret', 403])
    // A rule with a condition and more denies where both hold, and nowhere else.
    const both = cel('Deny', 'request.headers["x-team"] == "c"', ', operation: {methods: [GET]}')
    await world.write(ALL, guard(rules(`${both}, {action: Allow}`)))
    expect([await ask({ 'x-team': 'c' }), await ask({ 'x-team': 'd' })]).toEqual([403, 'secret'])
    expect(await world.answerer({ path: '/', method: 'POST', headers: { 'x-team': 'c' } })).toBe('secret')
    // What cannot be evaluated refuses, whatever the rule says.
    expect(await ask()).toBe(403)
  })

  it('knows numbers of 64 bits to the last digit', async () => {
    await world.write(GUARDED_ROUTE, guard(rules(`{action: Allow, cel: 'int(request.headers["x-user"]) == 9007199254740993'}`)))
    expect([await ask({ 'x-user': '9007199254740993' }), await ask({ 'x-user': '9007199254740992' })]).toEqual(['secret', 403])
  })

  it('sees claims of tokens', async () => {
    const expression = 'metadata.filter_metadata["envoy.filters.http.jwt_authn"]["good"]["level"] >= 3.0'
    await world.write(GUARDED_ROUTE, guard(`${JWT}, ${rules(`{action: Allow, cel: '${expression}'}`)}`))
    expect([await ask(bearer({ level: 3 })), await ask(bearer({ level: 2 })), await ask(bearer({})), await ask()]).toEqual([
      'secret',
      403,
      403,
      403,
    ])
  })

  it.each([
    'request.headers["a"] ==',
    'headers["a"] == "b"',
    '[1, 2].exists(x, x == 1)',
    'request.path.unknown()',
    '"a" + request.path == "b"',
    'request.path.matches("(")',
    'response.code == 200',
    'startsWith(request.path)',
  ])('refuses %s', async (text) => {
    await world.write(GUARDED_ROUTE, guard(rules(`{action: Allow, cel: '${text}'}`)))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=False/UnsupportedValue'])
    expect([await ask(), await ask({}, '/')]).toEqual([500, 'open'])
  })
})
