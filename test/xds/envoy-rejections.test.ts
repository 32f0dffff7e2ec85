/** What a real Envoy rejects next to 500 good hosts: the culprit is found and named, everything else arrives (A4 rows 1 to 3). */
import { describe, expect, it } from '@jest/globals'
import { any, duration } from '../../src/xds/message.js'
import { type RejectedVersion, RejectedVersions } from '../../src/xds/rejected-versions.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { send } from '../support/http-client.js'
import { patience } from '../support/patience.js'
import {
  badRegex,
  edsCluster,
  filteredListener,
  headerFilter,
  hostScope,
  httpListener,
  routeTable,
  scopedListener,
  tlsListener,
  tlsSecret,
  toAnswer,
  toCluster,
} from './support/envoy-resources.js'
import { type Fixture, GROUP, serve } from './support/fixture.js'
import { type RealEnvoy, startEnvoy } from './support/real-envoy.js'
import { encoded, endpoints, resource, virtualHost } from './support/resources.js'

const GOOD = 500
const WITHIN_MS = patience(1_000)
const TIMEOUT_MS = 60_000
/** Nobody translates here: a rejected version is not about to be replaced. */
const NO_TRANSLATION = { rejectedMs: 50 }
const unknown = { type_url: 'type.googleapis.com/no.such.Message', value: Buffer.alloc(0) }

/** A gateway with many hosts and the pieces that the cases break. */
interface Stage extends AsyncDisposable {
  readonly fixture: Fixture
  readonly envoy: RealEnvoy
  readonly port: number
  readonly secure: number
  body(host: string): Promise<string>
}

const host = (index: number): string => `h${index}.test`
const hosts = (content: string): EncodedResource[] =>
  Array.from({ length: GOOD }, (_, index) => hostScope(host(index), [toAnswer(`${content} ${index}`)]))

async function stage(): Promise<Stage> {
  const [port, secure, filtered] = [await freePort(), await freePort(), await freePort()]
  const fixture = await serve(
    [
      scopedListener('edge', port),
      ...hosts('old'),
      hostScope('target.test', [toAnswer('old')]),
      edsCluster('target'),
      endpoints('target'),
      tlsListener('secure', secure, 'table', 'certificate'),
      filteredListener('filtered', filtered, 'table', 'filter'),
      headerFilter('filter', 'old'),
      routeTable('table', [toAnswer('old')]),
    ],
    { bounds: NO_TRANSLATION },
  )
  const envoy = await startEnvoy({ xds: { port: fixture.port }, logLevel: 'critical' })
  const body = async (name: string) => (await send({ address: '127.0.0.1', port, host: name })).body
  await eventually(async () => expect(await body(host(GOOD - 1))).toBe(`old ${GOOD - 1}`), 20_000)
  // The last scope comes with a response of its own.
  await eventually(async () => expect(await body('target.test')).toBe('old'), 20_000)
  return {
    fixture,
    envoy,
    port,
    secure,
    body,
    async [Symbol.asyncDispose]() {
      await envoy[Symbol.asyncDispose]()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

/** The entry of the one version that was rejected; rejects when none or another is. */
async function onlyRejection({ fixture }: Stage): Promise<RejectedVersion> {
  await eventually(() => expect(fixture.server.rejected.list()).not.toEqual([]), WITHIN_MS)
  await eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)), WITHIN_MS)
  const [entry, ...others] = fixture.server.rejected.list()
  expect(others).toEqual([])
  if (entry === undefined) throw new Error('unreachable: the list is not empty')
  return entry
}

interface Case {
  readonly what: string
  readonly bad: EncodedResource
  readonly words: RegExp
}

