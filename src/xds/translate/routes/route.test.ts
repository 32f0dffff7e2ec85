import { describe, expect, it } from '@jest/globals'
import { forward, prefix, route, weighted } from '../../../../test/envoy-api/ir-fixtures.js'
import { NO_HEADER_CHANGES } from '../../../ir/headers.js'
import type { Cors, Redirect, RequestMatch } from '../../../ir/route.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { decode } from '../../message.js'
import { buildRoutes } from './route.js'

const cors: Cors = { allowOrigins: ['*'], allowCredentials: false, allowMethods: [], allowHeaders: [], exposeHeaders: [], maxAgeSeconds: 5 }
const setHeader = (value: string) => ({ ...NO_HEADER_CHANGES, set: [{ name: 'x-a', value }] })

describe('a match', () => {
  it.each<{ rule: string; match: RequestMatch; want: object }>([
    { rule: 'exact', match: prefix('', { path: { kind: 'exact', value: '/a/' } }), want: { path: '/a/' } },
    { rule: 'prefix on segment borders', match: prefix('/a'), want: { pathSeparatedPrefix: '/a' } },
    { rule: 'prefix without the slash at its end', match: prefix('/a/'), want: { pathSeparatedPrefix: '/a' } },
    { rule: 'everything', match: prefix('/'), want: { prefix: '/' } },
    { rule: 'regex', match: prefix('', { path: { kind: 'regex', value: '/a.*' } }), want: { safeRegex: { regex: '/a.*' } } },
    { rule: 'method', match: prefix('/', { method: 'PUT' }), want: { headers: [{ name: ':method', stringMatch: { exact: 'PUT' } }] } },
    {
      rule: 'headers and query parameters',
      match: prefix('/', { headers: [{ name: 'h', kind: 'exact', value: 'v' }], queryParams: [{ name: 'Q', kind: 'regex', value: 'w+' }] }),
      want: {
        headers: [{ name: 'h', stringMatch: { exact: 'v' } }],
        queryParameters: [{ name: 'Q', stringMatch: { safeRegex: { regex: 'w+' } } }],
      },
    },
    {
      rule: 'a query parameter in any spelling of what a query cannot hold as it is',
      match: prefix('/', { queryParams: [{ name: 'q', kind: 'exact', value: 'a b/ü' }] }),
      want: {
        queryParameters: [{ name: 'q', stringMatch: { safeRegex: { regex: 'a(?: |%(?i:20)|\\+)b(?:/|%(?i:2f))(?:ü|%(?i:c3)%(?i:bc))' } } }],
      },
    },
  ])('$rule', ({ match, want }) => {
    const [built] = buildRoutes(route({ match }), '*')
    expect(built?.match).toEqual({
      ...(match.path.kind === 'prefix' && !('prefix' in want) && !('pathSeparatedPrefix' in want) ? { prefix: '/' } : {}),
      ...want,
    })
  })

  it('takes only gRPC for a GRPCRoute', () => {
    expect(buildRoutes(route({ grpc: true }), '*')[0]?.match).toEqual({ prefix: '/', grpc: {} })
  })
})

