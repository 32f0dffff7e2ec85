import { describe, expect, it } from '@jest/globals'
import { forward, host, route, routeTable, virtualHost, weighted } from '../../../../test/envoy-api/ir-fixtures.js'
import { decode } from '../../message.js'
import { TYPE_URL } from '../../resource.js'
import { encodeRouteConfiguration } from './route-configuration.js'
import { buildVirtualHost, bytesOf, encodeVirtualHost } from './virtual-host.js'

const IN_TABLE = { group: 'g', inTable: true }

describe('a virtual host', () => {
  it('serves its domain, with the default retries for all routes', () => {
    expect(buildVirtualHost(virtualHost([route()], { domain: host('*.a.com') }))).toMatchObject({
      name: '*.a.com',
      domains: ['*.a.com'],
      routes: [{ route: { cluster: 'a' } }],
      retryPolicy: { retryOn: 'connect-failure,refused-stream' },
    })
  })

  it('answers 421 to what no route matches, where another listener serves the host', () => {
    expect(buildVirtualHost(virtualHost([route()], { otherwise: 421 })).routes).toMatchObject([
      { route: { cluster: 'a' } },
      { match: { prefix: '/' }, directResponse: { status: 421 } },
    ])
  })

  it('names every cluster that it can send requests to, once and in order', () => {
    const mirrors = [{ cluster: 'm', numerator: 1, denominator: 2 }]
    const externalAuth = {
      protocol: 'HTTP',
      cluster: 'auth',
      pathPrefix: '',
      allowedRequestHeaders: [],
      allowedResponseHeaders: [],
      maxBodyBytes: 0,
    } as const
    const { references } = encodeVirtualHost(
      virtualHost([route({ action: forward({ clusters: [weighted('z'), weighted('a')], mirrors }) }), route({ externalAuth })]),
      IN_TABLE,
    )
    expect(references).toEqual(['a', 'auth', 'm', 'z'].map((name) => ({ typeUrl: TYPE_URL.cluster, name })))
  })

  it('has equal bytes for equal content, and another version for other content', () => {
    const [one, same, other] = [route(), route(), route({ name: 'other' })].map((each) => encodeVirtualHost(virtualHost([each]), IN_TABLE))
    expect(one).toEqual(same)
    expect(one?.version).not.toBe(other?.version)
  })
})

describe('a route configuration', () => {
  const domains = ['*', '*.a.com', 'a.com', `${'long.'.repeat(40)}com`]
  const hosts = domains.map((domain) =>
    encodeVirtualHost(virtualHost([route({ name: domain.repeat(20) })], { domain: host(domain) }), IN_TABLE),
  )

  it('is the concatenation of its virtual hosts', () => {
    const { value, name } = encodeRouteConfiguration(routeTable(), hosts, [])
    const message = decode('envoy.config.route.v3.RouteConfiguration', value)
    expect(name).toBe('t')
    expect(message).toMatchObject({ name: 't', ignorePortInHostMatching: true, validateClusters: {} })
    expect(message.virtualHosts).toEqual(hosts.map((each) => decode('envoy.config.route.v3.VirtualHost', bytesOf(each))))
  })

  it('has a version that stands for its content', () => {
    const version = (list: typeof hosts, name = 't') => encodeRouteConfiguration(routeTable({ name }), list, []).version
    expect(version([...hosts])).toBe(version(hosts))
    expect(new Set([version(hosts), version(hosts.slice(1)), version(hosts, 'u'), version([])]).size).toBe(4)
  })

  it('was made from the objects of the table and of all virtual hosts', () => {
    const { origins } = encodeRouteConfiguration(routeTable(), hosts, [])
    expect(new Set(origins.map(({ kind }) => kind))).toEqual(new Set(['Gateway', 'HTTPRoute']))
  })
})