const CASES: readonly Case[] = [
  { what: 'a bad regular expression in a scope', bad: hostScope('target.test', [badRegex()]), words: /missing \): \(/ },
  {
    what: 'two virtual hosts for one domain in a scope',
    bad: encoded<'envoy.config.route.v3.ScopedRouteConfiguration'>(TYPE_URL.scopedRouteConfiguration, 'target.test', {
      name: 'target.test',
      key: { fragments: [{ stringKey: 'target.test' }] },
      routeConfiguration: {
        name: 'x',
        virtualHosts: [
          { name: 'a', domains: ['*'] },
          { name: 'b', domains: ['*'] },
        ],
      },
    }),
    words: /domain/,
  },
  {
    what: 'an unknown filter configuration in a scope',
    bad: hostScope('target.test', [{ ...toAnswer('x'), typedPerFilterConfig: { unknown } }]),
    words: /unknown/,
  },
  {
    what: 'two scopes with one key',
    bad: encoded<'envoy.config.route.v3.ScopedRouteConfiguration'>(TYPE_URL.scopedRouteConfiguration, 'twin', {
      name: 'twin',
      key: { fragments: [{ stringKey: 'h7.test' }] },
      routeConfiguration: { name: 'twin', virtualHosts: [{ name: 'twin', domains: ['*'] }] },
    }),
    words: /scope key conflict/,
  },
  {
    what: 'a bad regular expression whose end Envoy cuts off in the middle of a letter',
    // The message ends after 4,096 bytes, in the second one of three.
    bad: hostScope('target.test', [badRegex(`(${'€'.repeat(2_000)}`)]),
    words: /missing \): \(€+/,
  },
  { what: 'a bad regular expression in a route configuration', bad: routeTable('table', [badRegex()]), words: /missing \)/ },
  {
    what: 'a cluster that breaks a constraint',
    bad: encoded<'envoy.config.cluster.v3.Cluster'>(TYPE_URL.cluster, 'target', {
      name: 'target',
      type: 0,
      connectTimeout: duration(-1_000),
    }),
    words: /duration/i,
  },
  {
    what: 'a cluster with an unknown transport',
    bad: encoded<'envoy.config.cluster.v3.Cluster'>(TYPE_URL.cluster, 'target', {
      name: 'target',
      type: 0,
      transportSocket: { name: 'none', typedConfig: unknown },
    }),
    words: /Error adding\/updating cluster\(s\) target: /,
  },
  { what: 'a cluster that is no message at all', bad: resource(TYPE_URL.cluster, 'target', Buffer.from([0xff, 0xff])), words: /unpack/ },
  {
    what: 'endpoints for another cluster',
    bad: encoded<'envoy.config.endpoint.v3.ClusterLoadAssignment'>(TYPE_URL.clusterLoadAssignment, 'target', {
      clusterName: 'target',
      endpoints: [{ priority: 200 }],
    }),
    words: /priority/i,
  },
  { what: 'a certificate that is none', bad: tlsSecret('certificate', { certificate: 'x', privateKey: 'y' }), words: /certificate chain/ },
  {
    what: 'a filter configuration of another type (ECDS)',
    bad: encoded<'envoy.config.core.v3.TypedExtensionConfig'>(TYPE_URL.extensionConfig, 'filter', { name: 'filter', typedConfig: unknown }),
    words: /type URL/,
  },
  {
    what: 'a listener with an unknown filter',
    bad: encoded<'envoy.config.listener.v3.Listener'>(TYPE_URL.listener, 'bad', {
      name: 'bad',
      address: { socketAddress: { address: '127.0.0.1', portValue: 1 } },
      filterChains: [{ filters: [{ name: 'none', typedConfig: unknown }] }],
    }),
    words: /Error adding\/updating listener\(s\) bad: /,
  },
  {
    what: 'a broken patch of a connection manager',
    bad: encoded<'envoy.config.listener.v3.Listener'>(TYPE_URL.listener, 'bad', {
      name: 'bad',
      address: { socketAddress: { address: '127.0.0.1', portValue: 1 } },
      filterChains: [
        {
          filters: [
            { name: 'http', typedConfig: any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {}) },
          ],
        },
      ],
    }),
    words: /bad/,
  },
]

