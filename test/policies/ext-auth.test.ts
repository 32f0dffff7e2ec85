/** External authorization by SecurityPolicy, through the real Envoy, with servers of HTTP and of gRPC: what each field does, and what attackers get. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, ref, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { type AuthServer, startAuthServer } from '../support/auth-server.js'
import { expectNoneSucceed, rawRequest } from './attempts.js'
import { policyField } from './coverage/policy-field.js'

/** A server that lets in who shows the good token and nothing else, and says who that is. */
interface Gatekeeper {
  readonly server: Server
  readonly asked: IncomingMessage[]
}

const gatekeeper = startGatekeeper()
let grpcServer: AuthServer | undefined
const world = featureWorld(['open', 'secret'], async () => {
  grpcServer = await startAuthServer('grpc')
  const http = { name: 'http', port: (gatekeeper.server.address() as AddressInfo).port }
  return [gateway('gw'), backend(http), backend(grpcServer, ['kubernetes.io/h2c']), backend({ name: 'nobody', port: 1 })].join('---')
})
beforeEach(() => void gatekeeper.asked.splice(0))
afterAll(() => {
  grpcServer?.close()
  gatekeeper.server.closeAllConnections()
  gatekeeper.server.close()
})

function startGatekeeper(): Gatekeeper {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    const isGood = request.headers.authorization === 'Bearer good' || request.headers['x-api-key'] === 'good'
    response.setHeader('x-user', 'ann')
    response.setHeader('x-internal', 'secret')
    if (request.url?.includes('slow') !== true) response.writeHead(isGood ? 200 : 401).end('who are you?')
  })
  server.listen(0, '127.0.0.1')
  return { server, asked }
}

const ROUTE = httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, {${to('open')}}]`)
const TARGET = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: admin}]'

function policy(extAuth: string, { target = TARGET, name = 'p', more = '' } = {}): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: ${name}}
spec: {${target}, extAuth: {${extAuth}}${more}}
`
}

const HTTP = (more = '') => `http: {backendRef: {${ref('http')}}${more}}`
const GRPC = `grpc: {backendRef: {${ref('grpc')}}}`
const good = { authorization: 'Bearer good' }

