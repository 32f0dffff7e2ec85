/** SecurityPolicy through the real Envoy: what it lets in, and what attackers get. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { sendRaw } from './raw-http.js'

const world = featureWorld(['open', 'secret'])

const ABOUT_RULE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: admin}]'
const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
const ROUTE = httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, {${to('open')}}]`)

function policy(spec: string, name = 'p'): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: ${name}}
spec: {${spec}}
`
}

const rules = (list: string, otherwise = 'Deny') => `authorization: {defaultAction: ${otherwise}, rules: [${list}]}`

/** A request to the guarded rule in raw bytes: a request line, and headers behind `host`. */
function request(line: string, ...headers: readonly string[]): string {
  return `${[line, 'host: example.com', ...headers].join('\r\n')}\r\n\r\n`
}

interface Attempt {
  readonly how: string
  readonly bytes: string
}

/** Who answers: `secret` is what an attacker wants. */
async function answererOf(bytes: string): Promise<string | number> {
  const { status, text } = await sendRaw(world.headgate.place('default/gw', 80), bytes)
  if (status !== 200 && status !== 101) return status
  // HEAD has no body: the backend is known by what it saw.
  return /"backend":"([a-z]+)"/.exec(text)?.[1] ?? (world.backend('secret').requests.length > 0 ? 'secret' : status)
}

/** Every attempt must reach the backend without the guard, and none with it. */
async function expectNoneSucceed(guard: string, attempts: readonly Attempt[]): Promise<void> {
  await world.write(ROUTE)
  const without = await Promise.all(attempts.map(async ({ how, bytes }) => [how, await answererOf(bytes)]))
  expect(without).toEqual(attempts.map(({ how }) => [how, 'secret']))
  await world.write(ROUTE, policy(guard))
  expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
  const seen = world.backend('secret').requests.length
  const withGuard = await Promise.all(
    attempts.map(async ({ how, bytes }) => [how, (await sendRaw(world.headgate.place('default/gw', 80), bytes)).status]),
  )
  expect(withGuard).toEqual(attempts.map(({ how }) => [how, 403]))
  expect(world.backend('secret').requests).toHaveLength(seen)
}

describe('authorization', () => {
  it.each([
    { what: 'an address within a range', spec: rules('{action: Allow, principal: {clientCIDRs: [127.0.0.0/8]}}'), want: 'secret' },
    {
      what: 'an address outside of all ranges',
      spec: rules('{action: Allow, principal: {clientCIDRs: [10.0.0.0/8, "2001:db8::/32"]}}'),
      want: 403,
    },
    { what: 'no rule, and deny otherwise', spec: 'authorization: {}', want: 403 },
    { what: 'no rule, and allow otherwise', spec: rules('', 'Allow'), want: 'secret' },
    {
      what: 'a header with one of the values',
      spec: rules('{action: Allow, principal: {headers: [{name: X-Role, values: [a, admin]}]}}'),
      want: 'secret',
    },
    {
      what: 'a header with another value',
      spec: rules('{action: Allow, principal: {headers: [{name: X-Role, values: [root]}]}}'),
      want: 403,
    },
    {
      what: 'only one of two headers',
      spec: rules('{action: Allow, principal: {headers: [{name: X-Role, values: [admin]}, {name: X-Team, values: [a]}]}}'),
      want: 403,
    },
    { what: 'the method', spec: rules('{action: Allow, operation: {methods: [GET]}}'), want: 'secret' },
    { what: 'another method', spec: rules('{action: Allow, operation: {methods: [POST]}}'), want: 403 },
    { what: 'the first rule that matches: deny', spec: rules('{action: Deny, operation: {methods: [GET]}}, {action: Allow}'), want: 403 },
    {
      what: 'the first rule that matches: allow',
      spec: rules('{action: Allow, operation: {methods: [GET]}}, {action: Deny}'),
      want: 'secret',
    },
    {
      what: 'a deny that does not match before an allow that does',
      spec: rules('{action: Deny, operation: {methods: [POST]}}, {action: Allow, principal: {clientCIDRs: [127.0.0.1/32]}}'),
      want: 'secret',
    },
  ])(
    '$what',
    async ({ spec, want }) => {
      await world.write(ROUTE, policy(`${ABOUT_RULE}, ${spec}`))
      expect(await world.answerer({ path: '/admin', headers: { 'x-role': 'admin' } })).toBe(want)
      expect(await world.answerer({ path: '/' })).toBe('open')
    },
    30_000,
  )

  it('of a Gateway holds for all its routes, and for redirects', async () => {
    const redirect = under('/moved', 'filters: [{type: RequestRedirect, requestRedirect: {hostname: x.example}}]')
    await world.write(httpRoute('r', `[${redirect}, {${to('open')}}]`), policy(`${ABOUT_GATEWAY}, authorization: {}`))
    expect(await world.answerer({ path: '/' })).toBe(403)
    expect(await world.answerer({ path: '/moved' })).toBe(403)
  }, 30_000)

  it('a policy that cannot be used closes its rule, and nothing else', async () => {
    await world.write(ROUTE, policy(`${ABOUT_RULE}, ${rules('{action: Allow, principal: {clientCIDRs: [127.0.0.1]}}')}`))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await world.answerer({ path: '/admin' })).toBe(500)
    expect(await world.answerer({ path: '/' })).toBe('open')
  }, 30_000)
})

