/** The server with a real Envoy: warming, phases, and what Envoy says when it rejects something. */
import { describe, expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import { DEFAULT_BOUNDS } from '../../src/xds/server/bounds.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { send } from '../support/http-client.js'
import {
  edsCluster,
  hostScope,
  httpListener,
  routeTable,
  scopedListener,
  scopeLoader,
  toAnswer,
  toCluster,
} from './support/envoy-resources.js'
import { GROUP, serve } from './support/fixture.js'
import { startEnvoy } from './support/real-envoy.js'
import { endpoints } from './support/resources.js'

const TIMEOUT_MS = 60_000

describe('a real Envoy', () => {
  it(
    'starts with listener, routes, cluster and endpoints, and acknowledges the revision',
    async () => {
      const port = await freePort()
      const upstream = await freePort()
      await using fixture = await serve([
        httpListener('edge', port, 'edge'),
        routeTable('edge', [toCluster('backend')]),
        edsCluster('backend'),
        endpoints('backend', upstream),
        httpListener('upstream', upstream, 'upstream'),
        routeTable('upstream', [toAnswer('hello')]),
      ])
      await using envoy = await startEnvoy({ xds: { port: fixture.port } })
      await eventually(async () => expect(await send({ address: '127.0.0.1', port })).toMatchObject({ status: 200, body: 'hello' }), 20_000)
      await eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)))
      expect(envoy.log()).toBe('')
    },
    TIMEOUT_MS,
  )

  it(
    'gets scopes with inline routes and never answers with anything but 404 and then 200',
    async () => {
      const port = await freePort()
      await using fixture = await serve([scopedListener('edge', port), hostScope('one.test', [toAnswer('one')])])
      await using _envoy = await startEnvoy({ xds: { port: fixture.port } })
      const get = (host: string) => send({ address: '127.0.0.1', port, host })
      await eventually(async () => expect(await get('one.test')).toMatchObject({ status: 200, body: 'one' }), 20_000)
      expect((await get('two.test')).status).toBe(404)
      fixture.apply(hostScope('two.test', [toAnswer('two')]))
      await eventually(async () => expect(await get('two.test')).toMatchObject({ status: 200, body: 'two' }))
    },
    TIMEOUT_MS,
  )

  it(
    'starts with more scopes than fit in a response: no request meets a half-loaded table',
    async () => {
      const port = await freePort()
      const count = DEFAULT_BOUNDS.maxResources * 3 + 7
      const scopes = Array.from({ length: count }, (_, index) => hostScope(`h${index}.test`, [toAnswer(`h${index}`)]))
      await using fixture = await serve([scopeLoader('loader'), scopedListener('edge', port, true), ...scopes])
      await using _envoy = await startEnvoy({ xds: { port: fixture.port } })
      const last = () =>
        send({ address: '127.0.0.1', port, host: `h${count - 1}.test` }).then(
          ({ status }) => status,
          () => 'refused' as const,
        )
      const seen = new Set<number | 'refused'>()
      await eventually(async () => {
        seen.add(await last())
        expect([...seen]).toContain(200)
      }, 20_000)
      expect([...seen]).toEqual(['refused', 200])
      expect(fixture.server.counters.responses.get(TYPE_URL.scopedRouteConfiguration)).toBe(4)
    },
    TIMEOUT_MS,
  )
})
