/** What attackers try against rules about methods, scopes and expressions: each works without the rule, and none with it. */
import { expect, it } from '@jest/globals'
import { gateway, httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import {
  ABOUT_GUARDED_RULE,
  type Attempt,
  expectNoneSucceed,
  GUARDED_ROUTE,
  pathAttempts,
  rawRequest,
  securityPolicy,
} from './support/attempts.js'
import { createIssuer, inSeconds, unsigned } from './support/tokens.js'

const world = featureWorld(['open', 'secret'])
const issuer = createIssuer('https://good.example')
const stranger = createIssuer('https://good.example')
const JWT = `jwt: {optional: true, providers: [{name: good, issuer: "${issuer.issuer}", localJWKS: {inline: '${issuer.jwks}'}}]}`
const rules = (list: string, otherwise = 'Deny'): string =>
  `${ABOUT_GUARDED_RULE}, authorization: {defaultAction: ${otherwise}, rules: [${list}]}`
const admin = (...headers: readonly string[]): string => rawRequest('GET /admin HTTP/1.1', ...headers)

const OTHER_METHODS: readonly Attempt[] = [
  ...['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE'].map((method) => ({ how: method, bytes: rawRequest(`${method} /admin HTTP/1.1`) })),
  ...['PUT', 'PATCH'].map((method) => ({ how: method, bytes: `${rawRequest(`${method} /admin HTTP/1.1`, 'content-length: 2')}{}` })),
  ...[
    'x-http-method-override: POST',
    'x-http-method: POST',
    'x-method-override: POST',
    'x-original-method: POST',
    'x-envoy-original-method: POST',
    'x-forwarded-method: POST',
    'method: POST',
  ].map((header) => ({ how: header, bytes: admin(header) })),
  { how: 'the method in the query', bytes: rawRequest('GET /admin?_method=POST HTTP/1.1') },
  { how: 'the method in a form', bytes: `${rawRequest('PUT /admin HTTP/1.1', 'content-length: 12')}_method=POST` },
  { how: 'a GET with the body of a POST', bytes: `${admin('content-length: 2', 'content-type: application/json')}{}` },
  {
    how: 'a preflight request for it',
    bytes: rawRequest('OPTIONS /admin HTTP/1.1', 'origin: https://a.example', 'access-control-request-method: POST'),
  },
  {
    how: 'an upgrade',
    bytes: admin('connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='),
  },
  ...['//admin', '/./admin', '/%61dmin', '/x/%2e%2e/admin'].map((path) => ({ how: path, bytes: rawRequest(`GET ${path} HTTP/1.1`) })),
]

it(
  'no attempt uses another method than the one that is allowed',
  () => expectNoneSucceed(world, rules('{action: Allow, operation: {methods: [POST]}}'), OTHER_METHODS, [403]),
  60_000,
)

const withToken = (token: string, ...headers: readonly string[]): string => admin(`authorization: Bearer ${token}`, ...headers)
const claims = (said: Readonly<Record<string, unknown>>): string => withToken(issuer.token(said))
const good = { iss: issuer.issuer, exp: inSeconds(600), scope: 'orders:write' }

const SCOPES: readonly Attempt[] = [
  { how: 'no token', bytes: admin() },
  { how: 'another scope', bytes: claims({ scope: 'orders:read' }) },
  { how: 'the scope and more in one word', bytes: claims({ scope: 'orders:writer' }) },
  { how: 'the end of a longer word', bytes: claims({ scope: 'reorders:write' }) },
  { how: 'in capitals', bytes: claims({ scope: 'ORDERS:WRITE' }) },
  { how: 'in a list of commas', bytes: claims({ scope: 'orders:read,orders:write' }) },
  { how: 'with a wildcard', bytes: claims({ scope: 'orders:* *' }) },
  { how: 'an empty one', bytes: claims({ scope: '' }) },
  { how: 'in a claim of another name', bytes: claims({ scopes: 'orders:write', permissions: ['orders:write'], roles: ['orders:write'] }) },
  { how: 'within another claim', bytes: claims({ realm: { scope: 'orders:write' } }) },
  { how: 'the scope as the subject', bytes: claims({ sub: 'orders:write' }) },
  { how: 'in a header', bytes: withToken(issuer.token({}), 'scope: orders:write', 'x-scope: orders:write', 'x-jwt-scope: orders:write') },
  { how: 'in the query', bytes: rawRequest('GET /admin?scope=orders:write HTTP/1.1', `authorization: Bearer ${issuer.token({})}`) },
  { how: 'in a token of a stranger', bytes: withToken(stranger.token({ scope: 'orders:write' })) },
  { how: 'in a token that has ended', bytes: claims({ scope: 'orders:write', exp: inSeconds(-3600) }) },
  { how: 'in a token without a signature', bytes: withToken(`${unsigned({ alg: 'none' }, good)}.`) },
  { how: 'in a token of another issuer', bytes: claims({ scope: 'orders:write', iss: 'https://evil.example' }) },
  ...pathAttempts(`authorization: Bearer ${issuer.token({ scope: 'orders:read' })}`),
]

it(
  'no attempt has a scope that its token does not have',
  () =>
    expectNoneSucceed(
      world,
      `${rules('{action: Allow, principal: {jwt: {provider: good, scopes: ["orders:write"]}}}')}, ${JWT}`,
      SCOPES,
      [401, 403],
    ),
  60_000,
)

/** Each says something of the header that is not what the expression wants. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'no header': [],
  'another value': ['x-team: dev'],
  'in capitals': ['x-team: OPS'],
  'more behind it': ['x-team: ops2'],
  'more before it': ['x-team: devops'],
  'in a list': ['x-team: dev, ops'],
  'first in a list': ['x-team: ops, dev'],
  'in the second line': ['x-team: dev', 'x-team: ops'],
  'in the first line': ['x-team: ops', 'x-team: dev'],
  'in quotes': ['x-team: "ops"'],
  'written out': ['x-team: %6fps'],
  'an empty one': ['x-team: '],
  'with an underscore': ['x-other: ops', 'cookie: x-team=ops'],
  'a header of a similar name': ['x-teams: ops', 'x-team-: ops', 'xx-team: ops'],
  'metadata in a header': ['x-envoy-metadata: x-team=ops'],
  'an expression': ['x-team: ops" || "a" == "a'],
}

it(
  'no attempt makes an expression true that allows',
  () =>
    expectNoneSucceed(
      world,
      rules(`{action: Allow, cel: 'request.headers["x-team"] == "ops" && request.method == "GET"'}`),
      [
        ...Object.entries(HEADERS).map(([how, headers]) => ({ how, bytes: admin(...headers) })),
        { how: 'another method', bytes: `${rawRequest('POST /admin HTTP/1.1', 'x-team: ops', 'content-length: 2')}{}` },
        {
          how: 'another method that says it is GET',
          bytes: rawRequest('DELETE /admin HTTP/1.1', 'x-team: ops', 'x-http-method-override: GET'),
        },
        ...pathAttempts('x-team: dev'),
      ],
      [403],
    ),
  60_000,
)

it(
  'no attempt makes an expression false that denies',
  () =>
    expectNoneSucceed(
      world,
      rules(`{action: Deny, cel: 'request.url_path.startsWith("/admin") && source.address != ""'}`, 'Allow'),
      pathAttempts(),
      [403],
    ),
  60_000,
)

it('no other way to the route leads around its guard: another listener, another Gateway, another hostname', async () => {
  const listeners = '[{name: http, port: 80, protocol: HTTP}, {name: more, port: 81, protocol: HTTP, hostname: "*.example.com"}]'
  const others = [gateway('two', listeners), gateway('three')]
  const parents = 'parentRefs: [{name: gw}, {name: two}, {name: three}]\n  hostnames: [example.com, www.example.com, "*.shop.example.com"]'
  const route = httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, {${to('open')}}]`, parents)
  const ways: readonly (readonly [gateway: string, port: number, host: string])[] = [
    ...['gw', 'two', 'three'].flatMap((name) =>
      ['example.com', 'www.example.com', 'a.shop.example.com', 'WWW.Example.com:80'].map((host) => [`default/${name}`, 80, host] as const),
    ),
    ['default/two', 81, 'www.example.com'],
    ['default/two', 81, 'b.shop.example.com:81'],
  ]
  const answers = () => Promise.all(ways.map(([name, port, host]) => world.answerer({ gateway: name, port, host, path: '/admin' })))
  await world.write(...others, route)
  expect(await answers()).toEqual(ways.map(() => 'secret'))
  await world.write(...others, route, securityPolicy(rules('{action: Allow, principal: {clientCIDRs: [10.0.0.0/8]}}')))
  expect(await answers()).toEqual(ways.map(() => 403))
  expect(await world.answerer({ gateway: 'default/three', host: 'www.example.com' })).toBe('open')
}, 60_000)

it('what is allowed passes', async () => {
  await world.write(GUARDED_ROUTE)
  expect(await world.answerer({ path: '/admin', method: 'POST' })).toBe('secret')
})