describe('a server that is asked', () => {
  policyField(['SecurityPolicy extAuth.http.{backendRef,headersToBackend}'], 'over HTTP decides, and says who the client is', async () => {
    await world.write(ROUTE, policy(HTTP(', headersToBackend: [X-User]')))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    const denied = await world.ask({ path: '/admin' })
    expect([denied.status, denied.body]).toEqual([401, 'who are you?'])
    // What a client says about itself does not count.
    const allowed = await world.ask({ path: '/admin', headers: { ...good, 'x-user': 'root' } })
    expect([allowed.echo?.backend, allowed.echo?.headers['x-user'], allowed.echo?.headers['x-internal']]).toEqual([
      'secret',
      'ann',
      undefined,
    ])
    expect(await world.answerer({ path: '/' })).toBe('open')
  })

  it.each([
    { how: 'says nothing of it', service: () => HTTP(', headersToBackend: [X-Role, x-user]'), headers: good, role: undefined },
    {
      how: 'cannot be asked, and requests pass',
      service: () => `http: {backendRef: {${ref('nobody')}}, headersToBackend: [X-Role]}, failOpen: true`,
      headers: good,
      role: undefined,
    },
    {
      how: 'was shown it, and has nothing to say about it',
      service: () => `${HTTP(', headersToBackend: [X-Role]')}, headersToExtAuth: [X-Role]`,
      headers: good,
      role: 'root',
    },
  ])('that $how: the backend sees of its headers what a client sent only where the server saw it', async ({ service, headers, role }) => {
    await world.write(ROUTE, policy(service()))
    const { echo } = await world.ask({ path: '/admin', headers: { ...headers, 'x-role': 'root', 'x-other': 'mine' } })
    expect([echo?.backend, echo?.headers['x-role'], echo?.headers['x-other']]).toEqual(['secret', role, 'mine'])
    expect(echo?.headers.authorization).toBe(good.authorization)
  })

  it('says nothing about where a request begins and ends, nor what is in it, unless it does say so', async () => {
    await world.write(ROUTE, policy(HTTP(', headersToBackend: [content-type, content-length, transfer-encoding, connection]')))
    const { echo } = await world.ask({ path: '/admin', method: 'POST', body: 'hello', headers: { ...good, 'content-type': 'text/x' } })
    expect([echo?.backend, echo?.headers['content-type']]).toEqual(['secret', 'text/x'])
  })

  policyField(['SecurityPolicy extAuth.http.path'], 'sees the path behind a prefix', async () => {
    await world.write(ROUTE, policy(HTTP(', path: /check')))
    expect(await world.answerer({ path: '/admin/x', headers: good })).toBe('secret')
    expect(gatekeeper.asked.at(-1)?.url).toBe('/check/admin/x')
  })

  policyField(['SecurityPolicy extAuth.http.pathOverride'], 'sees one path for all requests', async () => {
    await world.write(ROUTE, policy(HTTP(', pathOverride: /verify')))
    expect(await world.answerer({ path: '/admin/x', headers: good })).toBe('secret')
    expect(gatekeeper.asked.at(-1)?.url).toBe('/verify')
  })

  policyField(['SecurityPolicy extAuth.headersToExtAuth'], 'sees the headers that it is given and no others', async () => {
    const headers = { 'x-api-key': 'good', 'x-private': 'mine' }
    await world.write(ROUTE, policy(HTTP()))
    expect(await world.answerer({ path: '/admin', headers })).toBe(401)
    await world.write(ROUTE, policy(`${HTTP()}, headersToExtAuth: [X-Api-Key]`))
    expect(await world.answerer({ path: '/admin', headers })).toBe('secret')
    expect(gatekeeper.asked.at(-1)?.headers['x-private']).toBeUndefined()
  })

  policyField(
    ['SecurityPolicy extAuth.grpc.backendRef', 'SecurityPolicy extAuth.bodyToExtAuth.maxRequestBytes'],
    'over gRPC sees the body, and says who the client is',
    async () => {
      await world.write(ROUTE, policy(`${GRPC}, bodyToExtAuth: {maxRequestBytes: 16}`))
      expect(await world.answerer({ path: '/admin/denied' })).toBe(403)
      const allowed = await world.ask({ path: '/admin', method: 'POST', body: 'hello' })
      expect([allowed.echo?.backend, allowed.echo?.headers['x-user']]).toEqual(['secret', 'ann'])
      expect(grpcServer?.checked.at(-1)?.body).toBe('hello')
      expect((await world.ask({ path: '/admin', method: 'POST', body: 'x'.repeat(17) })).status).toBe(413)
    },
  )

  policyField(['SecurityPolicy extAuth.contextExtensions.{name,value}'], 'is told what the policy says besides', async () => {
    const context = 'contextExtensions: [{name: X-Tenant, value: blue}]'
    await world.write(ROUTE, policy(`${HTTP()}, ${context}`))
    expect(await world.answerer({ path: '/admin', headers: { ...good, 'x-tenant': 'red' } })).toBe('secret')
    expect(gatekeeper.asked.at(-1)?.headers['x-tenant']).toBe('blue')
    await world.write(ROUTE, policy(`${GRPC}, ${context}`))
    expect(await world.answerer({ path: '/admin' })).toBe('secret')
    expect(grpcServer?.callMetadata.at(-1)?.['x-tenant']).toBe('blue')
  })

  it.each(['%ENVIRONMENT(PATH)%', '%FILE_CONTENT(/etc/hostname)%', '%REQ(cookie)%', '100% of 5%%'])(
    'is told %s as it stands there: words of access logs could tell what is of the proxy alone',
    async (value) => {
      for (const how of [HTTP(), GRPC]) {
        await world.write(ROUTE, policy(`${how}, contextExtensions: [{name: X-Tenant, value: "${value}"}]`))
        expect(await world.answerer({ path: '/admin', headers: { ...good, cookie: 'a=b' } })).toBe('secret')
      }
      expect([gatekeeper.asked.at(-1)?.headers['x-tenant'], grpcServer?.callMetadata.at(-1)?.['x-tenant']]).toEqual([value, value])
    },
  )

  policyField(
    ['SecurityPolicy extAuth.contextExtensions.valueRef.{name,key}'],
    'is told what a ConfigMap holds, and nobody gets in while it holds nothing',
    async () => {
      const tenants = (data: string): string => `\n{apiVersion: v1, kind: ConfigMap, metadata: {name: tenants}, data: {${data}}}\n`
      const asks = policy(`${HTTP()}, contextExtensions: [{name: X-Tenant, valueRef: {name: tenants, key: shop}}]`)
      await world.write(ROUTE, tenants('shop: blue, other: red'), asks)
      expect(await world.answerer({ path: '/admin', headers: good })).toBe('secret')
      expect(gatekeeper.asked.at(-1)?.headers['x-tenant']).toBe('blue')
      await world.write(ROUTE, tenants('shop: green'), asks)
      expect(await world.answerer({ path: '/admin', headers: good })).toBe('secret')
      expect(gatekeeper.asked.at(-1)?.headers['x-tenant']).toBe('green')
      for (const data of ['other: red', '"shop": "two\\nlines"']) {
        await world.write(ROUTE, tenants(data), asks)
        expect(await world.answerer({ path: '/admin', headers: good })).toBe(500)
        expect(world.conditions('SecurityPolicy/default/p')).toContain('Accepted=False/RefNotFound')
      }
      await world.write(ROUTE, asks)
      expect(await world.answerer({ path: '/admin', headers: good })).toBe(500)
    },
  )

  policyField(['SecurityPolicy extAuth.includeRouteMetadata'], 'is told the route, which no client can say', async () => {
    const forged = { 'x-headgate-route': 'HTTPRoute/default/open' }
    await world.write(ROUTE, policy(`${HTTP()}, includeRouteMetadata: true`))
    expect(await world.answerer({ path: '/admin', headers: { ...good, ...forged } })).toBe('secret')
    expect(gatekeeper.asked.at(-1)?.headers['x-headgate-route']).toBe('HTTPRoute/default/r')
    await world.write(ROUTE, policy(`${GRPC}, includeRouteMetadata: true`))
    expect(await world.answerer({ path: '/admin' })).toBe('secret')
    expect(grpcServer?.callMetadata.at(-1)?.['x-headgate-route']).toBe('HTTPRoute/default/r')
  })

  policyField(['SecurityPolicy extAuth.timeout'], 'has so long to decide', async () => {
    await world.write(ROUTE, policy(`${HTTP()}, timeout: 100ms`))
    expect(await world.answerer({ path: '/admin/slow', headers: good })).toBe(403)
    expect(await world.answerer({ path: '/admin', headers: good })).toBe('secret')
  })

  policyField(['SecurityPolicy extAuth.failOpen', 'SecurityPolicy extAuth.statusOnError'], 'and cannot be asked', async () => {
    const nobody = `http: {backendRef: {${ref('nobody')}}}`
    await world.write(ROUTE, policy(nobody))
    expect(await world.answerer({ path: '/admin' })).toBe(403)
    await world.write(ROUTE, policy(`${nobody}, statusOnError: 503`))
    expect(await world.answerer({ path: '/admin' })).toBe(503)
    await world.write(ROUTE, policy(`${nobody}, failOpen: true`))
    expect(await world.answerer({ path: '/admin' })).toBe('secret')
  })
})

