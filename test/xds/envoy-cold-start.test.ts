/** A real Envoy whose server is still translating what there is. */
import { expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import { DEFAULT_BOUNDS } from '../../src/xds/server/bounds.js'
import { SnapshotCache } from '../../src/xds/snapshot-cache.js'
import { encodeScopeLoading } from '../../src/xds/translate/scopes/scope-loader.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { send } from '../support/http-client.js'
import { edsCluster, httpListener, loadedListener, routeTable, tableScope, toAnswer, toCluster } from './support/envoy-resources.js'
import { GROUP, serve } from './support/fixture.js'
import { startEnvoy } from './support/real-envoy.js'
import { endpoints } from './support/resources.js'

const TIMEOUT_MS = 120_000
const PATIENCE_MS = 30_000
const HOST = 'a.test'

it(
  'takes clusters, endpoints and scopes beforehand, listens when all is there, and loses nothing when the server begins anew',
  async () => {
    const [port, upstream] = [await freePort(), await freePort()]
    const first = [edsCluster('a'), endpoints('a', upstream)]
    const rest = [
      edsCluster('b'),
      endpoints('b', upstream),
      ...encodeScopeLoading(),
      loadedListener('edge', port),
      tableScope('edge', HOST, [toCluster('a')]),
      tableScope('edge', 'b.test', [toCluster('b')]),
      httpListener('upstream', upstream, 'upstream'),
      routeTable('upstream', [toAnswer('hello')]),
    ]
    const status = async (host: string): Promise<number> => (await send({ address: '127.0.0.1', port, host })).status
    const cache = new SnapshotCache()
    const fixture = await serve(first, { cache })
    await using envoy = await startEnvoy({ xds: { port: fixture.port } })
    await eventually(async () => expect(await envoy.admin('/clusters')).toContain(`a::127.0.0.1:${upstream}::`), PATIENCE_MS)
    fixture.apply(...rest)
    await eventually(async () => expect(await envoy.admin('/clusters')).toContain(`b::127.0.0.1:${upstream}::`), PATIENCE_MS)
    await eventually(
      async () => expect(await envoy.admin('/config_dump?mask=dynamic_scoped_route_configs')).toContain('b.test'),
      PATIENCE_MS,
    )
    fixture.apply(edsCluster('late'), endpoints('late', upstream), tableScope('edge', 'late.test', [toCluster('late')]))
    await eventually(
      async () => expect(await envoy.admin('/config_dump?mask=dynamic_scoped_route_configs')).toContain('late.test'),
      PATIENCE_MS,
    )
    expect(await envoy.admin('/ready')).not.toContain('LIVE')
    expect(await envoy.admin('/listeners')).not.toContain('edge')
    expect(fixture.server.counters.responses.has(TYPE_URL.routeConfiguration)).toBe(false)
    cache.markComplete()
    // The first connection is answered rightly: listeners come after the last scope.
    await eventually(async () => expect(await envoy.admin('/ready')).toContain('LIVE'), PATIENCE_MS)
    expect([await status(HOST), await status('b.test')]).toEqual([200, 200])
    await fixture[Symbol.asyncDispose]()

    const restarted = new SnapshotCache()
    await using again = await serve(first, { cache: restarted, port: fixture.port })
    await again.connected()
    again.apply(edsCluster('c'), endpoints('c', upstream))
    for (let asked = 0; asked < 20; asked++) expect([await status(HOST), await status('b.test')]).toEqual([200, 200])
    expect(again.server.counters.bytes.size).toBe(0)
    again.apply(...rest)
    restarted.markComplete()
    await eventually(() => expect(again.server.tracker.acknowledgedRevision(GROUP)).toBe(restarted.revision(GROUP)), PATIENCE_MS)
    expect([await status(HOST), await status('b.test')]).toEqual([200, 200])
    expect(await envoy.admin('/clusters')).toContain(`c::127.0.0.1:${upstream}::`)
    expect(envoy.log()).not.toContain('rejected')
  },
  TIMEOUT_MS,
)

it(
  'is ready when it listens, and not while scopes are on their way',
  async () => {
    const port = await freePort()
    const count = DEFAULT_BOUNDS.maxResources * 3
    const scopes = Array.from({ length: count }, (_, at) => tableScope('edge', `h${at}.test`, [toAnswer('hello')]))
    await using fixture = await serve([...encodeScopeLoading(), loadedListener('edge', port), ...scopes])
    await using envoy = await startEnvoy({ xds: { port: fixture.port } })
    await eventually(async () => expect(await envoy.admin('/ready')).toContain('LIVE'), PATIENCE_MS)
    expect((await send({ address: '127.0.0.1', port, host: `h${count - 1}.test` })).status).toBe(200)
  },
  TIMEOUT_MS,
)
