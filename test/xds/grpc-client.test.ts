/** An independent client: gRPC itself, which resolves `xds:///` names over our state-of-the-world stream and rejects what it dislikes. */

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { any } from '../../src/xds/message.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { eventually } from '../support/eventually.js'
import { type GrpcBackend, startGrpcBackend } from '../support/grpc-backend.js'
import { type Fixture, serve } from './support/fixture.js'
import { encoded, put } from './support/resources.js'

const METHOD = '/test.Echo/One'
const ADS = { ads: {}, resourceApiVersion: 2 } as const
/** What gRPC needs to find backends: a listener without an address, routes, a cluster by EDS and its endpoints. */
function service(name: string, cluster: string, port: number): EncodedResource[] {
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    rds: { configSource: ADS, routeConfigName: name },
    httpFilters: [{ name: 'router', typedConfig: any('envoy.extensions.filters.http.router.v3.Router', {}) }],
  })
  return [
    encoded<'envoy.config.listener.v3.Listener'>(TYPE_URL.listener, name, { name, apiListener: { apiListener: manager } }),
    encoded<'envoy.config.route.v3.RouteConfiguration'>(
      TYPE_URL.routeConfiguration,
      name,
      {
        name,
        virtualHosts: [{ name, domains: ['*'], routes: [{ match: { prefix: '' }, route: { cluster } }] }],
      },
      [{ typeUrl: TYPE_URL.cluster, name: cluster }],
    ),
    encoded<'envoy.config.cluster.v3.Cluster'>(
      TYPE_URL.cluster,
      cluster,
      { name: cluster, type: 3, edsClusterConfig: { edsConfig: ADS } },
      [{ typeUrl: TYPE_URL.clusterLoadAssignment, name: cluster }],
    ),
    encoded<'envoy.config.endpoint.v3.ClusterLoadAssignment'>(TYPE_URL.clusterLoadAssignment, cluster, {
      clusterName: cluster,
      endpoints: [
        {
          locality: { region: 'here' },
          loadBalancingWeight: { value: 1 },
          lbEndpoints: [{ endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: port } } } }],
        },
      ],
    }),
  ]
}

describe('a gRPC client with xds:///', () => {
  let fixture: Fixture
  let one: GrpcBackend
  let two: GrpcBackend
  let client: ChildProcess

  beforeAll(async () => {
    fixture = await serve()
    one = await startGrpcBackend('one', [METHOD])
    two = await startGrpcBackend('two', [METHOD])
    fixture.apply(...service('echo', 'first', one.port))
    client = fork(join(import.meta.dirname, 'support/grpc-xds-process.ts'), [String(fixture.port)], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
  })

  afterAll(async () => {
    client.kill()
    one.close()
    two.close()
    await fixture[Symbol.asyncDispose]()
  })

  const call = () =>
    new Promise<unknown>((resolve) => {
      client.once('message', resolve)
      client.send('call')
    })

  it('resolves a listener that we serve, down to its endpoints', async () => {
    expect(await call()).toBe('one')
    expect(fixture.server.tracker.proxies(Date.now())).toMatchObject([{ node: 'grpc', protocol: 'sotw' }])
    expect(fixture.server.rejected.list()).toEqual([])
  })

  it('follows its endpoints', async () => {
    fixture.apply(...service('echo', 'first', two.port))
    await eventually(async () => expect(await call()).toBe('two'))
  })

  it('follows its routes to another cluster, and no call fails', async () => {
    const seen: unknown[] = []
    fixture.apply(...service('echo', 'second', one.port))
    await eventually(async () => {
      seen.push(await call())
      expect(seen.at(-1)).toBe('one')
    })
    expect(seen.filter((backend) => backend !== 'one' && backend !== 'two')).toEqual([])
  })

  it('rejects a cluster that it cannot use; the last good one goes on', async () => {
    const bad = encoded<'envoy.config.cluster.v3.Cluster'>(TYPE_URL.cluster, 'second', { name: 'second', type: 1, lbPolicy: 5 })
    fixture.apply(put(bad))
    await eventually(() =>
      expect(fixture.server.rejected.list()).toMatchObject([{ typeUrl: TYPE_URL.cluster, name: 'second', version: bad.version }]),
    )
    expect(await call()).toBe('one')
  })
})
