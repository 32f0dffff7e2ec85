import { describe, expect, it } from '@jest/globals'
import {
  createRouteWorld,
  forwardOfRule,
  gateway,
  HTTP_LISTENER,
  onlyRoute,
  route,
  routeOfRule,
  service,
  virtualHost,
} from '../../../test/support/route-world.js'
import { briefly } from '../../../test/support/translation-world.js'
import type { Forward } from '../../ir/forward.js'
import type { Route } from '../../ir/route.js'

const APP = 'backendRefs: [{ name: app, port: 8080 }]'
const CLUSTER = 'Service/infra/app/8080'

const ERROR = { kind: 'directResponse', statusCode: 500 }
const weights = ({ clusters, invalidWeight }: Forward) => ({
  clusters: clusters.map((each) => `${each.cluster}=${each.weight}`),
  invalidWeight,
})

describe('shares of backends', () => {
  const refs = (...each: string[]): string => `backendRefs: [${each.map((ref) => `{ ${ref} }`).join(', ')}]`

  it.each([
    { rule: 'one backend', backends: refs('name: app, port: 8080'), want: { clusters: [`${CLUSTER}=1`], invalidWeight: 0 } },
    {
      rule: 'weights',
      backends: refs('name: app, port: 8080, weight: 70', 'name: other, port: 8080, weight: 30'),
      want: { clusters: [`${CLUSTER}=70`, 'Service/infra/other/8080=30'], invalidWeight: 0 },
    },
    {
      rule: 'a weight of 0 is left out',
      backends: refs('name: app, port: 8080', 'name: other, port: 8080, weight: 0'),
      want: { clusters: [`${CLUSTER}=1`], invalidWeight: 0 },
    },
    {
      rule: 'an invalid backend keeps its share',
      backends: refs('name: app, port: 8080, weight: 9', 'name: missing, port: 1, weight: 3'),
      want: { clusters: [`${CLUSTER}=9`], invalidWeight: 3 },
    },
    {
      rule: 'several invalid backends keep the sum of their shares',
      backends: refs('name: app, port: 8080', 'name: missing, port: 1, weight: 3', 'group: a.b, kind: C, name: d, weight: 2'),
      want: { clusters: [`${CLUSTER}=1`], invalidWeight: 5 },
    },
  ])('$rule', ({ backends, want }) => {
    expect(weights(forwardOfRule(backends, service('other')))).toEqual(want)
  })

  it.each([
    { rule: 'there is no backend', backends: '' },
    { rule: 'the list of backends is empty', backends: 'backendRefs: []' },
    { rule: 'no backend can be used', backends: refs('name: missing, port: 1') },
    { rule: 'all weights are 0', backends: refs('name: app, port: 8080, weight: 0') },
  ])('answers 500 when $rule', ({ backends }) => {
    expect(routeOfRule(backends).action).toEqual(ERROR)
  })
})

it.each([
  { what: 'says nothing of matches', rule: APP },
  { what: 'has an empty list of matches', rule: `matches: [], ${APP}` },
])('takes every request where a rule $what', ({ rule }) => {
  expect(routeOfRule(rule).match.path).toEqual({ kind: 'prefix', value: '/' })
})

