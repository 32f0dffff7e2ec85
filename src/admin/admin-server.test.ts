import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ProxyDelivery } from '../xds/delivery.js'
import { encode } from '../xds/message.js'
import { type EncodedResource, TYPE_URL } from '../xds/resource.js'
import { SnapshotCache } from '../xds/snapshot-cache.js'
import type { AllReplicas } from './all-replicas.js'
import { type RunningHttpServer, startHttpServer } from './http-server.js'
import { adminRoutes } from './routes.js'
import type { AdminSources, Health, StatusReport } from './sources.js'

const origin = { group: '', kind: 'Secret', namespace: 'default', name: 'cert', generation: 0 }
const secret: EncodedResource = {
  typeUrl: TYPE_URL.secret,
  name: 'secret/default/cert',
  version: 'v1',
  value: encode('envoy.extensions.transport_sockets.tls.v3.Secret', {
    name: 'secret/default/cert',
    tlsCertificate: {
      certificateChain: { inlineString: 'PUBLIC' },
      privateKey: { inlineString: 'hunter2' },
      password: { inlineBytes: Buffer.from('hunter2') },
    },
  }),
  origins: [origin],
  references: [],
}
const cluster = (name: string): EncodedResource => ({
  typeUrl: TYPE_URL.cluster,
  name,
  version: 'v1',
  value: encode('envoy.config.cluster.v3.Cluster', { name }),
  origins: [{ group: '', kind: 'Service', namespace: 'default', name, generation: 1 }],
  references: [],
})

const proxy = (node: string): ProxyDelivery => ({
  ...{ stream: 1, node, userAgent: '', group: 'local', subject: '', peer: '', protocol: 'delta' },
  ...{ connectedAt: '2026-01-01T00:00:00Z', acknowledgedRevision: 1, types: [] },
})

let health: Health = { live: true, ready: false, reasons: ['the first configuration is not complete'] }
let leader: AdminSources['leaderStatus'] = async () => undefined
const errors: unknown[] = []
let server: RunningHttpServer

beforeAll(async () => {
  const snapshots = new SnapshotCache()
  const resources = [secret, ...Array.from({ length: 250 }, (_, index) => cluster(`c${String(index).padStart(3, '0')}`)).reverse()]
  snapshots.apply(
    'local',
    resources.map((resource) => ({ ...resource, resource })),
  )
  const sources: AdminSources = {
    snapshots,
    statuses: () => [
      { shape: 'gateway', object: { ...origin, kind: 'Gateway' }, conditions: [], addresses: [], listeners: [], attachedListenerSets: 0 },
    ],
    places: () => [],
    problems: () => [{ severity: 'error', where: 'a.yaml:1:2', message: 'no' }],
    proxies: () => [proxy('own-1'), proxy('own-2')],
    replica: 'a',
    others: async (what, limit) => [
      { replica: `b asked for ${limit} ${what}`, items: [] },
      { replica: 'c', items: [proxy('theirs')] as never[] },
      { address: '10.0.0.9:18000', problem: 'refused' },
    ],
    leaderStatus: () => leader(),
    whereIs: () => undefined,
    effectivePolicies: () => [],
    history: () => {
      throw new Error('broken')
    },
    bootstraps: () => [{ group: 'local', bootstrap: { admin: { privateKey: { inlineString: 'hunter2' } } } }],
    health: () => health,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
  }
  const routes = adminRoutes(sources)
  server = await startHttpServer({
    what: 'admin',
    host: '127.0.0.1',
    port: 0,
    flag: '--admin-port',
    routes,
    onError: (error) => errors.push(error),
  })
})
afterAll(() => server.stop())

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init)

