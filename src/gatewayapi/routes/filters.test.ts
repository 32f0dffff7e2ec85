import { describe, expect, it } from '@jest/globals'
import {
  createRouteWorld,
  forwardOfRule,
  gateway,
  HTTP_LISTENER,
  onlyRoute,
  reachedRoutes,
  route,
  routeOfRule,
  service,
  virtualHost,
} from '../../../test/support/route-world.js'
import { briefly } from '../../../test/support/translation-world.js'

const APP = 'backendRefs: [{ name: app, port: 8080 }]'
const CLUSTER = 'Service/infra/app/8080'
const ERROR = { kind: 'directResponse', statusCode: 500 }

describe('filters of a backend', () => {
  const add = (value: string): string => `{ type: RequestHeaderModifier, requestHeaderModifier: { add: [{ name: x, value: ${value} }] } }`
  const rewrite = '{ type: URLRewrite, urlRewrite: { hostname: b.com, path: { type: ReplaceFullPath, replaceFullPath: /x } } }'
  const mirror = '{ type: RequestMirror, requestMirror: { backendRef: { name: other, port: 8080 } } }'

  it('of several backends each has its own', () => {
    const { clusters, pathRewrite } = forwardOfRule(
      `backendRefs: [{ name: app, port: 8080, filters: [${add('one')}, ${rewrite}] }, { name: other, port: 8080, filters: [${add('two')}] }]`,
      service('other'),
    )
    expect(clusters).toMatchObject([
      { requestHeaders: { add: [{ name: 'x', value: 'one' }] }, hostRewrite: 'b.com', pathRewrite: { kind: 'fullPath', value: '/x' } },
      { requestHeaders: { add: [{ name: 'x', value: 'two' }] } },
    ])
    expect(pathRewrite).toBeUndefined()
  })

  it('of a single backend are those of the rule, behind its own', () => {
    const found = routeOfRule(
      `filters: [${add('rule')}], backendRefs: [{ name: app, port: 8080, filters: [${add('backend')}, ${mirror}, ${rewrite}] }]`,
      service('other'),
    )
    expect(found.requestHeaders.add).toEqual([
      { name: 'x', value: 'rule' },
      { name: 'x', value: 'backend' },
    ])
    expect(found.action).toMatchObject({ mirrors: [{ cluster: 'Service/infra/other/8080/mirror' }], hostRewrite: 'b.com' })
  })

  it.each([
    { first: 'rewrite', behind: 'header', want: { hostFrom: { kind: 'header', name: 'x-host' } } },
    { first: 'header', behind: 'rewrite', want: { hostRewrite: 'b.com' } },
  ])('say the host instead of the rule: $behind after $first', ({ first, behind, want }) => {
    const filters: Readonly<Record<string, string>> = {
      rewrite: '{ type: URLRewrite, urlRewrite: { hostname: b.com } }',
      header: '{ type: ExtensionRef, extensionRef: { group: headgate.dev, kind: HTTPRouteFilter, name: f } }',
    }
    const f = `
---
apiVersion: headgate.dev/v1alpha1
kind: HTTPRouteFilter
metadata: { name: f, namespace: infra }
spec: { urlRewrite: { hostname: { type: Header, header: X-Host } } }
`
    const backend = `{ name: app, port: 8080, filters: [${filters[behind]}] }`
    const { hostRewrite, hostFrom } = forwardOfRule(`filters: [${filters[first]}], backendRefs: [${backend}]`, f)
    expect({ hostRewrite, hostFrom }).toEqual({ hostRewrite: undefined, hostFrom: undefined, ...want })
  })

  it('replace no prefix where no prefix matches', () => {
    const filters = 'filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /x } } }]'
    const { clusters } = forwardOfRule(
      `matches: [{ path: { type: Exact, value: /a } }], backendRefs: [{ name: app, port: 8080, ${filters} }, { name: other, port: 8080, ${filters} }]`,
      service('other'),
    )
    expect(clusters.map((each) => each.pathRewrite)).toEqual([undefined, undefined])
  })

  it('of a single backend do not take away what those of the rule say', () => {
    const unknown = '{ type: ExtensionRef, extensionRef: { group: example.com, kind: Thing, name: x } }'
    const toMissing = mirror.replace('other', 'missing')
    const backend = (...filters: readonly string[]) => `backendRefs: [{ name: app, port: 8080, filters: [${filters.join()}] }]`
    const mirrors = forwardOfRule(`filters: [${mirror}], ${backend(mirror.replace('other', 'third'))}`, service('other'), service('third'))
    expect(mirrors.mirrors.map(({ cluster }) => cluster)).toEqual(['Service/infra/other/8080/mirror', 'Service/infra/third/8080/mirror'])
    expect(routeOfRule(`filters: [${unknown}], ${backend(add('x'))}`).action).toEqual(ERROR)
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', `rules: [{ filters: [${toMissing}], ${backend(add('x'))} }]`)])
    const status = world.status('HTTPRoute/infra/r')
    expect(status?.shape === 'route' && briefly(status.parents[0]?.conditions ?? [])).toContain('ResolvedRefs=False BackendNotFound')
  })

  it.each([
    { what: 'RequestMirror', filter: mirror },
    { what: 'RequestMirror to nobody', filter: mirror.replace('other', 'missing') },
    { what: 'RequestMirror of nothing', filter: mirror.replace('8080 }', '8080 }, percent: 0') },
    { what: 'CORS', filter: '{ type: CORS, cors: { allowOrigins: ["*"] } }' },
    { what: 'RequestRedirect', filter: '{ type: RequestRedirect, requestRedirect: { hostname: b.com } }' },
    {
      what: 'ExternalAuth',
      filter: '{ type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: other, port: 8080 }, http: {} } }',
    },
  ])('refuses the share of one of several backends with a filter that only a rule can have, and says so: $what', ({ filter }) => {
    const backends = `backendRefs: [{ name: app, port: 8080 }, { name: other, port: 8080, weight: 4, filters: [${filter}] }]`
    const world = createRouteWorld([gateway(HTTP_LISTENER), service('other'), route('r', `rules: [{ ${backends} }]`)])
    const { action } = onlyRoute(virtualHost(world.translation.gatewayApi, '*'))
    expect(action).toMatchObject({ clusters: [{ cluster: CLUSTER }], invalidWeight: 4 })
    const status = world.status('HTTPRoute/infra/r')
    expect(status?.shape === 'route' && briefly(status.parents[0]?.conditions ?? [])).toContain('PartiallyInvalid=True UnsupportedValue')
  })
})