describe('attempts to get around authorization', () => {
  const spoofed = [
    'x-forwarded-for: 10.1.1.1',
    'x-forwarded-for: 10.1.1.1, 10.1.1.2',
    'x-forwarded-for: 10.1.1.1\r\nx-forwarded-for: 10.1.1.2',
    'X-FORWARDED-FOR: 10.1.1.1',
    'x-forwarded-for: 10.1.1.1:80',
    'x-forwarded-for: ',
    'x-real-ip: 10.1.1.1',
    'forwarded: for=10.1.1.1',
    'true-client-ip: 10.1.1.1',
    'cf-connecting-ip: 10.1.1.1',
    'x-client-ip: 10.1.1.1',
    'x-envoy-external-address: 10.1.1.1',
    'x-envoy-internal: true',
    'x-cluster-client-ip: 10.1.1.1',
    'via: 1.1 10.1.1.1',
  ]
  const lines = [
    'GET /admin HTTP/1.1',
    'GET /admin/ HTTP/1.1',
    'GET //admin HTTP/1.1',
    'GET /./admin HTTP/1.1',
    'GET /x/../admin HTTP/1.1',
    'GET /%61dmin HTTP/1.1',
    'GET /x/%2e%2e/admin HTTP/1.1',
    'GET /admin/../admin HTTP/1.1',
    'GET /admin?x=/ HTTP/1.1',
    'GET http://example.com/admin HTTP/1.1',
    'GET http://other.example/admin HTTP/1.1',
    'HEAD /admin HTTP/1.1',
    'OPTIONS /admin HTTP/1.1',
    'DELETE /admin HTTP/1.1',
  ]

  it(
    'by address: what a client says about itself',
    () =>
      expectNoneSucceed(
        `${ABOUT_RULE}, ${rules('{action: Allow, principal: {clientCIDRs: [10.0.0.0/8]}}')}`,
        spoofed.map((header) => ({ how: header, bytes: request('GET /admin HTTP/1.1', header) })),
      ),
    30_000,
  )

  it(
    'by address: other ways to write the request',
    () =>
      expectNoneSucceed(`${ABOUT_RULE}, ${rules('{action: Allow, principal: {clientCIDRs: [10.0.0.0/8]}}')}`, [
        ...lines.map((line) => ({ how: line, bytes: request(line) })),
        { how: 'another host', bytes: 'GET /admin HTTP/1.1\r\nhost: other.example\r\n\r\n' },
        { how: 'a host with a port', bytes: 'GET /admin HTTP/1.1\r\nhost: example.com:80\r\n\r\n' },
        { how: 'a host with a dot', bytes: 'GET /admin HTTP/1.1\r\nhost: example.com.\r\n\r\n' },
        { how: 'a host in capitals', bytes: 'GET /admin HTTP/1.1\r\nhost: EXAMPLE.COM\r\n\r\n' },
        { how: 'another path in a header', bytes: request('GET /admin HTTP/1.1', 'x-original-url: /', 'x-rewrite-url: /') },
        { how: 'another path in a header of Envoy', bytes: request('GET /admin HTTP/1.1', 'x-envoy-original-path: /') },
        { how: 'a body', bytes: `${request('POST /admin HTTP/1.1', 'content-length: 2')}{}` },
        { how: 'a chunked body', bytes: `${request('POST /admin HTTP/1.1', 'transfer-encoding: chunked')}2\r\n{}\r\n0\r\n\r\n` },
        {
          how: 'an upgrade',
          bytes: request(
            'GET /admin HTTP/1.1',
            'connection: upgrade',
            'upgrade: websocket',
            'sec-websocket-version: 13',
            'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
          ),
        },
      ]),
    30_000,
  )

  it(
    'by a header that denies: other ways to write it',
    () =>
      expectNoneSucceed(
        `${ABOUT_RULE}, ${rules('{action: Deny, principal: {headers: [{name: x-role, values: [guest, banned]}]}}', 'Allow')}`,
        [
          'x-role: guest',
          'X-ROLE: guest',
          'x-role:guest',
          'x-role:   guest   ',
          'x-role: guest, admin',
          'x-role: admin, guest',
          'x-role: admin,guest,root',
          'x-role: guest,',
          'x-role: ,guest',
          'x-role: guest\r\nx-role: admin',
          'x-role: admin\r\nx-role: guest',
          'x-role: admin\r\nx-role: banned\r\nx-role: root',
        ].map((header) => ({ how: header, bytes: request('GET /admin HTTP/1.1', header) })),
      ),
    30_000,
  )

  it('by a header that allows: more than one value', async () => {
    await world.write(ROUTE, policy(`${ABOUT_RULE}, ${rules('{action: Allow, principal: {headers: [{name: x-role, values: [admin]}]}}')}`))
    const headers = [
      'x-role: admin, guest',
      'x-role: guest\r\nx-role: admin',
      'x-role: Admin',
      'x-role: admin2',
      'x_role: admin',
      'x-role: ',
    ]
    for (const header of headers) {
      const { status } = await sendRaw(world.headgate.place('default/gw', 80), request('GET /admin HTTP/1.1', header))
      expect([header, [400, 403].includes(status)]).toEqual([header, true])
    }
  }, 30_000)

  it(
    'by method: headers that name another one',
    () =>
      expectNoneSucceed(
        `${ABOUT_RULE}, ${rules('{action: Deny, operation: {methods: [POST, DELETE]}}', 'Allow')}`,
        ['x-http-method-override: GET', 'x-http-method: GET', 'x-method-override: GET', 'x-original-method: GET'].flatMap((header) => [
          { how: `POST ${header}`, bytes: `${request('POST /admin HTTP/1.1', header, 'content-length: 2')}{}` },
          { how: `DELETE ${header}`, bytes: request('DELETE /admin HTTP/1.1', header) },
        ]),
      ),
    30_000,
  )

  it('over HTTP/2, with another authority than host', async () => {
    await world.write(ROUTE, policy(`${ABOUT_RULE}, ${rules('{action: Allow, principal: {clientCIDRs: [10.0.0.0/8]}}')}`))
    const client = world.headgate.http2('default/gw', 80)
    const answer = await client.send({
      host: 'example.com',
      path: '/admin',
      headers: { host: 'other.example', 'x-forwarded-for': '10.1.1.1' },
    })
    expect([400, 403]).toContain(answer.status)
    client.close()
  }, 30_000)
})

describe('cors', () => {
  it('answers preflight requests of allowed origins, before authorization is asked', async () => {
    const cors = 'cors: {allowOrigins: ["https://*.example.com"], allowMethods: [PUT], maxAge: 60}'
    await world.write(ROUTE, policy(`${ABOUT_GATEWAY}, ${cors}, authorization: {}`))
    const ask = (origin: string) =>
      world.ask({ method: 'OPTIONS', path: '/admin', headers: { origin, 'access-control-request-method': 'PUT' } })
    expect((await ask('https://a.example.com')).headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example.com',
      'access-control-max-age': '60',
    })
    for (const origin of [
      'null',
      'https://a.example.com.evil.net',
      'http://a.example.com',
      'https://example.com',
      'https://evilexample.com',
    ]) {
      expect([origin, (await ask(origin)).headers['access-control-allow-origin']]).toEqual([origin, undefined])
    }
    expect(await world.answerer({ path: '/admin', headers: { origin: 'https://a.example.com' } })).toBe(403)
  }, 30_000)
})
