/** Two replicas with the same objects: the proxies are connected to the one that does not lead. */

import { ChannelCredentials } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, routeObject, serviceObject } from '../../../test/perf/objects.js'
import { createAuthority as createTestAuthority } from '../../../test/support/certificates.js'
import { eventually } from '../../../test/support/eventually.js'
import { CONTROLLER_NAME } from '../../gatewayapi/context.js'
import type { RouteStatus } from '../../gatewayapi/object-status.js'
import { PodPlacements } from '../../infra/kubernetes/pod-placements.js'
import { systemClock } from '../../k8s/clock.js'
import { TYPE_URL } from '../../xds/resource.js'
import type { RevisionRecord } from '../../xds/revision-history.js'
import { byCertificate } from '../../xds/server/client-identity.js'
import { serverClock } from '../../xds/server/clock.js'
import { CertificateRotation } from '../../xds/server/tls/certificate-rotation.js'
import { type CertificatePair, createAuthority, issueCertificate } from '../../xds/server/tls/certificates.js'
import { type ControlPlane, createControlPlane } from '../control-plane.js'
import { ObjectStatuses } from '../observe/object-statuses.js'
import { replicaUri } from './identity.js'
import { askLeader, statusServer } from './leader-status.js'
import { lookAtOthers, lookServer } from './look.js'
import { reportToLeader } from './report-client.js'
import { reportServer } from './report-server.js'
import { replicaService } from './service.js'
import { askInTouch, touchServer } from './touch.js'

const GROUP = 'bench/gw'
const LOG = { info: () => {}, warn: () => {} }
const stops: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Replica {
  readonly controlPlane: ControlPlane
  readonly statuses: ObjectStatuses
  readonly port: number
}

const REVISION = { group: GROUP, at: '', trace: undefined, stages: undefined, changes: [], totalChanges: 0, causes: [], acknowledged: [] }

async function startReplica(authority: CertificatePair, name = 'replica'): Promise<Replica> {
  const statuses = new ObjectStatuses()
  const certificates = new CertificateRotation([authority], { dnsNames: ['headgate.test'], addresses: [] }, serverClock)
  const controlPlane = createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: byCertificate,
    credentials: certificates.credentials,
    onStatuses: (changes) => statuses.apply(changes),
  })
  const { pipeline, server } = controlPlane
  const touch = (isNews: boolean) => {
    if (isNews) pipeline.touched()
  }
  const sink = {
    reported: (...report: Parameters<typeof pipeline.deliveries.reported>) => touch(pipeline.deliveries.reported(...report)),
    replicaGone: (replica: string) => touch(pipeline.deliveries.replicaGone(replica)),
    rejected: (version: Parameters<typeof pipeline.rejected>[0]) => pipeline.rejected(version),
  }
  const history = [
    { ...REVISION, revision: 1 },
    { ...REVISION, revision: 2 },
  ]
  server.addService(replicaService(), {
    ...reportServer(sink, server.rejected, LOG),
    ...touchServer('answers', () => true),
    ...statusServer(name, () => ({ objects: [...statuses.values()], listeners: [], problems: [] })),
    ...lookServer(name, { proxies: () => server.tracker.proxies(0), history: () => history }),
  })
  const port = await server.listen('127.0.0.1', 0)
  stops.push(() => {
    certificates.stop()
    return server.close()
  })
  const pair = await (await createTestAuthority()).issue({ dns: ['*.secure.example.com'] })
  pipeline.changes([...gatewayObjects(pair), routeObject(1), serviceObject(1), endpointsObject(1)].map(change))
  pipeline.complete()
  await pipeline.idle()
  return { controlPlane, statuses, port }
}

function credentialsOf(authority: CertificatePair, uris: readonly string[]): ChannelCredentials {
  const own = issueCertificate(authority, { commonName: 'follower', uris, usage: 'client', lifetimeMs: 60_000 }, new Date())
  return ChannelCredentials.createSsl(Buffer.from(authority.certificate), Buffer.from(own.privateKey), Buffer.from(own.certificate))
}

function report(from: Replica, to: Replica, authority: CertificatePair, uris: readonly string[]): void {
  const controller = new AbortController()
  const running = reportToLeader(
    {
      replica: 'follower',
      leader: () => ({ name: 'leader', address: `127.0.0.1:${to.port}` }),
      credentials: () => credentialsOf(authority, uris),
      serverName: 'headgate.test',
      deliveries: from.controlPlane.pipeline.deliveries,
      rejected: from.controlPlane.server.rejected,
      onRejected: (version) => from.controlPlane.pipeline.rejected(version),
      clock: systemClock,
      log: LOG,
    },
    controller.signal,
  )
  stops.push(() => {
    controller.abort()
    return running
  })
}