describe('a forward', () => {
  const only = (more: Parameters<typeof forward>[0], ofRoute: Parameters<typeof route>[0] = {}) =>
    buildRoutes(route({ action: forward(more), ...ofRoute }), '*')

  it('to one cluster has no limit of time of its own', () => {
    expect(only({}).map(({ match, route: action }) => ({ match, action }))).toEqual([
      { match: { prefix: '/' }, action: { cluster: 'a', timeout: { seconds: 0, nanos: 0 } } },
    ])
  })

  it('sends the share of invalid backends to a cluster that never exists, and answers for it', () => {
    expect(only({ clusters: [weighted('a', 3)], invalidWeight: 1 })).toMatchObject([
      {
        route: {
          weightedClusters: {
            clusters: [
              { name: 'a', weight: { value: 3 } },
              { name: INVALID_BACKEND, weight: { value: 1 } },
            ],
          },
          clusterNotFoundResponseCode: 2,
        },
      },
    ])
    expect(only({ clusters: [] })).toMatchObject([{ route: { cluster: INVALID_BACKEND, clusterNotFoundResponseCode: 2 } }])
  })

  it('answers 503 for an invalid backend of a GRPCRoute: to the client that is UNAVAILABLE', () => {
    const [built] = only({ clusters: [] }, { grpc: true })
    expect(built?.route).toMatchObject({ cluster: INVALID_BACKEND, clusterNotFoundResponseCode: 0 })
  })

  it('puts the filters of the only backend behind those of the rule', () => {
    const built = only(
      { clusters: [weighted('a', 1, { requestHeaders: setHeader('backend'), hostRewrite: 'b.com' })] },
      { requestHeaders: setHeader('rule') },
    )
    expect(built).toMatchObject([
      { requestHeadersToAdd: [{ header: { value: 'backend' } }], route: { cluster: 'a', hostRewriteLiteral: 'b.com' } },
    ])
  })

  it('leaves what the rule says to each backend as soon as one has filters of its own', () => {
    const clusters = [weighted('a', 1, { responseHeaders: setHeader('backend') }), weighted('b')]
    const [built] = only({ clusters, hostRewrite: 'rule.com' }, { responseHeaders: setHeader('rule') })
    expect(built?.responseHeadersToAdd).toBeUndefined()
    expect(built?.route?.hostRewriteLiteral).toBeUndefined()
    expect(built?.route?.weightedClusters?.clusters).toMatchObject([
      { name: 'a', hostRewriteLiteral: 'rule.com', responseHeadersToAdd: [{ header: { value: 'backend' } }] },
      { name: 'b', hostRewriteLiteral: 'rule.com', responseHeadersToAdd: [{ header: { value: 'rule' } }] },
    ])
  })

  it('divides into routes where a backend rewrites the path', () => {
    const clusters = [weighted('a', 1, { pathRewrite: { kind: 'prefix', value: '/x' } }), weighted('b', 2)]
    const built = only({ clusters, invalidWeight: 1, pathRewrite: { kind: 'prefix', value: '/y' } }, { match: prefix('/p') })
    expect(built).toMatchObject([
      {
        match: { runtimeFraction: { defaultValue: { numerator: 250_000, denominator: 2 } } },
        route: { cluster: 'a', prefixRewrite: '/x' },
      },
      {
        match: { runtimeFraction: { defaultValue: { numerator: 750_000, denominator: 2 } } },
        route: { cluster: 'b', prefixRewrite: '/y' },
      },
      { match: { pathSeparatedPrefix: '/p' }, route: { cluster: INVALID_BACKEND } },
    ])
    expect(built[2]?.match?.runtimeFraction).toBeUndefined()
  })

  it('takes upgrades on a route that may stay idle, and nothing else there', () => {
    expect(only({ upgrades: ['websocket'] })).toMatchObject([
      {
        match: { headers: [{ name: 'upgrade', stringMatch: { exact: 'websocket', ignoreCase: true } }] },
        route: { idleTimeout: { seconds: 0 }, upgradeConfigs: [{ upgradeType: 'websocket', enabled: { value: true } }] },
      },
      { match: { prefix: '/' }, route: { cluster: 'a' } },
    ])
    expect(only({ upgrades: ['websocket'] })[1]?.route?.idleTimeout).toBeUndefined()
  })

  it('takes upgrades with everything else where all may be idle equally long', () => {
    const built = only({ upgrades: ['websocket'], timeouts: { requestMs: 0, perTryMs: 0, idleMs: 5000 } })
    expect(built).toMatchObject([
      { match: { prefix: '/' }, route: { idleTimeout: { seconds: 5 }, upgradeConfigs: [{ upgradeType: 'websocket' }] } },
    ])
  })

  it.each([
    { rule: 'gRPC may stay idle', grpc: true, timeouts: { requestMs: 0, perTryMs: 0 }, want: { seconds: 0, nanos: 0 } },
    { rule: 'a wish is a wish', grpc: true, timeouts: { requestMs: 0, perTryMs: 0, idleMs: 1000 }, want: { seconds: 1, nanos: 0 } },
    {
      rule: 'who may take long may be idle long',
      grpc: false,
      timeouts: { requestMs: 600_000, perTryMs: 0 },
      want: { seconds: 600, nanos: 0 },
    },
    { rule: 'otherwise the port decides', grpc: false, timeouts: { requestMs: 1000, perTryMs: 0 }, want: undefined },
  ])('idle: $rule', ({ grpc, timeouts, want }) => {
    expect(only({ timeouts }, { grpc })[0]?.route?.idleTimeout).toEqual(want)
  })

  it.each([
    { rule: 'nothing is limited', timeouts: { requestMs: 0, perTryMs: 0 }, want: { seconds: 0, nanos: 0 } },
    { rule: 'all of it is', timeouts: { requestMs: 5000, perTryMs: 1000 }, want: { seconds: 5, nanos: 0 } },
    // One more try than retries, and a wait of 25 ms.
    { rule: 'single tries are', timeouts: { requestMs: 0, perTryMs: 1000 }, want: { seconds: 2, nanos: 25_000_000 } },
  ])('ends all tries together where $rule', ({ timeouts, want }) => {
    const retry = { attempts: 1, statusCodes: [503], connectionErrors: true }
    expect(only({ timeouts, retry })[0]?.route?.timeout).toEqual(want)
  })

  it('mirrors with the host of the request, a share in millionths, and nothing for a share of nothing', () => {
    const mirrors = [
      { cluster: 'm', numerator: 1, denominator: 3 },
      { cluster: 'n', numerator: 100, denominator: 100 },
      { cluster: 'o', numerator: 0, denominator: 100 },
    ]
    expect(only({ mirrors })[0]?.route?.requestMirrorPolicies).toEqual([
      { cluster: 'm', disableShadowHostSuffixAppend: true, runtimeFraction: { defaultValue: { numerator: 333_333, denominator: 2 } } },
      { cluster: 'n', disableShadowHostSuffixAppend: true },
    ])
  })

  it('takes a set host for a rewrite of the host', () => {
    const requestHeaders = { ...NO_HEADER_CHANGES, set: [{ name: 'host', value: 'h.com' }] }
    const [built] = only({}, { requestHeaders })
    expect(built?.route?.hostRewriteLiteral).toBe('h.com')
    expect(built?.requestHeadersToAdd).toBeUndefined()
  })
})

