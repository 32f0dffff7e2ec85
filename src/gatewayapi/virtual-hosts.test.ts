import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createAuthority } from '../../test/support/certificates.js'
import {
  certificateSecret,
  createRouteWorld,
  domains,
  gateway,
  HTTP_LISTENER,
  HTTP_TABLE,
  paths,
  route,
  service,
  virtualHost,
} from '../../test/support/route-world.js'
import { createTranslationWorld, type TranslationWorld } from '../../test/support/translation-world.js'
import type { VirtualHost } from '../ir/route.js'

const APP = 'backendRefs: [{ name: app, port: 8080 }]'
const to = (path: string): string => `rules: [{ matches: [{ path: { value: ${path} } }], ${APP} }]`

const CERTIFICATE = certificateSecret('cert', await (await createAuthority()).issue({ dns: ['*.wildcard.org'] }))

const hosts = (world: TranslationWorld): ReadonlyMap<string, VirtualHost> => {
  world.flush()
  return new Map(world.translation.gatewayApi.virtualHosts.entries())
}

describe('which virtual hosts there are', () => {
  it('has one for each hostname of a listener, without routes too', () => {
    const { translation } = createRouteWorld([
      gateway('{ name: a, port: 80, protocol: HTTP, hostname: a.com }, { name: w, port: 80, protocol: HTTP, hostname: "*.w.com" }'),
    ])
    expect(domains(translation.gatewayApi)).toEqual(['*.w.com', 'a.com'])
    expect(virtualHost(translation.gatewayApi, 'a.com')).toMatchObject({ routes: [], otherwise: 404 })
  })

  it('has one for each host of a route', () => {
    const { translation } = createRouteWorld([gateway(HTTP_LISTENER), route('r', `hostnames: [a.com, "*.b.com"], ${to('/')}`)])
    expect(domains(translation.gatewayApi)).toEqual(['*', '*.b.com', 'a.com'])
  })

  it('has none of a listener that does not serve', () => {
    const { translation } = createRouteWorld([
      gateway(`${HTTP_LISTENER}, { name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: missing }] } }`),
    ])
    expect([...translation.gatewayApi.virtualHosts.entries()].map(([key]) => key)).toEqual([`${HTTP_TABLE}#*`])
  })
})

