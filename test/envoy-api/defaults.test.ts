/** docs/reference/defaults.md says what is really sent. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { buildBootstrap } from '../../envoy/bootstrap.js'
import type { EnvoyMessages } from '../../src/gen/envoy/types.js'
import { DEFAULT_BACKEND_TRAFFIC, DEFAULT_KEPT_BODY_BYTES, MIRROR_LIMITS, MIRROR_STREAM_DURATION_MS } from '../../src/ir/defaults.js'
import { encode, type MessageName, toProtoJson } from '../../src/xds/message.js'
import { buildCluster } from '../../src/xds/translate/clusters/cluster.js'
import { httpFilters } from '../../src/xds/translate/http-filters/index.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../../src/xds/translate/options.js'
import { encodeRouteConfiguration } from '../../src/xds/translate/routes/route-configuration.js'
import { buildVirtualHost } from '../../src/xds/translate/routes/virtual-host.js'
import { cluster, forward, port, route, routeTable, streamChain, virtualHost } from './ir-fixtures.js'
import { listenerMessage } from './listener-message.js'

interface Row {
  readonly field: string
  readonly value: string
}

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'defaults.md'), 'utf8')
const rows: readonly Row[] = [...text.matchAll(/^\| `([^`]+)`\s+\| (\S+)\s+\|/gm)].map(([, field = '', value = '']) => ({ field, value }))

function json<Name extends MessageName>(name: Name, message: EnvoyMessages[Name] | undefined): unknown {
  return message === undefined ? undefined : toProtoJson(name, encode(name, message))
}

const LISTENER = 'envoy.config.listener.v3.Listener'
const VIRTUAL_HOST = 'envoy.config.route.v3.VirtualHost'
const listener = json(LISTENER, listenerMessage(port(), DEFAULT_TRANSLATE_OPTIONS))
const stream = json(LISTENER, listenerMessage(port({ chains: [streamChain()] }), DEFAULT_TRANSLATE_OPTIONS))
const externalAuth = {
  protocol: 'HTTP',
  cluster: 'a',
  pathPrefix: '',
  allowedRequestHeaders: [],
  allowedResponseHeaders: [],
  maxBodyBytes: 0,
} as const
const datagrams = json(LISTENER, listenerMessage(port({ transport: 'UDP', chains: [streamChain()] }), DEFAULT_TRANSLATE_OPTIONS))
const ROUTES = [route({ action: forward({ upgrades: ['websocket'] }) }), route({ grpc: true }), route({ externalAuth })]
const host = json(VIRTUAL_HOST, buildVirtualHost(virtualHost(ROUTES, { keptBodyBytes: DEFAULT_KEPT_BODY_BYTES })))

const CLUSTER = 'envoy.config.cluster.v3.Cluster'
const TLS = { serverName: 'a.example', trust: { kind: 'system' }, subjectAltNames: [] } as const

const MIRROR = cluster('a', {
  traffic: { ...DEFAULT_BACKEND_TRAFFIC, limits: MIRROR_LIMITS, http: { maxStreamDurationMs: MIRROR_STREAM_DURATION_MS } },
})
const HTTP_OPTIONS = ['typedExtensionProtocolOptions', 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions']

const FILTERS = httpFilters(false, { envoyHeaders: undefined, countsGrpcCalls: undefined })

/** Where the first word of a row is found. */
const MESSAGES: Readonly<Record<string, unknown>> = {
  Listener: listener,
  HttpConnectionManager: at(listener, 'filterChains.0.filters.0.typedConfig'),
  Router: at(listener, `filterChains.0.filters.0.typedConfig.httpFilters.${FILTERS.length - 1}.typedConfig`),
  TcpProxy: at(stream, 'filterChains.0.filters.0.typedConfig'),
  UdpListenerConfig: at(datagrams, 'udpListenerConfig'),
  UdpProxyConfig: at(datagrams, 'listenerFilters.0.typedConfig'),
  VirtualHost: host,
  'Route(upgrade)': at(host, 'routes.0'),
  Route: at(host, 'routes.1'),
  'Route(grpc)': at(host, 'routes.2'),
  ExtAuthz: at(host, [
    'routes',
    '3',
    'typedPerFilterConfig',
    'envoy.filters.http.ext_authz',
    ...'xdsMatcher.onNoMatch.action.typedConfig.typedConfig.typedConfig'.split('.'),
  ]),
  RouteConfiguration: toProtoJson('envoy.config.route.v3.RouteConfiguration', encodeRouteConfiguration(routeTable(), [], []).value),
  Cluster: json(CLUSTER, buildCluster(cluster('a'), DEFAULT_TRANSLATE_OPTIONS)),
  'Cluster(udp)': json(CLUSTER, buildCluster(cluster('a', { protocol: 'udp' }), DEFAULT_TRANSLATE_OPTIONS)),
  HttpProtocolOptions: at(json(CLUSTER, buildCluster(cluster('a'), DEFAULT_TRANSLATE_OPTIONS)), HTTP_OPTIONS),
  'Cluster(mirror)': json(CLUSTER, buildCluster(MIRROR, DEFAULT_TRANSLATE_OPTIONS)),
  'HttpProtocolOptions(mirror)': at(json(CLUSTER, buildCluster(MIRROR, DEFAULT_TRANSLATE_OPTIONS)), HTTP_OPTIONS),
  UpstreamTlsContext: at(json(CLUSTER, buildCluster(cluster('a', { tls: TLS }), DEFAULT_TRANSLATE_OPTIONS)), 'transportSocket.typedConfig'),
  Bootstrap: json(
    'envoy.config.bootstrap.v3.Bootstrap',
    buildBootstrap({ node: { id: 'n', cluster: 'c' }, xds: { host: '127.0.0.1', port: 1 }, adminSocketPath: '/a' }),
  ),
}

function at(value: unknown, path: string | readonly string[]): unknown {
  const steps = typeof path === 'string' ? path.split('.') : path
  return steps.reduce<unknown>(
    (each, step) => (typeof each === 'object' && each !== null ? (each as Record<string, unknown>)[step] : undefined),
    value,
  )
}

describe('docs/reference/defaults.md', () => {
  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(35)
  })

  it.each(rows)('$field is $value', ({ field, value }) => {
    const [message = '', ...path] = field.split('.')
    expect(Object.keys(MESSAGES)).toContain(message)
    expect(MESSAGES[message]).toBeDefined()
    const runtime = path.indexOf('staticLayer')
    const steps = runtime === -1 ? path : [...path.slice(0, runtime + 1), path.slice(runtime + 1).join('.')]
    const found = at(MESSAGES[message], steps)
    expect(found === undefined ? '-' : String(found)).toBe(value)
  })
})