describe('CORS', () => {
  it('answers preflight requests of a rule that matches another method', () => {
    expect(buildRoutes(route({ cors, match: prefix('/a', { method: 'PUT' }) }), '*')).toMatchObject([
      {
        match: {
          pathSeparatedPrefix: '/a',
          headers: [
            { name: ':method', stringMatch: { exact: 'OPTIONS' } },
            { name: 'access-control-request-method', stringMatch: { exact: 'PUT' } },
            { name: 'origin', presentMatch: true },
          ],
        },
        typedPerFilterConfig: { 'envoy.filters.http.cors': {} },
      },
      { match: { headers: [{ name: ':method', stringMatch: { exact: 'PUT' } }] }, route: { cluster: 'a' } },
    ])
  })

  it('knows origins as browsers send them: without the port that the scheme stands for', () => {
    const allowOrigins = ['https://a.com:443', 'http://a.com:80', 'http://a.com:443', 'https://*.a.com:443']
    const [built] = buildRoutes(route({ cors: { ...cors, allowOrigins } }), '*')
    const policy = decode(
      'envoy.extensions.filters.http.cors.v3.CorsPolicy',
      built?.typedPerFilterConfig?.['envoy.filters.http.cors']?.value ?? Buffer.alloc(0),
    )
    expect(policy.allowOriginStringMatch?.map(({ exact, safeRegex }) => exact ?? safeRegex?.regex)).toEqual([
      'https://a.com',
      'http://a.com',
      'http://a.com:443',
      String.raw`(?i)https://[a-z0-9._-]+\.a\.com`,
    ])
  })

  it.each([{ method: undefined }, { method: 'OPTIONS' }])('needs no route of its own for method $method', ({ method }) => {
    expect(buildRoutes(route({ cors, match: prefix('/a', method === undefined ? {} : { method }) }), '*')).toHaveLength(1)
  })
})