describe('a policy', () => {
  it.each([
    { what: 'that names nobody', service: `http: {backendRef: {${ref('missing')}}}`, reason: 'BackendNotFound' },
    { what: 'that may not ask', service: `http: {backendRef: {${ref('http')}, namespace: other}}`, reason: 'RefNotPermitted' },
    {
      what: 'that asks a kind nobody knows',
      service: 'http: {backendRef: {group: example.com, kind: Thing, name: x}}',
      reason: 'InvalidKind',
    },
    { what: 'that never waits', service: `${HTTP()}, timeout: 0s`, reason: 'UnsupportedValue' },
  ])('$what closes its rule, and nothing else', async ({ service, reason }) => {
    await world.write(ROUTE, policy(service))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual([`Accepted=False/${reason}`])
    expect(await world.answerer({ path: '/admin', headers: good })).toBe(500)
    expect(await world.answerer({ path: '/' })).toBe('open')
  })

  it('is used as soon as its server is there, and closes again when it goes', async () => {
    const late = backend({ name: 'late', port: (gatekeeper.server.address() as AddressInfo).port })
    const asks = policy(`http: {backendRef: {${ref('late')}}}`)
    for (const [objects, want] of [
      [[ROUTE, asks], 500],
      [[ROUTE, asks, late], 'secret'],
      [[ROUTE, asks], 500],
    ] as const) {
      await world.write(...objects)
      expect(await world.answerer({ path: '/admin', headers: good })).toBe(want)
    }
  })

  it('may ask a server in another namespace that grants it', async () => {
    const port = (gatekeeper.server.address() as AddressInfo).port
    const elsewhere = backend({ name: 'check', port }).replace('{name: check}', '{name: check, namespace: auth}')
    const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: ask, namespace: auth}
spec:
  from: [{group: headgate.dev, kind: SecurityPolicy, namespace: default}]
  to: [{group: headgate.dev, kind: Backend}]
`
    await world.write(ROUTE, policy(`http: {backendRef: {${ref('check')}, namespace: auth}}`), elsewhere, grant)
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    expect(await world.answerer({ path: '/admin', headers: good })).toBe('secret')
    expect(await world.answerer({ path: '/admin' })).toBe(401)
  })

  it('of the Gateway yields to the filter of a rule, unless it overrides it', async () => {
    const filter = `filters: [{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {${ref('grpc')}}, grpc: {}}}]`
    const route = httpRoute('r', `[${under('/admin', `${filter}, ${to('secret')}`)}]`)
    const gatewayTarget = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
    await world.write(route, policy(HTTP(), { target: gatewayTarget }))
    expect(await world.answerer({ path: '/admin' })).toBe('secret')
    const overriding = policy(HTTP(), { target: gatewayTarget, more: `, overrides: {extAuth: {${HTTP()}}}` })
    await world.write(route, overriding)
    expect(await world.answerer({ path: '/admin' })).toBe(401)
  })
})

describe('attempts to get around external authorization', () => {
  const lines = [
    'GET /admin HTTP/1.1',
    'GET /admin/ HTTP/1.1',
    'GET //admin HTTP/1.1',
    'GET /./admin HTTP/1.1',
    'GET /x/../admin HTTP/1.1',
    'GET /%61dmin HTTP/1.1',
    'GET /x/%2e%2e/admin HTTP/1.1',
    'GET /admin?authorization=Bearer%20good HTTP/1.1',
    'GET http://other.example/admin HTTP/1.1',
    'OPTIONS /admin HTTP/1.1',
    'HEAD /admin HTTP/1.1',
  ]
  const headers = [
    'authorization: bearer good',
    'authorization: Bearer good2',
    'authorization: Bearer bad\r\nauthorization: Bearer good',
    'authorization: Bearer bad, Bearer good',
    'proxy-authorization: Bearer good',
    'x-authorization: Bearer good',
    'cookie: authorization=Bearer good',
    'x-api-key: good',
    'x-user: ann',
    'x-ext-authz: allow',
    'x-envoy-auth-failure-mode-allowed: true',
    'x-forwarded-for: 127.0.0.1',
    'x-original-url: /',
    'connection: authorization',
    'x-http-method-override: OPTIONS',
  ]

  it(
    'by other ways to write the request, and headers that mean nothing',
    () =>
      expectNoneSucceed({ world, secret: 'secret', open: [ROUTE], guard: policy(HTTP()), denials: [400, 401, 403] }, [
        ...lines.map((line) => ({ how: line, bytes: rawRequest(line) })),
        ...headers.map((header) => ({ how: header, bytes: rawRequest('GET /admin HTTP/1.1', header) })),
        { how: 'another host', bytes: 'GET /admin HTTP/1.1\r\nhost: other.example\r\n\r\n' },
        { how: 'a host in capitals', bytes: 'GET /admin HTTP/1.1\r\nhost: EXAMPLE.COM\r\n\r\n' },
        {
          how: 'a preflight',
          bytes: rawRequest('OPTIONS /admin HTTP/1.1', 'origin: https://x.example', 'access-control-request-method: GET'),
        },
        { how: 'a chunked body', bytes: `${rawRequest('POST /admin HTTP/1.1', 'transfer-encoding: chunked')}2\r\n{}\r\n0\r\n\r\n` },
        {
          how: 'an upgrade',
          bytes: rawRequest(
            'GET /admin HTTP/1.1',
            'connection: upgrade',
            'upgrade: websocket',
            'sec-websocket-version: 13',
            'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
          ),
        },
      ]),
    120_000,
  )

  // The server of gRPC denies what has `denied` in its path, whatever else is said.
  const denied = [
    'GET /admin/denied HTTP/1.1',
    'GET /admin/denied/ HTTP/1.1',
    'GET //admin//denied HTTP/1.1',
    'GET /admin/./denied HTTP/1.1',
    'GET /admin/x/../denied HTTP/1.1',
    'GET /x/%2e%2e/admin/denied HTTP/1.1',
    'GET /admin/%64enied HTTP/1.1',
    'GET /admin/denied?path=/admin HTTP/1.1',
    'GET /admin/denied;x=1 HTTP/1.1',
    'GET http://other.example/admin/denied HTTP/1.1',
    'HEAD /admin/denied HTTP/1.1',
    'OPTIONS /admin/denied HTTP/1.1',
    'DELETE /admin/denied HTTP/1.1',
  ]
  const claims = [
    'x-user: ann',
    'x-envoy-auth-failure-mode-allowed: true',
    'x-envoy-original-path: /admin',
    'x-original-url: /admin\r\nx-rewrite-url: /admin',
    'x-headgate-route: HTTPRoute/default/open',
    'grpc-status: 0',
    'authorization: Bearer good',
    'x-forwarded-for: 127.0.0.1',
  ]

  it(
    'of a server over gRPC',
    () =>
      expectNoneSucceed({ world, secret: 'secret', open: [ROUTE], guard: policy(GRPC) }, [
        ...denied.map((line) => ({ how: line, bytes: rawRequest(line) })),
        ...claims.map((header) => ({ how: header, bytes: rawRequest('GET /admin/denied HTTP/1.1', header) })),
        { how: 'another host', bytes: 'GET /admin/denied HTTP/1.1\r\nhost: other.example\r\n\r\n' },
        { how: 'a host in capitals', bytes: 'GET /admin/denied HTTP/1.1\r\nhost: EXAMPLE.COM\r\n\r\n' },
        {
          how: 'a preflight',
          bytes: rawRequest('OPTIONS /admin/denied HTTP/1.1', 'origin: https://x.example', 'access-control-request-method: GET'),
        },
        { how: 'a chunked body', bytes: `${rawRequest('POST /admin/denied HTTP/1.1', 'transfer-encoding: chunked')}2\r\n{}\r\n0\r\n\r\n` },
      ]),
    120_000,
  )
})