describe('which routes serve a host', () => {
  const LISTENERS = [
    '{ name: any, port: 80, protocol: HTTP }',
    '{ name: wild, port: 80, protocol: HTTP, hostname: "*.example.com" }',
    '{ name: foo, port: 80, protocol: HTTP, hostname: "*.foo.example.com" }',
    '{ name: exact, port: 80, protocol: HTTP, hostname: abc.foo.example.com }',
  ].join(', ')
  const on = (name: string): string => route(name, to(`/${name}`), { parents: `[{ name: gw, sectionName: ${name} }]` })

  it('isolates listeners: only routes of the most specific listener serve', () => {
    const { translation } = createRouteWorld([gateway(LISTENERS), ...['any', 'wild', 'foo', 'exact'].map(on)])
    const api = translation.gatewayApi
    expect(paths(virtualHost(api, '*'))).toEqual(['any /any'])
    expect(paths(virtualHost(api, '*.example.com'))).toEqual(['wild /wild'])
    expect(paths(virtualHost(api, '*.foo.example.com'))).toEqual(['foo /foo'])
    expect(paths(virtualHost(api, 'abc.foo.example.com'))).toEqual(['exact /exact'])
  })

  it('gives a host of a route to the listener that answers for it, not to a wider one that the route is attached to', () => {
    const { translation } = createRouteWorld([
      gateway(LISTENERS),
      route('wide', `hostnames: [x.example.com], ${to('/wide')}`, { parents: '[{ name: gw, sectionName: any }]' }),
      on('wild'),
    ])
    // The host needs no virtual host of its own: the one of the listener covers it.
    expect(virtualHost(translation.gatewayApi, 'x.example.com')).toBeUndefined()
    expect(paths(virtualHost(translation.gatewayApi, '*.example.com'))).toEqual(['wild /wild'])
  })

  it('puts the rules of covering wildcards and hostless routes behind those of the host', () => {
    const { translation } = createRouteWorld([
      gateway(HTTP_LISTENER),
      route('none', to('/very/long/path'), { created: '2020-01-01T00:00:00Z' }),
      route('wild', `hostnames: ["*.example.com"], ${to('/long/path')}`, { created: '2021-01-01T00:00:00Z' }),
      route('wilder', `hostnames: ["*.com"], ${to('/longer/path')}`, { created: '2021-01-01T00:00:00Z' }),
      route('exact', `hostnames: [a.example.com], ${to('/')}`),
    ])
    const api = translation.gatewayApi
    expect(paths(virtualHost(api, 'a.example.com'))).toEqual(['exact /', 'wild /long/path', 'wilder /longer/path', 'none /very/long/path'])
    expect(paths(virtualHost(api, '*.example.com'))).toEqual(['wild /long/path', 'wilder /longer/path', 'none /very/long/path'])
    expect(paths(virtualHost(api, '*'))).toEqual(['none /very/long/path'])
  })

  it("decides by the route's own hostname where the listener narrows several to the same", () => {
    const { translation } = createRouteWorld([
      gateway('{ name: http, port: 80, protocol: HTTP, hostname: abc.example.com }'),
      route('older', `hostnames: ["*.example.com"], ${to('/path/prefix')}`, { created: '2020-01-01T00:00:00Z' }),
      route('newer', `hostnames: [abc.example.com], ${to('/path')}`),
    ])
    expect(paths(virtualHost(translation.gatewayApi, 'abc.example.com'))).toEqual(['newer /path', 'older /path/prefix'])
  })

  it('takes a route once, though several of its names cover the host', () => {
    const { translation } = createRouteWorld([
      gateway('{ name: http, port: 80, protocol: HTTP, hostname: a.b.com }'),
      route('r', `hostnames: ["*.com", "*.b.com", a.b.com], ${to('/')}`),
    ])
    expect(paths(virtualHost(translation.gatewayApi, 'a.b.com'))).toEqual(['r /'])
  })

  it('serves nothing of a route that is not accepted', () => {
    const { translation } = createRouteWorld([gateway(HTTP_LISTENER), route('r', to('/'), { namespace: 'elsewhere' })])
    expect(paths(virtualHost(translation.gatewayApi, '*'))).toEqual([])
  })
})