describe('the admin server', () => {
  it('answers probes with the reason', async () => {
    expect((await get('/healthz')).status).toBe(200)
    const notReady = await get('/readyz')
    expect([notReady.status, await notReady.text()]).toEqual([503, 'the first configuration is not complete\n'])
    health = { live: true, ready: true, reasons: [] }
    expect((await get('/readyz')).status).toBe(200)
  })

  it('shows statuses and problems', async () => {
    expect(await (await get('/status')).json()).toMatchObject({ objects: [{ shape: 'gateway' }], problems: [{ where: 'a.yaml:1:2' }] })
  })

  it.each([
    { what: 'itself where it leads, or nobody does', says: async () => undefined, problems: ['a.yaml:1:2'] },
    {
      what: 'the leader',
      says: async () => ({ objects: [], listeners: [], problems: [{ severity: 'error', where: 'b.yaml', message: 'no' }] as const }),
      problems: ['b.yaml'],
    },
    {
      what: 'itself and that the leader is silent',
      says: () => Promise.reject(new Error('refused')),
      problems: ['a.yaml:1:2', 'replica a'],
    },
  ])('tells of objects what is known by $what', async ({ says, problems }) => {
    leader = says
    const report = (await (await get('/leader/status')).json()) as StatusReport
    expect(report.problems.map(({ where }) => where)).toEqual(problems)
  })

  it.each([
    { query: '', nodes: ['own-1', 'own-2', 'theirs'] },
    { query: '?limit=1', nodes: ['own-2', 'theirs'] },
    { query: '?limit=-x', nodes: ['own-1', 'own-2', 'theirs'] },
  ])('shows what all replicas say, and who says nothing: $query', async ({ query, nodes }) => {
    const { found, silent } = (await (await get(`/replicas/proxies${query}`)).json()) as AllReplicas<ProxyDelivery>
    expect(found.map(({ node }) => node)).toEqual(nodes)
    expect([found[0]?.replica, found.at(-1)?.replica]).toEqual(['a', 'c'])
    expect(silent).toEqual([{ address: '10.0.0.9:18000', problem: 'refused' }])
  })

  it('shows metrics in their own format', async () => {
    const response = await get('/metrics')
    expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/plain; version=0.0.4', 'up 1\n'])
  })

  it('dumps resources sorted, with what they were made from', async () => {
    const clusters = (await (await get('/dump/clusters')).json()) as { name: string }[]
    expect(clusters.map(({ name }) => name)).toEqual(clusters.map(({ name }) => name).sort())
    expect(clusters).toHaveLength(250)
    expect(clusters[0]).toEqual({
      group: 'local',
      type: 'envoy.config.cluster.v3.Cluster',
      name: 'c000',
      version: 'v1',
      origins: ['Service/default/c000'],
      value: { name: 'c000' },
    })
    expect(await (await get('/dump/listeners')).json()).toEqual([])
    expect(await (await get('/dump/all')).json()).toHaveLength(251)
  })

  it.each(['/dump/secrets', '/dump/all', '/dump/bootstrap'])('keeps private keys out of %s', async (path) => {
    const text = await (await get(path)).text()
    expect(text).toContain('[redacted]')
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain(Buffer.from('hunter2').toString('base64'))
    if (path === '/dump/secrets') expect(text).toContain('PUBLIC')
  })

  it('says what there is when a path is wrong', async () => {
    const response = await get('/nothing')
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('/dump/listeners')])
  })

  it('changes nothing', async () => {
    expect((await get('/status', { method: 'POST' })).status).toBe(405)
  })

  it('keeps the reason of a failure to itself and the log', async () => {
    const response = await get('/history')
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('broken')])
    expect(errors).toEqual([new Error('broken')])
  })

  it.each([
    { host: 'localhost:19000', want: 200 },
    { host: '[::1]:19000', want: 200 },
    { host: 'attacker.example', want: 403 },
    { host: 'attacker.example:19000', want: 403 },
  ])('answers $want to a page that calls it $host', async ({ host, want }) => {
    const status = await new Promise((resolve) => {
      request({ port: server.port, host: '127.0.0.1', path: '/status', headers: { host } }, (response) =>
        resolve(response.resume().statusCode),
      ).end()
    })
    expect(status).toBe(want)
  })

  it('names the flag when its port is taken', async () => {
    const again = startHttpServer({
      what: 'the admin server',
      host: '127.0.0.1',
      port: server.port,
      flag: '--admin-port',
      routes: new Map(),
      onError: () => {},
    })
    await expect(again).rejects.toThrow(
      `the admin server cannot listen on 127.0.0.1:${server.port}: another program listens there. Choose another one with --admin-port.`,
    )
  })
})
