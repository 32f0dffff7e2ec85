import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../test/support/eventually.js'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { FakeKubeApi, type SeenRequest } from '../../../test/support/fake-kube-api.js'
import { gatewayVersion, type OwnFleet, ownFleet, sharedFleet, sharedService, tcpPort } from '../../../test/support/gateway-infra.js'
import { provisionerOptions } from '../../../test/support/provisioner-options.js'
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import type { GatewayInfra } from '../../ir/infra.js'
import { KubeClient } from '../../k8s/kube-client.js'
import { fieldAt, listAt, type RawObject } from '../../k8s/kube-json.js'
import { silentLog } from '../../k8s/log.js'
import { Provisioner, type ProvisionerOptions } from './provisioner.js'

const SERVICES = '/api/v1/services'
const ACCOUNTS = '/api/v1/serviceaccounts'
const CONFIG_MAPS = '/api/v1/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/deployments'
const DAEMON_SETS = '/apis/apps/v1/daemonsets'
const AUTOSCALERS = '/apis/autoscaling/v2/horizontalpodautoscalers'
const BUDGETS = '/apis/policy/v1/poddisruptionbudgets'

describe('Provisioner', () => {
  let api: FakeKubeApi
  let client: KubeClient
  let clock: FakeClock
  let provisioner: Provisioner
  let addresses: Map<string, GatewayAddresses | undefined>
  let uids: Map<string, string>
  let authorities: string
  let stop: AbortController
  let running: Promise<void>[]

  const options = (): ProvisionerOptions =>
    provisionerOptions(client, clock, {
      xds: () => ({ host: 'headgate.system.svc.cluster.local', port: 18_000, authorities }),
      uidOf: ({ namespace, name }) => uids.get(`${namespace}/${name}`),
      onAddresses: (gateway, now) => addresses.set(gateway, now),
    })
  const infra = (more: OwnFleet = {}): GatewayInfra => ownFleet(more)
  const set = (wanted: GatewayInfra | undefined, key = 'shop/web'): void => provisioner.set(new Map([[key, wanted]]))
  const writes = (): SeenRequest[] => api.requests.filter(({ method }) => method !== 'GET')
  const object = (collection: string): RawObject | undefined => api.get(collection, 'shop', 'headgate-web')
  const made = (): Promise<void> => eventually(() => expect(object(DEPLOYMENTS)).toBeDefined())
  const quiet = async (): Promise<void> => {
    await clock.advance(300)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  const follow = (): void => {
    running.push(provisioner.observe(stop.signal))
  }
  const lead = async (): Promise<void> => {
    running.push(provisioner.lead(stop.signal))
    await eventually(() => expect(api.watchers.size).toBe(7))
  }

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    client = new KubeClient(api.credentials, 'test')
    clock = new FakeClock()
    addresses = new Map()
    uids = new Map([['shop/web', 'uid-1']])
    authorities = 'PEM'
    stop = new AbortController()
    running = []
    provisioner = new Provisioner(options())
    follow()
  })

  afterEach(async () => {
    stop.abort()
    await Promise.all(running)
    client.close()
    await api.close()
  })

  it('makes what a Gateway needs, by apply under a name of its own, and then keeps still', async () => {
    await lead()
    set(infra())
    await made()
    expect([ACCOUNTS, CONFIG_MAPS, SERVICES, DEPLOYMENTS].map((collection) => object(collection)?.metadata.name)).toEqual(
      Array(4).fill('headgate-web'),
    )
    await quiet()
    expect(writes()).toHaveLength(4)
    expect(writes().every(({ query }) => query.get('fieldManager') === 'headgate-infra')).toBe(true)
    set(infra())
    await quiet()
    expect(writes()).toHaveLength(4)
  })

  it('says nothing of addresses before it has seen what there is: a leader that has just started would take them away', async () => {
    await lead()
    set(infra())
    await made()
    const service = object(SERVICES)
    if (service === undefined) throw new Error('no Service')
    api.put(SERVICES, { ...service, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } })
    await eventually(() => expect(addresses.get('shop/web')?.assigned).toHaveLength(1))

    const told: unknown[] = []
    const next = new Provisioner({ ...options(), onAddresses: (_gateway, now) => told.push(now?.assigned) })
    next.set(new Map([['shop/web', infra()]]))
    expect(told).toEqual([])
    running.push(next.observe(stop.signal))
    await next.listed
    expect(told).toEqual([[{ type: 'IPAddress', value: '192.0.2.1' }]])
  })

  it('changes only what differs', async () => {
    await lead()
    set(infra())
    await made()
    await quiet()
    set(infra({ ports: [...infra().ports, { name: 'tcp-81', port: 81, boundPort: 10_081, protocol: 'TCP' }] }))
    await eventually(() => expect(listAt(object(SERVICES), 'spec', 'ports')).toHaveLength(2))
    await quiet()
    expect(
      writes()
        .slice(4)
        .map(({ path }) => path.split('/').at(-2)),
    ).toEqual(['services'])
  })

  it('repairs what others change, brings back what they delete, and gives up fighting', async () => {
    await lead()
    set(infra())
    await made()
    await quiet()
    const service = object(SERVICES)
    if (service === undefined) throw new Error('no Service')
    api.put(SERVICES, { ...service, spec: { type: 'ClusterIP' } })
    await eventually(() => expect(fieldAt(object(SERVICES), 'spec', 'type')).toBe('LoadBalancer'))
    api.remove(CONFIG_MAPS, 'shop', 'headgate-web')
    await eventually(() => expect(object(CONFIG_MAPS)).toBeDefined())
    await quiet()
    const count = writes().length
    for (let round = 0; round < 20; round++) {
      const now = object(SERVICES)
      if (now !== undefined) api.put(SERVICES, { ...now, spec: { type: 'ClusterIP', round } })
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(writes().length - count).toBeLessThan(10)
  })

  it('does not mind what the cluster adds', async () => {
    await lead()
    set(infra())
    await made()
    await quiet()
    const deployment = object(DEPLOYMENTS)
    if (deployment === undefined) throw new Error('no Deployment')
    const count = writes().length
    api.put(DEPLOYMENTS, { ...deployment, status: { readyReplicas: 1 } })
    await quiet()
    expect(writes()).toHaveLength(count)
  })

  it('never takes over an object of somebody else, says so, and goes on when it is gone', async () => {
    api.put(SERVICES, { metadata: { name: 'headgate-web', namespace: 'shop' }, spec: { mine: true } })
    await lead()
    set(infra())
    await eventually(() =>
      expect(addresses.get('shop/web')?.problem).toMatchObject({
        reason: 'Invalid',
        message: expect.stringContaining('Service/shop/headgate-web'),
      }),
    )
    await made()
    expect(object(SERVICES)?.spec).toEqual({ mine: true })
    api.remove(SERVICES, 'shop', 'headgate-web')
    await clock.advance(2_000)
    await eventually(() => expect(fieldAt(object(SERVICES), 'spec', 'type')).toBe('LoadBalancer'))
    await eventually(() => expect(addresses.get('shop/web')?.problem?.reason).toBe('AddressNotAssigned'))
  })

  it('makes everything anew for a Gateway that was deleted and created again', async () => {
    await lead()
    set(infra())
    await made()
    uids.set('shop/web', 'uid-2')
    set({ ...infra(), gatewayClass: 'another' })
    for (let i = 0; i < 8; i++) {
      await clock.advance(10_000)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await eventually(() => expect(fieldAt(listAt(object(DEPLOYMENTS), 'metadata', 'ownerReferences')[0], 'uid')).toBe('uid-2'))
    expect(fieldAt(listAt(object(SERVICES), 'metadata', 'ownerReferences')[0], 'uid')).toBe('uid-2')
  })

  it('deletes what is no longer wanted: an old kind of workload, and everything with the Gateway', async () => {
    await lead()
    set(infra())
    await made()
    set(infra({ config: { workload: 'DaemonSet' } }))
    await eventually(() => expect(object(DAEMON_SETS)).toBeDefined())
    await quiet()
    // Its pods are not there yet.
    expect(object(DEPLOYMENTS)).toBeDefined()
    api.put(DAEMON_SETS, { ...object(DAEMON_SETS), status: { observedGeneration: 1 } } as RawObject)
    await eventually(() => expect(object(DEPLOYMENTS)).toBeUndefined())
    set(undefined)
    await eventually(() => expect([ACCOUNTS, CONFIG_MAPS, SERVICES, DAEMON_SETS].flatMap((collection) => api.list(collection))).toEqual([]))
    expect(addresses.get('shop/web')).toBeUndefined()
  })

  it('makes everything under another name before it deletes what is replaced, each when what takes its place is there', async () => {
    const names = { workload: 'edge', service: 'edge', serviceAccount: 'edge', autoscaler: 'edge', disruptionBudget: 'edge' }
    const config = { autoscaling: { maxReplicas: 3 }, disruptionBudget: { minAvailable: 1 } }
    const there = (...collections: readonly string[]): readonly (readonly string[])[] =>
      collections.map((collection) =>
        api
          .list(collection)
          .map(({ metadata }) => metadata.name)
          .toSorted(),
      )
    await lead()
    set(infra({ config }))
    await eventually(() => expect(there(BUDGETS, AUTOSCALERS)).toEqual([['headgate-web'], ['headgate-web']]))
    set(infra({ config: { ...config, names } }))
    await eventually(() => expect(there(BUDGETS, AUTOSCALERS)).toEqual([['edge'], ['edge']]))
    await quiet()
    const both = ['edge', 'headgate-web']
    expect(there(DEPLOYMENTS, ACCOUNTS, SERVICES, CONFIG_MAPS)).toEqual([both, both, both, ['headgate-web']])
    const deployment = api.get(DEPLOYMENTS, 'shop', 'edge')
    expect(fieldAt(deployment, 'spec', 'template', 'spec', 'serviceAccountName')).toBe('edge')
    expect(fieldAt(api.get(AUTOSCALERS, 'shop', 'edge'), 'spec', 'scaleTargetRef', 'name')).toBe('edge')
    api.put(SERVICES, { ...api.get(SERVICES, 'shop', 'edge'), status: { loadBalancer: { ingress: [{ ip: '10.89.4.2' }] } } } as RawObject)
    await eventually(() => expect(there(DEPLOYMENTS, SERVICES)).toEqual([both, ['edge']]))
    expect(addresses.get('shop/web')?.assigned).toEqual([{ type: 'IPAddress', value: '10.89.4.2' }])
    const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }
    api.put(DEPLOYMENTS, { ...deployment, status } as RawObject)
    await eventually(() => expect(there(DEPLOYMENTS, ACCOUNTS)).toEqual([['edge'], ['edge']]))
  })

  it('takes away a Service with an address that is asked for before it makes the one of another name', async () => {
    const asked = { addresses: [{ type: 'IPAddress', value: '10.0.0.1' }] } as const
    await lead()
    set(infra(asked))
    await made()
    const before = api.requests.length
    set(infra({ ...asked, config: { names: { service: 'edge' } } }))
    await eventually(() => expect(api.get(SERVICES, 'shop', 'edge')).toBeDefined())
    const changes = api.requests.slice(before).filter(({ method, path }) => method !== 'GET' && path.includes('/services/'))
    expect(changes.map(({ method }) => method)).toEqual(['DELETE', 'PATCH'])
  })

  it('gives a name to one Gateway, and tells the other', async () => {
    const other = gatewayVersion('shop', 'other')
    const config = { names: { service: 'edge' } }
    uids.set('shop/other', 'uid-3')
    await lead()
    provisioner.set(
      new Map([
        ['shop/web', infra({ config })],
        ['shop/other', infra({ config, gateway: other })],
      ]),
    )
    const troubled = (): readonly string[] =>
      ['shop/web', 'shop/other'].filter((key) =>
        addresses.get(key)?.problem?.message.includes('Service/shop/edge belongs to somebody else'),
      )
    await eventually(() => expect(troubled()).toHaveLength(1))
    await quiet()
    const [loser = ''] = troubled()
    const winner = loser === 'shop/web' ? 'shop/other' : 'shop/web'
    expect(fieldAt(api.get(SERVICES, 'shop', 'edge'), 'metadata', 'annotations', 'headgate.dev/gateway')).toBe(winner)
    expect(api.list(DEPLOYMENTS)).toHaveLength(1)
    provisioner.set(new Map([[winner, undefined]]))
    for (let at = 0; at < 5; at++) {
      await clock.advance(10_000)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await eventually(() =>
      expect(fieldAt(api.get(SERVICES, 'shop', 'edge'), 'metadata', 'annotations', 'headgate.dev/gateway')).toBe(loser),
    )
  })

  it('deletes what a Gateway left behind while nobody led', async () => {
    await lead()
    set(infra())
    await made()
    stop.abort()
    await Promise.all(running)
    stop = new AbortController()
    provisioner = new Provisioner(options())
    follow()
    await lead()
    await quiet()
    expect(object(DEPLOYMENTS)).toBeDefined()
    provisioner.set(new Map())
    await eventually(() => expect(object(DEPLOYMENTS)).toBeUndefined())
  })

  it('leaves alone what another installation made', async () => {
    await lead()
    set(infra())
    await made()
    stop.abort()
    await Promise.all(running)
    stop = new AbortController()
    provisioner = new Provisioner({
      client,
      clock,
      log: silentLog,
      controllerName: 'example.com/another-installation',
      namespaces: [''],
      controllerNamespace: 'system',
      envoyImage: 'x',
      xds: () => ({ host: 'h', port: 1, authorities }),
      drainKeyOf: () => 'key',
      uidOf: () => undefined,
      onAddresses: () => undefined,
    })
    follow()
    await lead()
    provisioner.set(new Map())
    await quiet()
    expect(object(DEPLOYMENTS)).toBeDefined()
  })

  it('leaves what is there as it is while the Gateway is wrong', async () => {
    await lead()
    set(infra())
    await made()
    await quiet()
    const count = writes().length
    set(infra({ ports: [], problem: 'the class is unknown' }))
    await quiet()
    expect(writes()).toHaveLength(count)
    expect(object(DEPLOYMENTS)).toBeDefined()
  })

  it('reads the addresses that the cluster gives, also where it does not lead', async () => {
    set(infra())
    await eventually(() => expect(addresses.get('shop/web')?.problem?.reason).toBe('Pending'))
    await quiet()
    expect(writes()).toHaveLength(0)
    await lead()
    await made()
    await eventually(() => expect(addresses.get('shop/web')?.problem?.reason).toBe('AddressNotAssigned'))
    const service = object(SERVICES)
    if (service === undefined) throw new Error('no Service')
    api.put(SERVICES, { ...service, status: { loadBalancer: { ingress: [{ ip: '10.89.4.1' }] } } })
    await eventually(() => expect(addresses.get('shop/web')?.assigned).toEqual([{ type: 'IPAddress', value: '10.89.4.1' }]))
    expect(addresses.get('shop/web')?.problem).toBeUndefined()
  })

  it('tells no address of a Service that is about to go, also if it is that of an earlier Gateway of the same name', async () => {
    const told = (): GatewayAddresses | undefined => addresses.get('shop/web')
    const put = (more: object): void => {
      const service = object(SERVICES)
      const status = { loadBalancer: { ingress: [{ ip: '10.89.4.1' }] } }
      api.put(SERVICES, { ...service, metadata: { ...service?.metadata, ...more }, status } as RawObject)
    }
    await lead()
    set(infra())
    await made()
    for (const deletionTimestamp of [undefined, '2026-01-01T00:00:00Z', undefined]) {
      put({ deletionTimestamp })
      await eventually(() => expect(told()?.assigned).toHaveLength(deletionTimestamp === undefined ? 1 : 0))
    }
    api.plan({ status: 409 }, ({ method }) => method === 'DELETE', 1_000)
    uids.set('shop/web', 'uid-2')
    set({ ...infra(), gatewayClass: 'another' })
    const message = expect.stringContaining('belongs to an earlier Gateway of the same name')
    await eventually(() => expect(told()).toMatchObject({ assigned: [], problem: { reason: 'Pending', message } }))
  })

  it('says what the cluster refuses', async () => {
    api.plan({ status: 403, reason: 'Forbidden' }, ({ method, path }) => method === 'PATCH' && path.includes('serviceaccounts'))
    await lead()
    set(infra())
    await eventually(() => expect(addresses.get('shop/web')?.problem?.reason).toBe('NoResources'))
    await clock.advance(1_000)
    await made()
  })

  it('says why no Envoy is there, also where it does not lead, until one is', async () => {
    const absence = (): string | undefined => {
      const said = addresses.get('shop/web')?.absence
      return said && `${said.reason}: ${said.message}`
    }
    const report = (status: Readonly<Record<string, unknown>>): void => {
      const deployment = object(DEPLOYMENTS)
      if (deployment === undefined) throw new Error('no Deployment')
      api.put(DEPLOYMENTS, { ...deployment, status })
    }
    await lead()
    set(infra())
    await made()
    await eventually(() => expect(absence()).toMatch(/^Pending: .*No pod of the Deployment "headgate-web" is available/))
    expect(absence()).toMatch(/kubectl describe pods --namespace shop --selector .*gateway\.networking\.k8s\.io\/gateway-name=web$/)
    const refusal = 'pods "headgate-web-1" is forbidden: exceeded quota: none'
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: refusal }]
    report({ conditions })
    await eventually(() =>
      expect(absence()).toBe(`NoResources: The cluster refuses the pods of the Deployment "headgate-web": ${refusal}.`),
    )
    const follower: unknown[] = []
    const next = new Provisioner({ ...options(), onAddresses: (_gateway, now) => follower.push(now?.absence?.reason) })
    next.set(new Map([['shop/web', infra()]]))
    running.push(next.observe(stop.signal))
    await next.listed
    expect(follower).toEqual(['NoResources'])
    report({ conditions, availableReplicas: 1 })
    await eventually(() => expect(absence()).toBeUndefined())
    await clock.advance(30_000)
    expect(addresses.get('shop/web')?.shortage).toMatch(/ further pods /)
  })

  it('says that a bootstrap cannot be changed as asked, and makes the Envoys without the change', async () => {
    await lead()
    set(infra({ config: { bootstrap: { jsonPatches: [{ op: 'remove', path: '/dynamicResources' }] } } }))
    await made()
    await eventually(() => expect(addresses.get('shop/web')?.problem?.reason).toBe('Invalid'))
    expect(addresses.get('shop/web')?.problem?.message).toContain('dynamicResources cannot be changed')
    set(infra())
    await eventually(() => expect(addresses.get('shop/web')?.problem?.reason).not.toBe('Invalid'))
  })

  it('brings a new authority to every Gateway', async () => {
    await lead()
    set(infra())
    await made()
    authorities = 'NEW'
    provisioner.refresh()
    await eventually(() => expect(fieldAt(object(CONFIG_MAPS), 'data', 'ca.crt')).toBe('NEW'))
  })

  describe('for the Gateways of a class', () => {
    const [web, other] = [gatewayVersion('shop', 'web'), gatewayVersion('team', 'api')]
    const CLASS = 'GatewayClass/headgate'
    const own = (gateway: typeof web, boundPort: number) => sharedService([gateway], [tcpPort(80, boundPort)], gateway)
    const services = (): readonly (string | undefined)[] =>
      [...api.list(SERVICES)].map(({ metadata }) => metadata.labels?.['gateway.networking.k8s.io/gateway-name'])
    const deployment = (): RawObject | undefined => api.get(DEPLOYMENTS, 'system', 'headgateclass-headgate')

    beforeEach(() => {
      uids.set('/headgate', 'class-uid')
    })

    it('makes one fleet, and tells every Gateway the address of the Service', async () => {
      await lead()
      set(sharedFleet([sharedService([web, other], [tcpPort(80, 10_080)])]), CLASS)
      await eventually(() => expect(deployment()).toBeDefined())
      const service = api.get(SERVICES, 'system', 'headgateclass-headgate')
      if (service === undefined) throw new Error('no Service')
      api.put(SERVICES, { ...service, status: { loadBalancer: { ingress: [{ ip: '10.89.4.1' }] } } })
      const assigned = expect.objectContaining({ assigned: [{ type: 'IPAddress', value: '10.89.4.1' }] })
      await eventually(() => expect([addresses.get('shop/web'), addresses.get('team/api')]).toEqual([assigned, assigned]))
      set(sharedFleet([sharedService([web], [tcpPort(80, 10_080)])]), CLASS)
      expect(addresses.get('team/api')).toBeUndefined()
      expect(addresses.get('shop/web')).toEqual(assigned)
    })

    it('takes away the Service of a Gateway that went, and everything with the last one', async () => {
      await lead()
      set(sharedFleet([own(web, 20_001), own(other, 20_002)]), CLASS)
      await eventually(() => expect(services().toSorted()).toEqual(['api', 'web']))
      set(sharedFleet([own(other, 20_002)]), CLASS)
      await eventually(() => expect(services()).toEqual(['api']))
      set(undefined, CLASS)
      await eventually(() => expect([services(), deployment()]).toEqual([[], undefined]))
    })

    it('leaves the Service of a Gateway as it is while that asks for what it cannot have', async () => {
      await lead()
      set(sharedFleet([own(web, 20_001), own(other, 20_002)]), CLASS)
      await eventually(() => expect(services()).toHaveLength(2))
      set(sharedFleet([{ ...own(web, 20_009), problem: 'no' }, own(other, 20_003)]), CLASS)
      const targets = (): readonly unknown[] => [...api.list(SERVICES)].map(({ spec }) => fieldAt(listAt(spec, 'ports')[0], 'targetPort'))
      await eventually(() => expect(targets().toSorted()).toEqual([20_001, 20_003]))
    })

    it('keeps the fleet while the configuration of the class cannot be read', async () => {
      await lead()
      set(sharedFleet([own(web, 20_001)]), CLASS)
      await eventually(() => expect(deployment()).toBeDefined())
      const unknown = infra({ problem: 'the class names a GatewayConfig that does not exist' })
      provisioner.set(
        new Map([
          [CLASS, undefined],
          ['shop/web', unknown],
        ]),
      )
      await quiet()
      expect([deployment()?.metadata.name, services()]).toEqual(['headgateclass-headgate', ['web']])
      provisioner.set(new Map([['shop/web', infra()]]))
      provisioner.refresh()
      await eventually(() => expect(object(DEPLOYMENTS)).toBeDefined())
    })
  })
})