describe('filters of a rule', () => {
  it('changes headers of requests and answers, names in lower case, the first of equal names', () => {
    const modifier = 'set: [{ name: X-Set, value: a }], add: [{ name: X-Add, value: b }, { name: x-add, value: c }], remove: [X-Gone]'
    const { requestHeaders, responseHeaders } = routeOfRule(
      `filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { ${modifier} } }, { type: ResponseHeaderModifier, responseHeaderModifier: { remove: [Server] } }], ${APP}`,
    )
    expect(requestHeaders).toEqual({ set: [{ name: 'x-set', value: 'a' }], add: [{ name: 'x-add', value: 'b' }], remove: ['x-gone'] })
    expect(responseHeaders).toEqual({ set: [], add: [], remove: ['server'] })
  })

  it('removes nothing that is no header', () => {
    const remove = '{ type: RequestHeaderModifier, requestHeaderModifier: { remove: ["", "a b", X-Gone] } }'
    expect(routeOfRule(`filters: [${remove}], ${APP}`).requestHeaders.remove).toEqual(['x-gone'])
  })

  it.each([
    { filter: 'hostname: b.com', want: { hostRewrite: 'b.com' } },
    { filter: 'path: { type: ReplaceFullPath, replaceFullPath: /x }', want: { pathRewrite: { kind: 'fullPath', value: '/x' } } },
    { filter: 'path: { type: ReplaceFullPath, replaceFullPath: "" }', want: { pathRewrite: { kind: 'fullPath', value: '/' } } },
    { filter: 'path: { type: ReplaceFullPath, replaceFullPath: x }', want: { pathRewrite: { kind: 'fullPath', value: '/x' } } },
    { filter: 'path: { type: ReplaceFullPath, replaceFullPath: /a ü }', want: { pathRewrite: { kind: 'fullPath', value: '/a%20%C3%BC' } } },
    { filter: 'path: { type: ReplacePrefixMatch, replacePrefixMatch: x }', want: { pathRewrite: { kind: 'prefix', value: '/x' } } },
    { filter: 'path: { type: ReplacePrefixMatch, replacePrefixMatch: "" }', want: { pathRewrite: { kind: 'prefix', value: '' } } },
    { filter: 'path: { type: ReplacePrefixMatch, replacePrefixMatch: / }', want: { pathRewrite: { kind: 'prefix', value: '/' } } },
  ])('rewrites: $filter', ({ filter, want }) => {
    expect(
      forwardOfRule(`matches: [{ path: { value: /a } }], filters: [{ type: URLRewrite, urlRewrite: { ${filter} } }], ${APP}`),
    ).toMatchObject(want)
  })

  it('redirects with the status of the filter', () => {
    const filter = 'scheme: https, hostname: b.com, statusCode: 308, path: { type: ReplacePrefixMatch, replacePrefixMatch: /b }'
    expect(routeOfRule(`filters: [{ type: RequestRedirect, requestRedirect: { ${filter} } }]`).action).toEqual({
      kind: 'redirect',
      scheme: 'https',
      hostname: 'b.com',
      impliedPort: 443,
      path: { kind: 'prefix', value: '/b' },
      statusCode: 308,
    })
  })

  it.each([
    { share: '', want: [{ numerator: 100, denominator: 100 }] },
    { share: ', percent: 42', want: [{ numerator: 42, denominator: 100 }] },
    { share: ', fraction: { numerator: 1, denominator: 3 }', want: [{ numerator: 1, denominator: 3 }] },
    { share: ', percent: 0', want: [] },
  ])('mirrors a share of requests ($share)', ({ share, want }) => {
    const mirror = `{ type: RequestMirror, requestMirror: { backendRef: { name: other, port: 8080 }${share} } }`
    const { mirrors } = forwardOfRule(`filters: [${mirror}], ${APP}`, service('other'))
    expect(mirrors).toEqual(want.map((each) => ({ cluster: 'Service/infra/other/8080/mirror', ...each })))
  })

  it('mirrors to several backends, and leaves out those that lead nowhere', () => {
    const mirror = (name: string): string => `{ type: RequestMirror, requestMirror: { backendRef: { name: ${name}, port: 8080 } } }`
    const { mirrors } = forwardOfRule(`filters: [${mirror('other')}, ${mirror('missing')}, ${mirror('app')}], ${APP}`, service('other'))
    expect(mirrors.map((each) => each.cluster)).toEqual(['Service/infra/other/8080/mirror', `${CLUSTER}/mirror`])
  })

  it('copies no requests that it sends elsewhere, and says so', () => {
    const mirror = '{ type: RequestMirror, requestMirror: { backendRef: { name: app, port: 8080 } } }'
    const redirect = '{ type: RequestRedirect, requestRedirect: { scheme: https } }'
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', `rules: [{ filters: [${mirror}, ${redirect}] }]`)])
    expect(onlyRoute(virtualHost(world.translation.gatewayApi, '*')).action.kind).toBe('redirect')
    const status = world.status('HTTPRoute/infra/r')
    expect(status?.shape === 'route' && briefly(status.parents[0]?.conditions ?? [])).toContain('PartiallyInvalid=True UnsupportedValue')
  })

  it('answers cross-origin requests', () => {
    const cors = 'allowOrigins: ["https://*.a.com"], allowCredentials: true, allowMethods: [GET], allowHeaders: [X-A], exposeHeaders: [X-B]'
    expect(routeOfRule(`filters: [{ type: CORS, cors: { ${cors} } }], ${APP}`).cors).toEqual({
      allowOrigins: ['https://*.a.com'],
      allowCredentials: true,
      allowMethods: ['GET'],
      allowHeaders: ['X-A'],
      exposeHeaders: ['X-B'],
      maxAgeSeconds: 5,
    })
  })

  it('asks another server over gRPC, by a cluster that speaks HTTP/2', () => {
    const auth = 'protocol: GRPC, backendRef: { name: app, port: 8080 }, grpc: { allowedHeaders: [X-A] }, forwardBody: { maxSize: 10 }'
    expect(routeOfRule(`filters: [{ type: ExternalAuth, externalAuth: { ${auth} } }], ${APP}`).externalAuth).toEqual({
      protocol: 'GRPC',
      cluster: `${CLUSTER}/grpc`,
      pathPrefix: '',
      allowedRequestHeaders: ['x-a'],
      allowedResponseHeaders: [],
      maxBodyBytes: 10,
    })
  })

  it('denies everybody when the server that it should ask does not exist', () => {
    const auth = 'protocol: HTTP, backendRef: { name: missing, port: 1 }, http: { path: /check }'
    expect(routeOfRule(`filters: [{ type: ExternalAuth, externalAuth: { ${auth} } }], ${APP}`).externalAuth).toMatchObject({
      cluster: undefined,
      pathPrefix: '/check',
    })
  })

  it.each([
    { path: 'check', want: '/check' },
    { path: '/check/', want: '/check' },
    { path: '/', want: '' },
  ])('puts the prefix "$path" before the path as $want', ({ path, want }) => {
    const auth = `protocol: HTTP, backendRef: { name: app, port: 8080 }, http: { path: ${path} }`
    expect(routeOfRule(`filters: [{ type: ExternalAuth, externalAuth: { ${auth} } }], ${APP}`).externalAuth?.pathPrefix).toBe(want)
  })

  it('answers 500 instead of skipping a filter that it does not know', () => {
    const unknown = '{ type: ExtensionRef, extensionRef: { group: example.com, kind: Thing, name: x } }'
    expect(routeOfRule(`filters: [${unknown}], ${APP}`).action).toEqual(ERROR)
  })
})