describe('filters that a rule can have once', () => {
  const ask = (name: string): string =>
    `{ type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: ${name}, port: 8080 }, http: {} } }`
  const named = (name: string): string =>
    `{ type: ExtensionRef, extensionRef: { group: headgate.dev, kind: HTTPRouteFilter, name: ${name} } }`
  const filter = (name: string, spec: string): string => `
---
apiVersion: headgate.dev/v1alpha1
kind: HTTPRouteFilter
metadata: { name: ${name}, namespace: infra }
spec: { ${spec} }
`
  const secret = '\n---\n{ apiVersion: v1, kind: Secret, metadata: { name: s, namespace: infra }, stringData: { credential: x } }\n'
  const both = (spec: string): readonly string[] => [filter('one', spec), filter('two', spec), secret]
  const appWith = (filters: string): string => `backendRefs: [{ name: app, port: 8080, filters: [${filters}] }]`

  /** What a request of the only rule gets, and what is said of it. */
  function outcome(rule: string, ...objects: readonly string[]) {
    const world = createRouteWorld([gateway(HTTP_LISTENER), service('other'), ...objects, route('r', `rules: [{ ${rule} }, { ${APP} }]`)])
    const first = reachedRoutes(virtualHost(world.translation.gatewayApi, '*'))[0]
    const status = world.status('HTTPRoute/infra/r')
    const said = status?.shape === 'route' ? (status.parents[0]?.conditions ?? []) : []
    return { action: first?.action, said: said.map(({ message }) => message).join(' ') }
  }

  it.each([
    { where: 'in the rule', rule: `filters: [${ask('app')}, ${ask('other')}], ${APP}` },
    { where: 'in the rule and its only backend', rule: `filters: [${ask('app')}], ${appWith(ask('other'))}` },
    { where: 'in the only backend', rule: appWith(`${ask('app')}, ${ask('other')}`) },
  ])('closes a rule that asks two servers, of which one would not be asked: $where', ({ rule }) => {
    const { action, said } = outcome(rule)
    expect(action).toEqual(ERROR)
    expect(said).toContain('spec.rules[0]: a rule can ask one server, and has several filters ExternalAuth.')
  })

  it.each([
    { what: 'a second credential', spec: 'credentialInjection: { credential: { valueRef: { name: s } } }' },
    { what: 'a second answer', spec: 'directResponse: {}' },
    { what: 'a second list of matches', spec: 'matches: [{ cookies: [{ name: a, value: b }] }]' },
  ])('closes a rule whose HTTPRouteFilters have $what', ({ what, spec }) => {
    const rules = [`filters: [${named('one')}, ${named('two')}], ${APP}`, `filters: [${named('one')}], ${appWith(named('two'))}`]
    for (const rule of rules) {
      const { action, said } = outcome(rule, ...both(spec))
      expect({ rule, action }).toEqual({ rule, action: ERROR })
      expect(said).toContain(`has ${what}: a rule can only have one.`)
    }
  })

  it('lets HTTPRouteFilters stand together that say different things', () => {
    const { said } = outcome(
      `filters: [${named('one')}, ${named('two')}], ${APP}`,
      filter('one', 'credentialInjection: { credential: { valueRef: { name: s } } }'),
      filter('two', 'matches: [{ cookies: [{ name: a, value: b }] }]'),
      secret,
    )
    expect(said).not.toContain('a rule can only have one')
  })
})