const programmed = ({ statuses }: Replica): string | undefined => {
  const status = statuses.get('Gateway/bench/gw')
  return status?.shape === 'gateway' ? status.conditions.find(({ type }) => type === 'Programmed')?.message : undefined
}

const stateOf = ({ controlPlane }: Replica): string | undefined =>
  controlPlane.translation.inputs.deliveries.get('HTTPRoute/bench/route-1')?.state

describe('replicas', () => {
  it('tell the leader how far their proxies are, also what they knew before it led', async () => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const [leader, follower] = await Promise.all([startReplica(authority), startReplica(authority)])
    const revision = follower.controlPlane.snapshots.revision(GROUP)
    follower.controlPlane.pipeline.progress(GROUP, { acknowledgedRevision: revision, connectedProxies: 1 })
    expect(leader.controlPlane.translation.inputs.deliveries.get('HTTPRoute/bench/route-1')?.state).toBe('noProxy')
    report(follower, leader, authority, [replicaUri('follower')])
    await eventually(() => {
      expect(leader.controlPlane.translation.inputs.deliveries.get('HTTPRoute/bench/route-1')?.state).toBe('delivered')
    })
    expect(programmed(leader)).not.toMatch('No proxy')
  })

  it('reach each other where the environment names a proxy for what is outside of the cluster', async () => {
    process.env.https_proxy = 'http://127.0.0.1:9'
    stops.push(() => {
      delete process.env.https_proxy
    })
    const authority = createAuthority('test', new Date(), 3_600_000)
    const [leader, follower] = await Promise.all([startReplica(authority), startReplica(authority)])
    const { pipeline, snapshots } = follower.controlPlane
    pipeline.progress(GROUP, { acknowledgedRevision: snapshots.revision(GROUP), connectedProxies: 1 })
    report(follower, leader, authority, [replicaUri('follower')])
    await eventually(() => expect(stateOf(leader)).toBe('delivered'))
    const credentials = credentialsOf(authority, [replicaUri('asks')])
    const asked = { address: `127.0.0.1:${leader.port}`, serverName: 'headgate.test', credentials }
    await expect(askInTouch(asked, new AbortController().signal)).resolves.toMatchObject({ inTouch: true })
  })

  it.each(['while they report', 'before they report'])('tell it also when one more proxy joins %s', async (when) => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const [leader, follower] = await Promise.all([startReplica(authority), startReplica(authority)])
    const { pipeline, snapshots } = follower.controlPlane
    const revision = snapshots.revision(GROUP)
    const start = () => report(follower, leader, authority, [replicaUri('follower')])
    if (when === 'while they report') {
      start()
      pipeline.progress(GROUP, { acknowledgedRevision: revision - 1, connectedProxies: 1 })
      await eventually(() => expect(stateOf(leader)).toBe('pending'))
    }
    // Before anything is sent of the first one, the second one is there, and has nothing yet.
    pipeline.progress(GROUP, { acknowledgedRevision: revision, connectedProxies: 1 })
    pipeline.progress(GROUP, { acknowledgedRevision: 0, connectedProxies: 2 })
    if (when === 'before they report') start()
    await eventually(() => expect(stateOf(leader)).toBe('delivered'))
  })

  it('pass on what a proxy rejected, and hold it back everywhere', async () => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const [leader, follower] = await Promise.all([startReplica(authority), startReplica(authority)])
    report(follower, leader, authority, [replicaUri('follower')])
    const origins = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'bench', name: 'route-1', generation: 1 }]
    const version = {
      typeUrl: TYPE_URL.routeConfiguration,
      name: 'r',
      version: 'v',
      message: 'bad regex',
      origins,
      suspects: origins,
      at: '2026-01-01T00:00:00Z',
      by: { group: GROUP, image: 'envoy:v1' },
    }
    follower.controlPlane.server.rejected.add(version)
    follower.controlPlane.pipeline.rejected(version)
    await eventually(() => {
      const status = leader.statuses.get('HTTPRoute/bench/route-1') as RouteStatus | undefined
      expect(status?.parents[0]?.conditions.find(({ type }) => type === 'headgate.dev/Delivered')?.message).toMatch('bad regex')
    })
    expect(leader.controlPlane.server.rejected.has(version, version.by)).toBe(true)
  })

  it('are not believed without a certificate of a replica', async () => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const [leader, follower] = await Promise.all([startReplica(authority), startReplica(authority)])
    follower.controlPlane.pipeline.progress(GROUP, {
      acknowledgedRevision: follower.controlPlane.snapshots.revision(GROUP),
      connectedProxies: 1,
    })
    report(follower, leader, authority, ['headgate:group:bench%2Fgw'])
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(leader.controlPlane.translation.inputs.deliveries.get('HTTPRoute/bench/route-1')?.state).toBe('noProxy')
  })

  it('tell each other whether the API server answers them, and nobody else', async () => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const { port, controlPlane } = await startReplica(authority)
    const asked = (uris: readonly string[]) => ({
      ...{ address: `127.0.0.1:${port}`, serverName: 'headgate.test' },
      credentials: credentialsOf(authority, uris),
    })
    const ask = (uris: readonly string[], signal = new AbortController().signal) => askInTouch(asked(uris), signal)
    await expect(ask([replicaUri('asks')])).resolves.toEqual({ replica: 'answers', inTouch: true })
    await expect(ask(['headgate:group:bench%2Fgw'])).rejects.toThrow(/UNAUTHENTICATED/)
    await controlPlane.server.close()
    await expect(ask([replicaUri('asks')])).rejects.toThrow(/UNAVAILABLE/)
  })

  it('show each other their proxies and what these had, each its own, and nobody else', async () => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const [a, b] = await Promise.all([startReplica(authority, 'a'), startReplica(authority, 'b')])
    const gone = await startReplica(authority)
    await gone.controlPlane.server.close()
    const stream = { node: 'pod-1', userAgent: 'envoy/1.40.0', group: GROUP, subject: '', peer: '', protocol: 'delta', stream: 1 } as const
    b.controlPlane.server.tracker.connected(stream, 0)
    const addresses = [a, b, gone].map(({ port }) => `127.0.0.1:${port}`)
    const look = (at: 'proxies' | 'history', limit: number, uris = [replicaUri('a')]) =>
      lookAtOthers(addresses, { self: 'a', at, limit, serverName: 'headgate.test', credentials: credentialsOf(authority, uris) })
    const silent = { address: `127.0.0.1:${gone.port}`, problem: expect.stringContaining('UNAVAILABLE') }
    const proxies = await look('proxies', 0)
    expect(proxies).toHaveLength(2)
    expect(proxies).toEqual(
      expect.arrayContaining([silent, { replica: 'b', items: [expect.objectContaining({ node: 'pod-1', group: GROUP })] }]),
    )
    const revisionsOf = async (limit: number): Promise<unknown> =>
      (await look('history', limit)).flatMap((each) => ('items' in each ? each.items : [])).map((item) => (item as RevisionRecord).revision)
    expect([await revisionsOf(0), await revisionsOf(1)]).toEqual([[1, 2], [2]])
    for (const each of await look('proxies', 0, ['headgate:group:bench%2Fgw'])) expect(each).toHaveProperty('problem')
  })

  it('pass on what the leader says of objects, to each other alone, and ask nobody where there is none', async () => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const leader = await startReplica(authority, 'leads')
    const holder = `leads@127.0.0.1:${leader.port}`
    const ask = (self: string, election: Parameters<typeof askLeader>[1], uri = replicaUri('asks')) =>
      askLeader(self, election, { serverName: 'headgate.test', credentials: credentialsOf(authority, [uri]) })
    await expect(ask('asks', { holder, vacancy: undefined })).resolves.toEqual({
      ...{ listeners: [], problems: [] },
      objects: JSON.parse(JSON.stringify([...leader.statuses.values()])),
    })
    expect([...leader.statuses.values()]).not.toEqual([])
    await expect(ask('asks', { holder, vacancy: undefined }, 'headgate:group:bench%2Fgw')).rejects.toThrow(/UNAUTHENTICATED/)
    for (const [self, election] of [
      ['leads', { holder, vacancy: undefined }],
      ['asks', { holder, vacancy: 'leases is forbidden' }],
      ['asks', { holder: '', vacancy: undefined }],
      ['asks', { holder: 'leads', vacancy: undefined }],
    ] as const) {
      await expect(ask(self, election)).resolves.toBeUndefined()
    }
    await leader.controlPlane.server.close()
    await expect(ask('asks', { holder, vacancy: undefined })).rejects.toThrow(/UNAVAILABLE/)
  })

  it('report again to one that has cut off all connections', async () => {
    const authority = createAuthority('test', new Date(), 3_600_000)
    const [leader, follower] = await Promise.all([startReplica(authority), startReplica(authority)])
    report(follower, leader, authority, [replicaUri('follower')])
    const { deliveries } = leader.controlPlane.pipeline
    const progress = (connectedProxies: number): void => {
      const acknowledgedRevision = follower.controlPlane.snapshots.revision(GROUP)
      follower.controlPlane.pipeline.progress(GROUP, { acknowledgedRevision, connectedProxies })
    }
    const gone: string[] = []
    const { replicaGone } = deliveries
    deliveries.replicaGone = (replica) => {
      gone.push(replica)
      return replicaGone.call(deliveries, replica)
    }
    // Until it is connected, on a busy machine as well.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    leader.controlPlane.server.dismiss()
    await eventually(() => expect(gone).toEqual(['follower']))
    progress(1)
    await eventually(() => expect(stateOf(leader)).toBe('delivered'))
  })
})
