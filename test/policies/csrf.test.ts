/** Requests that another site makes a browser send, through the real Envoy: what each field does, and what attackers get. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { expectNoneSucceed, rawRequest } from './attempts.js'
import { policyField } from './coverage/policy-field.js'
import { sendRaw } from './raw-http.js'

const world = featureWorld(['open', 'secret'])

const ROUTE = httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, {${to('open')}}]`)

function policy(csrf = ''): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: admin}]
  csrf: {${csrf}}
`
}

const post = (headers: Readonly<Record<string, string>>, path = '/admin') => world.answerer({ method: 'POST', path, headers })

describe('a request that changes something', () => {
  it('passes from a page of the same host only', async () => {
    await world.write(ROUTE, policy())
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    expect(await post({ origin: 'http://example.com' })).toBe('secret')
    expect(await post({ referer: 'http://example.com/form' })).toBe('secret')
    expect(await post({ origin: 'http://evil.example' })).toBe(403)
    expect(await post({})).toBe(403)
    expect(await post({ origin: 'http://evil.example' }, '/')).toBe('open')
    // For other methods browsers ask before, as CORS has it.
    for (const method of ['GET', 'PURGE'])
      expect(await world.answerer({ method, path: '/admin', headers: { origin: 'http://evil.example' } })).toBe('secret')
  }, 30_000)

  policyField(['SecurityPolicy csrf.additionalOrigins'], 'passes from other origins that are named', async () => {
    await world.write(
      ROUTE,
      policy('additionalOrigins: ["https://shop.example.com", "https://*.example.org", "https://a.example.net:8443"]'),
    )
    const allowed = ['https://shop.example.com', 'https://SHOP.example.com', 'https://x.y.example.org', 'https://a.example.net:8443']
    for (const origin of allowed) expect([origin, await post({ origin })]).toEqual([origin, 'secret'])
    const denied = ['https://example.org', 'https://xexample.org', 'https://a.example.net', 'https://shop.example.com.evil.net', 'null']
    for (const origin of denied) expect([origin, await post({ origin })]).toEqual([origin, 403])
  })

  policyField(['SecurityPolicy csrf.shadowFraction'], 'passes while a rule is only tried', async () => {
    await world.write(ROUTE, policy('shadowFraction: {numerator: 1, denominator: 1}'))
    expect(await post({ origin: 'http://evil.example' })).toBe('secret')
  })
})

describe('a WebSocket', () => {
  const handshake = (origin: string): string =>
    rawRequest(
      'GET /admin HTTP/1.1',
      `origin: ${origin}`,
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    )
  const from = async (origin: string): Promise<number> => (await sendRaw(world.headgate.place('default/gw', 80), handshake(origin))).status

  it('begins as a GET, so rules of authorization say from where it may', async () => {
    await world.write(ROUTE, policy())
    const passed = await from('http://evil.example')
    expect(passed).toBe(101)
    const rules = `authorization: {defaultAction: Allow, rules: [
      {name: from-here, action: Allow, principal: {headers: [{name: origin, values: ["https://shop.example.com"]}]}},
      {name: web-sockets, action: Deny, principal: {headers: [{name: upgrade, values: [websocket]}]}}]}`
    await world.write(ROUTE, policy().replace('csrf: {}', `csrf: {}\n  ${rules}`))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    expect([await from('https://shop.example.com'), await from('http://evil.example'), await from('null')]).toEqual([passed, 403, 403])
    expect(await world.answerer({ path: '/admin', headers: { origin: 'http://evil.example' } })).toBe('secret')
  })
})

describe('attempts to send a request from another site', () => {
  const origins = [
    'origin: http://evil.example',
    'origin: http://example.com.evil.net',
    'origin: http://evilexample.com',
    'origin: http://example.com@evil.example',
    'origin: http://example.com:8080',
    'origin: null',
    'origin: ',
    'origin: example.com.evil.net',
    'origin: http://evil.example/example.com',
    'origin: http://evil.example?http://example.com',
    'origin: http://evil.example#example.com',
    'origin: http://evil.example\r\nreferer: http://example.com/',
    'origin: http://evil.example\r\norigin: http://example.com',
    'referer: http://evil.example/http://example.com/',
    'referer: http://example.com.evil.net/',
    'x-origin: http://example.com',
    'x-forwarded-host: evil.example\r\norigin: http://evil.example',
    'x-requested-with: XMLHttpRequest',
  ]
  const methods = ['POST', 'PUT', 'DELETE', 'PATCH']

  it('by what the origin looks like, and by other methods', () => {
    const attempts = origins.map((header) => ({
      how: header,
      bytes: `${rawRequest('POST /admin HTTP/1.1', header, 'content-length: 2')}{}`,
    }))
    const others = methods.map((method) => ({ how: method, bytes: rawRequest(`${method} /admin HTTP/1.1`, 'origin: http://evil.example') }))
    const paths = ['//admin', '/./admin', '/x/%2e%2e/admin', '/%61dmin'].map((path) => ({
      how: path,
      bytes: rawRequest(`POST ${path} HTTP/1.1`, 'origin: http://evil.example', 'content-length: 0'),
    }))
    return expectNoneSucceed({ world, secret: 'secret', open: [ROUTE], guard: policy() }, [...attempts, ...others, ...paths])
  }, 60_000)
})