describe('timeouts, retries and sessions', () => {
  it.each([
    { timeouts: '', want: { requestMs: 0, perTryMs: 0 } },
    { timeouts: 'timeouts: { request: 1m30s, backendRequest: 500ms }, ', want: { requestMs: 90_000, perTryMs: 500 } },
    { timeouts: 'timeouts: { request: 0s }, ', want: { requestMs: 0, perTryMs: 0 } },
  ])('timeouts: "$timeouts"', ({ timeouts, want }) => {
    expect(forwardOfRule(`${timeouts}${APP}`).timeouts).toEqual(want)
  })

  it.each([
    { retry: '', want: undefined },
    {
      retry: 'retry: { codes: [503, 500], attempts: 3, backoff: 500ms }, ',
      want: { attempts: 3, statusCodes: [500, 503], connectionErrors: true, backoffBaseMs: 500 },
    },
    { retry: 'retry: { attempts: 0 }, ', want: { attempts: 0, statusCodes: [], connectionErrors: true } },
    { retry: 'retry: {}, ', want: { attempts: 1, statusCodes: [], connectionErrors: true } },
  ])('retries: "$retry"', ({ retry, want }) => {
    expect(forwardOfRule(`${retry}${APP}`).retry).toEqual(want)
  })

  it.each([
    {
      rule: 'a cookie of the browser session',
      sticky: 'cookie: { name: c }',
      want: { kind: 'cookie', name: 'c', path: '/', lifetimeSeconds: 0, strict: false },
    },
    {
      rule: 'a cookie that outlives it',
      sticky: 'cookie: { name: c, lifetimeType: Permanent, path: /x }, absoluteTimeout: 1h',
      want: { kind: 'cookie', name: 'c', path: '/x', lifetimeSeconds: 3600, absoluteTimeoutSeconds: 3600, strict: false },
    },
    {
      rule: 'a cookie of the browser session, although it shall end in time',
      sticky: 'cookie: { name: c }, absoluteTimeout: 1h',
      want: { kind: 'cookie', name: 'c', path: '/', lifetimeSeconds: 0, absoluteTimeoutSeconds: 3600, strict: false },
    },
    {
      rule: 'a header',
      sticky: 'type: Header, header: { name: X-Session }',
      want: { kind: 'header', name: 'X-Session', lifetimeSeconds: 0, strict: false },
    },
  ])('sessions: $rule', ({ sticky, want }) => {
    expect(forwardOfRule(`sessionPersistence: { ${sticky} }, ${APP}`).sessionPersistence).toEqual(want)
  })

  it('sessions: those of the rule before those of its backend', () => {
    const policy = `
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: p, namespace: infra }
spec: { targetRefs: [{ group: "", kind: Service, name: app }], sessionPersistence: { cookie: { name: backend } } }
`
    expect(forwardOfRule(APP, policy).sessionPersistence?.name).toBe('backend')
    expect(forwardOfRule(`sessionPersistence: { cookie: { name: rule } }, ${APP}`, policy).sessionPersistence?.name).toBe('rule')
  })

  it.each([
    { what: 'by a header', session: 'type: Header, header: { name: x }', objects: [], want: 'by a header, requests' },
    {
      what: 'where a route counts for itself',
      session: 'cookie: { name: x }',
      objects: ['rateLimit: { type: Local, rules: [{ limit: { requests: 1, unit: Second } }] }'],
      want: 'with a local rate limit',
    },
    { what: 'not by a cookie', session: 'cookie: { name: x }', objects: [], want: undefined },
  ])('says where sessions are shared out among backends: $what', ({ session, objects, want }) => {
    const policies = objects.map(
      (spec) => `
---
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: p, namespace: infra }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r }], ${spec} }
`,
    )
    const backends = 'backendRefs: [{ name: app, port: 8080 }, { name: other, port: 8080 }]'
    const rule = route('r', `rules: [{ sessionPersistence: { ${session} }, ${backends} }]`)
    const status = createRouteWorld([gateway(HTTP_LISTENER), service('other'), ...policies, rule]).status('HTTPRoute/infra/r')
    const said = status?.shape === 'route' ? status.parents[0]?.conditions.find(({ type }) => type === 'PartiallyInvalid')?.message : ''
    expect(said).toEqual(want === undefined ? undefined : expect.stringContaining(want))
  })

  it('gives cookies without a name one that no other rule has', () => {
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      route(
        'r',
        `rules: [${['/a', '/b'].map((path) => `{ sessionPersistence: { cookie: {} }, matches: [{ path: { value: ${path} } }], ${APP} }`).join(', ')}]`,
      ),
    ])
    const names = virtualHost(world.translation.gatewayApi, '*')?.routes.map(({ action }) =>
      action.kind === 'forward' ? action.sessionPersistence?.name : '',
    )
    expect(new Set(names).size).toBe(2)
    expect(names?.every((name) => /^headgate-session-[0-9a-f]{8}$/.test(name ?? ''))).toBe(true)
  })

  it('leaves cookies of a rule that has a name theirs where another rule comes before it', () => {
    const sticky = (name: string): string =>
      `{ name: ${name}, sessionPersistence: { cookie: {} }, matches: [{ path: { value: /${name} } }], ${APP} }`
    const cookieOf = (...names: readonly string[]): string | undefined => {
      const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', `rules: [${names.map(sticky).join(', ')}]`)])
      const found = virtualHost(world.translation.gatewayApi, '*')?.routes.find(({ ruleName }) => ruleName === 'cart')
      return found?.action.kind === 'forward' ? found.action.sessionPersistence?.name : undefined
    }
    expect(cookieOf('cart')).toMatch(/^headgate-session-/)
    expect(cookieOf('other', 'cart')).toBe(cookieOf('cart'))
  })

  it.each([
    { rule: 'HTTP/1.1 may be upgraded to a WebSocket', port: '', want: { upgrades: ['websocket'] } },
    {
      rule: 'a WebSocket may be silent',
      port: ', appProtocol: kubernetes.io/ws',
      want: { upgrades: ['websocket'], timeouts: { requestMs: 0, perTryMs: 0, idleMs: 0 } },
    },
    { rule: 'so may what speaks HTTP/1.1 or HTTP/2 over TLS', port: ', appProtocol: https', want: { upgrades: ['websocket'] } },
    { rule: 'HTTP/2 has no upgrades', port: ', appProtocol: kubernetes.io/h2c', want: { upgrades: [] } },
  ])('$rule', ({ port, want }) => {
    expect(forwardOfRule(APP, service('app', `{ port: 8080${port} }`))).toMatchObject(want)
  })
})