describe('a redirect', () => {
  const redirect = (more: Partial<Redirect>, domain = '*') =>
    buildRoutes(route({ match: prefix('/a'), action: { kind: 'redirect', statusCode: 302, ...more } }), domain)[0]?.redirect

  it.each<{ rule: string; more: Partial<Redirect>; want: object }>([
    {
      rule: 'scheme, host and port',
      more: { scheme: 'https', hostname: 'h.com', port: 8443 },
      want: { schemeRedirect: 'https', hostRedirect: 'h.com', portRedirect: 8443, responseCode: 1 },
    },
    { rule: 'a prefix', more: { path: { kind: 'prefix', value: '/b/' } }, want: { prefixRewrite: '/b', responseCode: 1 } },
    {
      rule: 'a prefix by nothing',
      more: { path: { kind: 'prefix', value: '/' } },
      want: { regexRewrite: { pattern: { regex: '^/a/*' }, substitution: '/' }, responseCode: 1 },
    },
    { rule: 'a path', more: { path: { kind: 'fullPath', value: '/b' } }, want: { pathRedirect: '/b', responseCode: 1 } },
    { rule: 'a status', more: { statusCode: 308 }, want: { responseCode: 4 } },
  ])('changes $rule', ({ more, want }) => {
    expect(redirect(more)).toEqual(want)
  })

  it.each([
    { rule: 'an exact domain stands for the host, so that its port does not survive', domain: 'a.com', more: {}, want: 'a.com' },
    { rule: 'a port keeps the host of the request', domain: 'a.com', more: { port: 81 }, want: undefined },
    { rule: 'a wildcard cannot stand for a host', domain: '*.a.com', more: {}, want: undefined },
  ])('$rule', ({ domain, more, want }) => {
    expect(redirect(more, domain)?.hostRedirect).toBe(want)
  })

  it.each([
    { rule: 'is told to requests that name another one', domain: '*', more: { impliedPort: 443 }, want: [443, undefined] },
    { rule: "is nobody's where an exact domain stands for the host", domain: 'a.com', more: { impliedPort: 443 }, want: [undefined] },
    { rule: 'nor where there is another host', domain: '*', more: { impliedPort: 443, hostname: 'b.com' }, want: [undefined] },
    { rule: 'or a port', domain: '*', more: { port: 81 }, want: [81] },
  ])('a port that goes without saying $rule', ({ domain, more, want }) => {
    const action = { kind: 'redirect', statusCode: 302, ...more } as const
    const routes = buildRoutes(route({ match: prefix('/a'), action }), domain)
    expect(routes.map(({ redirect }) => redirect?.portRedirect)).toEqual(want)
    const named = routes.map(({ match }) => (match?.headers ?? []).map(({ name }) => name))
    expect(named).toEqual(want.length === 2 ? [[':authority'], []] : [[]])
  })
})

it('a direct response has the headers of the rule behind its own', () => {
  const action = { kind: 'directResponse', statusCode: 418, body: 'b%', contentType: 'text/x' } as const
  expect(buildRoutes(route({ action, responseHeaders: setHeader('rule') }), '*')).toMatchObject([
    {
      directResponse: { status: 418, body: { inlineString: 'b%' } },
      responseHeadersToAdd: [{ header: { key: 'content-type', value: 'text/x' } }, { header: { key: 'x-a', value: 'rule' } }],
    },
  ])
})