describe('a real Envoy rejects one of 501 changes', () => {
  it.each(CASES)(
    '$what: it alone is named, within a second, and the others arrive',
    async ({ bad, words }) => {
      await using on = await stage()
      on.fixture.apply(...hosts('new').slice(0, GOOD / 2), bad, ...hosts('new').slice(GOOD / 2))
      const rejection = await onlyRejection(on)
      expect(rejection).toMatchObject({ typeUrl: bad.typeUrl, name: bad.name, version: bad.version, suspects: bad.origins })
      expect(rejection.message).toMatch(words)
      for (let index = 0; index < GOOD; index += 1) expect(await on.body(host(index))).toBe(`new ${index}`)
      expect(on.fixture.events.filter(({ kind }) => kind === 'rejection')).toMatchObject([
        { group: GROUP, proxy: 'real-envoy', rejected: { name: bad.name } },
      ])
    },
    TIMEOUT_MS,
  )

  it(
    'a rejected version is not sent again after a restart nor by another replica, and what corrects it is',
    async () => {
      await using on = await stage()
      const bad = hostScope('target.test', [badRegex()])
      on.fixture.apply(bad)
      await onlyRejection(on)
      const known = new RejectedVersions()
      for (const entry of on.fixture.server.rejected.list()) known.add(entry)
      await on.fixture.server.close()
      await using replica = await serve([], { cache: on.fixture.cache, port: on.fixture.port, rejected: known, bounds: NO_TRANSLATION })
      await eventually(() => expect(replica.server.tracker.acknowledgedRevision(GROUP)).toBe(replica.cache.revision(GROUP)), 20_000)
      expect(replica.server.counters.bytes.get(TYPE_URL.scopedRouteConfiguration) ?? 0).toBe(0)
      expect(await on.body('target.test')).toBe('old')
      replica.apply(hostScope('target.test', [toAnswer('corrected')]))
      await eventually(async () => expect(await on.body('target.test')).toBe('corrected'))
    },
    TIMEOUT_MS,
  )

  it(
    'a scope that was noted with a rejected one is delivered to a proxy that reconnects before it was sent again',
    async () => {
      await using on = await stage()
      await on.fixture.server.close()
      // A replica that goes away the moment something is rejected: the good scope is noted by the proxy, and not used.
      let rejections = 0
      const close = () => {
        rejections += 1
        void first.server.close()
      }
      const first: Fixture = await serve([], {
        cache: on.fixture.cache,
        port: on.fixture.port,
        log: { info: (_fields, message) => message.startsWith('rejected') && close(), warn: close },
      })
      await eventually(() => expect(first.server.tracker.acknowledgedRevision(GROUP)).toBe(first.cache.revision(GROUP)), 20_000)
      first.apply(hostScope('target.test', [toAnswer('new')]), hostScope('zzz.test', [badRegex()]))
      await eventually(() => expect(rejections).toBe(1))
      expect(await on.body('target.test')).toBe('old')
      await using second = await serve([], { cache: on.fixture.cache, port: on.fixture.port, bounds: NO_TRANSLATION })
      await eventually(async () => expect(await on.body('target.test')).toBe('new'), 20_000)
      await eventually(() => expect(second.server.tracker.acknowledgedRevision(GROUP)).toBe(second.cache.revision(GROUP)))
      expect(second.server.rejected.list().map(({ name }) => name)).toEqual(['zzz.test'])
    },
    TIMEOUT_MS,
  )

  it(
    'a cluster that is rejected breaks no route that works: the route to it waits for another translation',
    async () => {
      await using on = await stage()
      on.fixture.server.tracker.onDelivery((event) => {
        if (event.kind === 'rejection') on.fixture.apply(hostScope('target.test', [toAnswer('quarantined', '/', 500)]))
      })
      const bad = encoded<'envoy.config.cluster.v3.Cluster'>(TYPE_URL.cluster, 'bad', {
        name: 'bad',
        type: 0,
        connectTimeout: duration(-1_000),
      })
      on.fixture.apply(bad, hostScope('target.test', [toCluster('bad')]))
      const seen = new Set<string>()
      await eventually(async () => {
        seen.add(await on.body('target.test'))
        expect([...seen]).toContain('quarantined')
      })
      expect([...seen].filter((body) => body !== 'old')).toEqual(['quarantined'])
    },
    TIMEOUT_MS,
  )
})

describe('virtual hosts by VHDS', () => {
  it(
    'arrive one by one, and a bad one alone is named',
    async () => {
      const port = await freePort()
      const typeUrl = TYPE_URL.routeConfiguration
      const table = encoded<'envoy.config.route.v3.RouteConfiguration'>(typeUrl, 'table', {
        name: 'table',
        vhds: { configSource: { ads: {}, resourceApiVersion: 2 } },
      })
      await using fixture = await serve([httpListener('edge', port, 'table'), table, virtualHost('table/a.test', [toAnswer('a')])])
      await using _envoy = await startEnvoy({ xds: { port: fixture.port }, logLevel: 'critical' })
      const body = async (name: string) => (await send({ address: '127.0.0.1', port, host: name })).body
      await eventually(async () => expect(await body('a.test')).toBe('a'), 20_000)
      fixture.apply(
        virtualHost('table/b.test', [toAnswer('b')]),
        virtualHost('table/bad.test', [badRegex()]),
        virtualHost('table/c.test', [toAnswer('c')]),
      )
      await eventually(async () => expect([await body('b.test'), await body('c.test')]).toEqual(['b', 'c']))
      // The others are sent first: that the one is bad alone is known a response later.
      await eventually(() => expect(fixture.server.rejected.list().map(({ name }) => name)).toEqual(['table/bad.test']))
    },
    TIMEOUT_MS,
  )
})