describe('a listener that cannot serve', () => {
  const filters = 'filters: { requests: [{ type: ExtensionRef, extensionRef: { group: a.b, kind: C, name: d } }] }'
  const guarded = `{ name: guarded, port: 80, protocol: HTTP, hostname: admin.example.com, ${filters} }`

  it('keeps its host: a wider listener does not serve what may need a filter', () => {
    const { translation } = createRouteWorld([
      gateway(`${HTTP_LISTENER}, ${guarded}`),
      route('admin', `hostnames: [admin.example.com], ${to('/')}`),
      route('any', to('/')),
    ])
    expect(virtualHost(translation.gatewayApi, 'admin.example.com')).toMatchObject({ routes: [], otherwise: 404 })
    expect(paths(virtualHost(translation.gatewayApi, '*'))).toEqual(['any /'])
  })

  it('of a ListenerSet that is not allowed keeps nothing', () => {
    const set = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: stranger, namespace: infra }
spec: { parentRef: { name: gw }, listeners: [{ name: mine, port: 80, protocol: HTTP, hostname: shop.example.com }] }
`
    const { translation } = createRouteWorld([gateway(HTTP_LISTENER), set, route('shop', `hostnames: [shop.example.com], ${to('/')}`)])
    expect(paths(virtualHost(translation.gatewayApi, 'shop.example.com'))).toEqual(['shop /'])
  })
})

describe('HTTPS: each listener has hosts of its own, the hosts of the others are misdirected', () => {
  // RFC 9110 §15.5.20: a client may reuse a connection for another host of the certificate.
  const certificateRefs = 'tls: { certificateRefs: [{ name: cert }] }'
  const https = (name: string, hostname?: string): string =>
    `{ name: ${name}, port: 443, protocol: HTTPS, ${hostname === undefined ? '' : `hostname: "${hostname}", `}${certificateRefs} }`
  const world = createRouteWorld([
    gateway(
      [
        https('any'),
        https('second', 'second-example.org'),
        https('wild', '*.wildcard.org'),
        https('fourth', 'fourth-example.wildcard.org'),
      ].join(', '),
    ),
    CERTIFICATE,
    route('first', `hostnames: [example.org], ${to('/')}`, { parents: '[{ name: gw, sectionName: any }]' }),
    route('second', to('/'), { parents: '[{ name: gw, sectionName: second }]' }),
    route('third', to('/'), { parents: '[{ name: gw, sectionName: wild }]' }),
    route('fourth', to('/'), { parents: '[{ name: gw, sectionName: fourth }]' }),
  ])
  const api = world.translation.gatewayApi
  const tableOf = (listener: string): string => api.listeners.get(`Gateway/infra/gw/${listener}`)?.routeTable ?? ''

  /** What a request for a host gets: the routes of the virtual host that Envoy would choose, or the status. */
  const answer = (listener: string, host: string): string => {
    const candidates = [host, ...host.split('.').map((_, at, labels) => `*.${labels.slice(at + 1).join('.')}`), '*']
    const chosen = candidates.map((domain) => virtualHost(api, domain, tableOf(listener))).find((each) => each !== undefined)
    return chosen === undefined ? '404' : (paths(chosen)?.[0] ?? String(chosen.otherwise))
  }

  it.each([
    { connection: 'any', host: 'example.org', want: 'first /' },
    { connection: 'any', host: 'second-example.org', want: '421' },
    { connection: 'any', host: 'unknown-example.org', want: '404' },
    { connection: 'second', host: 'second-example.org', want: 'second /' },
    { connection: 'second', host: 'example.org', want: '421' },
    { connection: 'second', host: 'unknown-example.org', want: '421' },
    { connection: 'wild', host: 'fith-example.wildcard.org', want: 'third /' },
    { connection: 'wild', host: 'fourth-example.wildcard.org', want: '421' },
    { connection: 'wild', host: 'second-example.org', want: '421' },
    { connection: 'fourth', host: 'fourth-example.wildcard.org', want: 'fourth /' },
    { connection: 'fourth', host: 'fith-example.wildcard.org', want: '421' },
    { connection: 'any', host: 'fith-example.wildcard.org', want: '421' },
  ])('connection of "$connection", request for $host: $want', ({ connection, host, want }) => {
    expect(tableOf(connection)).not.toBe('')
    expect(answer(connection, host)).toBe(want)
  })

  it.each([
    { what: 'passes TLS through', tls: 'tls: { mode: Passthrough }' },
    { what: 'ends TLS and forwards bytes', tls: 'tls: { mode: Terminate, certificateRefs: [{ name: cert }] }' },
  ])('sends a request away that is for a listener of the port which $what, whatever wildcards cover its host', ({ tls }) => {
    const listener = (name: string, hostname: string): string =>
      `{ name: ${name}, port: 443, protocol: TLS, hostname: "${hostname}", ${tls} }`
    const shared = createRouteWorld([
      gateway([https('wide', '*.example.org'), listener('narrow', 'secret.example.org'), listener('all', '*.other.org')].join(', ')),
      CERTIFICATE,
      route('wide', `hostnames: ["*.example.org"], ${to('/')}`, { parents: '[{ name: gw, sectionName: wide }]' }),
    ]).translation.gatewayApi
    const table = shared.listeners.get('Gateway/infra/gw/wide')?.routeTable ?? ''
    expect(domains(shared, table)).toEqual(['*.example.org', '*.other.org', 'secret.example.org'])
    const answers = ['*.example.org', 'secret.example.org', '*.other.org'].map((domain) => {
      const host = virtualHost(shared, domain, table)
      return paths(host)?.[0] ?? host?.otherwise
    })
    expect(answers).toEqual(['wide /', 421, 421])
  })

  it('answers 404 where no listener at all is for the host', () => {
    const alone = createRouteWorld([gateway(https('second', 'second-example.org')), CERTIFICATE]).translation.gatewayApi
    const table = alone.listeners.get('Gateway/infra/gw/second')?.routeTable ?? ''
    expect(domains(alone, table)).toEqual(['second-example.org'])
  })
})

describe('the port of redirects', () => {
  const redirect = (filter: string): string => `rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { ${filter} } }] }]`
  it.each([
    { rule: 'the port of the listener', port: 8080, filter: 'path: { type: ReplaceFullPath, replaceFullPath: /x }', want: 8080 },
    { rule: 'nothing for port 80 of HTTP', port: 80, filter: 'hostname: b.com', want: undefined },
    { rule: 'the port of the scheme, which goes without saying', port: 8080, filter: 'scheme: https', want: undefined },
    { rule: "the filter's own", port: 80, filter: 'port: 8083', want: 8083 },
    { rule: "the filter's own with a scheme", port: 80, filter: 'scheme: https, port: 8443', want: 8443 },
    { rule: 'nothing when the filter names the port of its scheme', port: 8080, filter: 'scheme: https, port: 443', want: undefined },
    { rule: 'the port of another scheme is said', port: 8080, filter: 'scheme: https, port: 80', want: 80 },
  ])('is $rule', ({ port, filter, want }) => {
    const world = createRouteWorld([gateway(`{ name: http, port: ${port}, protocol: HTTP }`), route('r', redirect(filter))])
    const [found] = virtualHost(world.translation.gatewayApi, '*', `infra/gw/0.0.0.0/${port}/tcp`)?.routes ?? []
    expect(found?.action.kind === 'redirect' ? found.action.port : 'no redirect').toBe(want)
  })

  it.each([
    { filter: 'scheme: https', want: 443 },
    { filter: 'scheme: https, port: 443', want: 443 },
    { filter: 'port: 80', want: 80 },
    { filter: 'scheme: https, port: 8443', want: undefined },
    { filter: 'hostname: b.com', want: undefined },
  ])('goes without saying and is meant: $filter, $want', ({ filter, want }) => {
    const world = createRouteWorld([gateway('{ name: http, port: 80, protocol: HTTP }'), route('r', redirect(filter))])
    const [found] = virtualHost(world.translation.gatewayApi, '*', 'infra/gw/0.0.0.0/80/tcp')?.routes ?? []
    expect(found?.action.kind === 'redirect' ? found.action.impliedPort : 'no redirect').toBe(want)
  })
})

describe('how much a change costs', () => {
  const ROUTES = 1000
  const world = createTranslationWorld()
  world.apply(gateway(HTTP_LISTENER) + service('app'))
  for (let n = 0; n < ROUTES; n++) world.apply(route(`r${n}`, `hostnames: [h${n}.com], ${to('/')}`))
  world.place('infra/gw')
  world.flush()

  const computed = (): Record<string, number> => {
    const all = Object.fromEntries(world.flush().computed)
    return Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('xds ')))
  }

  it('an edit of one route among 1,000 computes that route and its virtual host', () => {
    world.apply(route('r500', `hostnames: [h500.com], ${to('/changed')}`))
    const counts = computed()
    expect(counts).toMatchObject({ attachments: 1, 'route rules': 1, 'virtual hosts': 1, 'route statuses': 1 })
    for (const untouched of ['backends', 'clusters', 'endpoints', 'hosts of route tables', 'route tables', 'ports', 'secrets', 'infra']) {
      expect(counts[untouched]).toBeUndefined()
    }
  })

  it('an EndpointSlice computes the endpoints of its Service and nothing else of ours', () => {
    world.apply(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: app-1, namespace: infra, labels: { kubernetes.io/service-name: app } }
addressType: IPv4
ports: [{ name: http, port: 3000 }]
endpoints: [{ addresses: [10.0.0.1] }]
`)
    const { endpoints, ...others } = computed()
    expect(endpoints).toBe(1)
    expect(
      Object.keys(others).filter((name) => ['attachments', 'route rules', 'virtual hosts', 'backends', 'clusters'].includes(name)),
    ).toEqual([])
  })

  it('a Service that means the same computes its backend and stops there', () => {
    world.apply(
      '{ apiVersion: v1, kind: Service, metadata: { name: app, namespace: infra, labels: { x: y } }, spec: { ports: [{ name: http, port: 8080 }] } }',
    )
    expect(computed()).toEqual({ backends: 1 })
  })

  it('a hostless route costs the virtual hosts that it covers, once', () => {
    world.apply(route('all', to('/all')))
    expect(computed()).toMatchObject({ attachments: 1, 'route rules': 1, 'virtual hosts': ROUTES + 1 })
    world.remove('HTTPRoute', 'infra', 'all')
    expect(computed()).toMatchObject({ 'virtual hosts': ROUTES + 1 })
  })
})