describe('names', () => {
  it('names each match by route, rule and match, and keeps the name of the rule', () => {
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      route('r', `rules: [{ name: first, matches: [{ path: { value: /a } }, { path: { value: /b } }], ${APP} }, { ${APP} }]`),
    ])
    expect(virtualHost(world.translation.gatewayApi, '*')?.routes.map(({ name, ruleName }) => [name, ruleName])).toEqual([
      ['HTTPRoute/infra/r/rule/0/match/0', 'first'],
      ['HTTPRoute/infra/r/rule/0/match/1', 'first'],
      ['HTTPRoute/infra/r/rule/1/match/0', undefined],
    ])
  })
})

describe('GRPCRoute', () => {
  const grpc = (rule: string): Route => {
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', `rules: [{ ${rule} }]`, { kind: 'GRPCRoute' })])
    return onlyRoute(virtualHost(world.translation.gatewayApi, '*'))
  }

  it('speaks HTTP/2 to backends, whatever their appProtocol, and lets streams be silent', () => {
    expect(grpc(`matches: [{ method: { service: a.B, method: M } }], ${APP}`)).toMatchObject({
      grpc: true,
      match: { path: { kind: 'exact', value: '/a.B/M' } },
      action: { clusters: [{ cluster: `${CLUSTER}/grpc` }], timeouts: { idleMs: 0 }, upgrades: [] },
    })
  })

  it('without matches is about every call', () => {
    expect(grpc(APP).match).toEqual({ path: { kind: 'prefix', value: '/' }, headers: [], queryParams: [] })
  })

  it('has filters', () => {
    const found = grpc(`filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: a, value: b }] } }], ${APP}`)
    expect(found.requestHeaders.set).toEqual([{ name: 'a', value: 'b' }])
  })
})