describe('properties', () => {
  const hostname = fc.constantFrom('a.com', 'x.a.com', '*.a.com', '*.com', 'b.com')
  const rule = fc.record({ path: fc.constantFrom('/', '/a', '/a/b', '/b'), type: fc.constantFrom('Exact', 'PathPrefix') })
  const anyRoute = fc
    .record({
      name: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
      created: fc.constantFrom('2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z'),
      hostnames: fc.uniqueArray(hostname, { maxLength: 3 }),
      section: fc.constantFrom('', ', sectionName: any', ', sectionName: wild'),
      rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
    })
    .map(({ name, created, hostnames, section, rules }) => {
      const matches = rules.map(({ path, type }) => `{ matches: [{ path: { type: ${type}, value: ${path} } }], ${APP} }`).join(', ')
      const names = hostnames.length === 0 ? '' : `hostnames: [${hostnames.map((each) => `"${each}"`).join(', ')}], `
      return { name, yaml: route(name, `${names}rules: [${matches}]`, { created, parents: `[{ name: gw${section} }]` }) }
    })
  const LISTENERS = gateway(
    '{ name: any, port: 80, protocol: HTTP }, { name: wild, port: 80, protocol: HTTP, hostname: "*.a.com" }, { name: x, port: 80, protocol: HTTP, hostname: x.a.com }',
  )
  const distinct = fc.uniqueArray(anyRoute, { maxLength: 4, selector: (each) => each.name })

  it('the order of objects never changes a virtual host', () => {
    fc.assert(
      fc.property(distinct, fc.infiniteStream(fc.nat()), (routes, random) => {
        const inOrder = createRouteWorld([LISTENERS, ...routes.map((each) => each.yaml)])
        const shuffled = routes.map((each) => ({ each, at: random.next().value ?? 0 })).sort((a, b) => a.at - b.at)
        const other = createRouteWorld([...shuffled.map(({ each }) => each.yaml), LISTENERS])
        expect(hosts(other)).toEqual(hosts(inOrder))
      }),
      { numRuns: 40 },
    )
  })

  it('edits lead to the same virtual hosts as the last state from scratch', () => {
    const edit = fc.oneof(
      anyRoute.map((each) => ({ ...each, removes: false })),
      fc.constantFrom('r1', 'r2', 'r3').map((name) => ({ name, yaml: '', removes: true })),
    )
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 8 }), (edits) => {
        const live = createRouteWorld([LISTENERS])
        const last = new Map<string, string[]>()
        for (const { name, yaml, removes } of edits) {
          if (removes) {
            live.remove('HTTPRoute', 'infra', name)
            last.set(name, [...(last.get(name) ?? []), ''])
          } else {
            live.apply(yaml)
            last.set(name, [...(last.get(name) ?? []), yaml])
          }
          live.flush()
        }
        const fresh = createRouteWorld([LISTENERS])
        // Every version is applied, so that generations agree, and nothing is translated in between.
        for (const [name, versions] of last) {
          for (const yaml of versions) {
            if (yaml === '') fresh.remove('HTTPRoute', 'infra', name)
            else fresh.apply(yaml)
          }
        }
        expect(hosts(fresh)).toEqual(hosts(live))
      }),
      { numRuns: 40 },
    )
  })

  it('no table has a domain twice, and none is without a listener', () => {
    fc.assert(
      fc.property(distinct, (routes) => {
        const api = createRouteWorld([LISTENERS, ...routes.map((each) => each.yaml)]).translation.gatewayApi
        const all = domains(api)
        expect(new Set(all).size).toBe(all.length)
        expect(all).toEqual(expect.arrayContaining(['*', '*.a.com', 'x.a.com']))
      }),
      { numRuns: 20 },
    )
  })
})
