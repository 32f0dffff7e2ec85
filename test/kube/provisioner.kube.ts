import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { GatewayAddresses } from '../../src/gatewayapi/inputs.js'
import { Provisioner } from '../../src/infra/kubernetes/provisioner.js'
import type { GatewayInfra } from '../../src/ir/infra.js'
import { systemClock } from '../../src/k8s/clock.js'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { fieldAt, type JsonObject, listAt } from '../../src/k8s/kube-json.js'
import { eventually } from '../support/eventually.js'
import { type OwnFleet, ownFleet } from '../support/gateway-infra.js'
import { provisionerOptions } from '../support/provisioner-options.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GATEWAYS = '/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways'
const at = (path: string): string => `${path}/headgate-web`
const SERVICES = '/api/v1/namespaces/shop/services'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments'
const DAEMON_SETS = '/apis/apps/v1/namespaces/shop/daemonsets'
const AUTOSCALERS = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers'
const BUDGETS = '/apis/policy/v1/namespaces/shop/poddisruptionbudgets'

describe('provisioning in a real cluster', () => {
  let api: KubeApiServer
  let provisioner: Provisioner
  let addresses: GatewayAddresses | undefined
  let running: Promise<void>[]
  let uid: string
  const stop = new AbortController()

  const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(5_000))
  const exists = (path: string): Promise<boolean> =>
    read(path).then(
      () => true,
      () => false,
    )
  const patch = (path: string, body: JsonObject): Promise<JsonObject> =>
    api.admin.json({ method: 'PATCH', path, body, contentType: CONTENT_TYPE.mergePatch }, AbortSignal.timeout(5_000))
  const versions = async (): Promise<unknown[]> =>
    Promise.all(
      [at(SERVICES), at(DEPLOYMENTS), at('/api/v1/namespaces/shop/configmaps'), at('/api/v1/namespaces/shop/serviceaccounts')].map(
        async (path) => fieldAt(await read(path), 'metadata', 'resourceVersion'),
      ),
    )
  const infra = (config: Readonly<Record<string, unknown>> = {}, more: OwnFleet = {}): GatewayInfra =>
    ownFleet({
      ports: [
        { name: 'tcp-80', port: 80, boundPort: 10_080, protocol: 'TCP' },
        { name: 'udp-5300', port: 5_300, boundPort: 5_300, protocol: 'UDP' },
      ],
      labels: { team: 'web' },
      annotations: { note: 'mine' },
      config,
      ...more,
    })
  const set = (wanted: GatewayInfra | undefined): void => provisioner.set(new Map([['shop/web', wanted]]))

  beforeAll(async () => {
    api = await startKubeApiServer()
    await installGatewayApi(api.admin, 'standard', ['Gateway'])
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await create(api.admin, '/api/v1/namespaces', { metadata: { name: 'shop', labels } })
    const gateway = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'web' },
      spec: { gatewayClassName: 'headgate', listeners: [{ name: 'a', port: 80, protocol: 'HTTP' }] },
    }
    uid = String(fieldAt(await create(api.admin, GATEWAYS, gateway), 'metadata', 'uid'))
    provisioner = new Provisioner(
      provisionerOptions(api.client('admin'), systemClock, {
        uidOf: () => uid,
        onAddresses: (_, now) => {
          addresses = now
        },
      }),
    )
    running = [provisioner.observe(stop.signal), provisioner.lead(stop.signal)]
  })

  afterAll(async () => {
    stop.abort()
    await Promise.all(running)
    await api.stop()
  })

  it('the API server accepts every object, and pods fit the restricted standard', async () => {
    set(infra())
    await eventually(async () => expect(await exists(at(DEPLOYMENTS))).toBe(true))
    const template = fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'template') as JsonObject
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...(template.metadata as JsonObject), name: 'try' }, spec: template.spec }
    const answer = await api.admin.json(
      { method: 'POST', path: '/api/v1/namespaces/shop/pods', query: { dryRun: 'All' }, body: pod },
      AbortSignal.timeout(5_000),
    )
    expect(answer.kind).toBe('Pod')
  })

  it('nothing changes when everything is as it should be', async () => {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const before = await versions()
    provisioner.refresh()
    set(infra())
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await versions()).toEqual(before)
  })

  it('foreign changes of our fields are repaired, foreign fields stay', async () => {
    await patch(at(SERVICES), { metadata: { annotations: { note: 'changed', theirs: 'stays' } }, spec: { selector: { app: 'other' } } })
    await eventually(async () => {
      const service = await read(at(SERVICES))
      expect(fieldAt(service, 'metadata', 'annotations')).toMatchObject({ note: 'mine', theirs: 'stays' })
      expect(fieldAt(service, 'spec', 'selector', 'gateway.networking.k8s.io/gateway-name')).toBe('web')
    })
  })

  it('the labels by which an object is found are repaired, too', async () => {
    for (const labels of [{ 'app.kubernetes.io/managed-by': 'other' }, { 'app.kubernetes.io/component': null }]) {
      await patch(at(DEPLOYMENTS), { metadata: { labels } })
      await eventually(async () =>
        expect(fieldAt(await read(at(DEPLOYMENTS)), 'metadata', 'labels')).toMatchObject({
          'app.kubernetes.io/managed-by': 'headgate',
          'app.kubernetes.io/component': 'proxy',
        }),
      )
    }
    expect(addresses?.problem?.reason).not.toBe('Invalid')
  })

  it('addresses are read from the load balancer', async () => {
    await patch(`${at(SERVICES)}/status`, { status: { loadBalancer: { ingress: [{ ip: '10.89.4.1' }] } } })
    await eventually(() => expect(addresses?.assigned).toEqual([{ type: 'IPAddress', value: '10.89.4.1' }]))
    expect(addresses?.problem).toBeUndefined()
    set(
      infra(
        {},
        {
          addresses: [
            { type: 'IPAddress', value: '10.89.4.1' },
            { type: 'IPAddress', value: '192.0.2.1' },
          ],
        },
      ),
    )
    await eventually(() => expect(addresses?.problem?.reason).toBe('AddressNotUsable'))
    await eventually(async () => expect(fieldAt(await read(at(SERVICES)), 'spec', 'loadBalancerIP')).toBe('10.89.4.1'))
  })

  it('an address within the cluster is the one of the Service; one that is out of range is refused', async () => {
    set(infra({}, { addresses: [{ type: 'IPAddress', routability: 'Cluster' }] }))
    await eventually(async () => expect(fieldAt(await read(at(SERVICES)), 'spec', 'type')).toBe('ClusterIP'))
    const value = fieldAt(await read(at(SERVICES)), 'spec', 'clusterIP')
    await eventually(() => expect(addresses?.assigned).toEqual([{ type: 'IPAddress', value, routability: 'Cluster' }]))
    set(infra({}, { addresses: [{ type: 'IPAddress', routability: 'Cluster', value: '192.0.2.1' }] }))
    await eventually(() =>
      expect(addresses?.problem).toMatchObject({ reason: 'AddressNotUsable', message: expect.stringContaining('clusterIP') }),
    )
  })

  it('a Service changes its type, whatever the class says about those of another one', async () => {
    const service = { externalTrafficPolicy: 'Local', loadBalancerSourceRanges: ['10.0.0.0/8'], allocateLoadBalancerNodePorts: false }
    set(infra({ service }))
    await eventually(async () => expect(await read(at(SERVICES))).toMatchObject({ spec: { type: 'LoadBalancer', ...service } }))
    set(infra({ service }, { addresses: [{ type: 'IPAddress', routability: 'Cluster' }] }))
    await eventually(async () => expect(fieldAt(await read(at(SERVICES)), 'spec', 'type')).toBe('ClusterIP'))
    set(infra({ service: { ...service, type: 'NodePort' } }))
    await eventually(async () =>
      expect(await read(at(SERVICES))).toMatchObject({ spec: { type: 'NodePort', externalTrafficPolicy: 'Local' } }),
    )
    set(infra({ service: { ...service, type: 'ClusterIP' } }))
    await eventually(async () => expect(fieldAt(await read(at(SERVICES)), 'spec', 'type')).toBe('ClusterIP'))
    expect(addresses?.problem).toBeUndefined()
    set(infra({ service }))
    await eventually(async () => expect(await read(at(SERVICES))).toMatchObject({ spec: { type: 'LoadBalancer', ...service } }))
  })

  it('says what a configuration has wrong, also where the API server calls that an error of its own', async () => {
    set(infra())
    await eventually(async () => expect(addresses?.problem?.reason).not.toBe('NoResources'))
    for (const [config, message] of [
      [{ resources: { requests: { memory: '512MB' } } }, 'quantities must match'],
      [{ resources: { requests: 'all' } }, 'resources.requests: expected map'],
      [{ tolerations: ['all'] }, 'tolerations[0]: expected map'],
      [{ podLabels: { 'a b': 'c' } }, 'spec.template.labels'],
    ] as const) {
      set(infra(config))
      await eventually(() => expect(addresses?.problem).toMatchObject({ reason: 'NoResources', message: expect.stringContaining(message) }))
    }
    set(infra())
    await eventually(() => expect(addresses?.problem?.reason).not.toBe('NoResources'))
  })

  it('an autoscaler owns the number of replicas', async () => {
    set(infra({ autoscaling: { minReplicas: 2, maxReplicas: 4 }, disruptionBudget: { minAvailable: 1 } }))
    await eventually(async () => expect(await exists(at(AUTOSCALERS))).toBe(true))
    await eventually(async () => expect(await exists(at(BUDGETS))).toBe(true))
    await patch(`${at(DEPLOYMENTS)}/scale`, { spec: { replicas: 3 } })
    provisioner.refresh()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(3)
  })

  it('a fleet keeps its replicas when an autoscaler takes over, which it has only then', async () => {
    set(infra({ replicas: 4 }))
    await eventually(async () => expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(4))
    await eventually(async () => expect(await exists(at(AUTOSCALERS))).toBe(false))
    set(infra({ autoscaling: { minReplicas: 2, maxReplicas: 6 }, logLevel: 'info' }))
    await eventually(async () => expect(await exists(at(AUTOSCALERS))).toBe(true))
    const deployment = await read(at(DEPLOYMENTS))
    expect(fieldAt(deployment, 'spec', 'replicas')).toBe(4)
    expect(JSON.stringify(fieldAt(deployment, 'spec', 'template'))).toContain('"info"')
    await patch(`${at(DEPLOYMENTS)}/scale`, { spec: { replicas: 6 } })
    set(infra({ autoscaling: { minReplicas: 2, maxReplicas: 6 }, logLevel: 'warn' }))
    await eventually(async () => expect(JSON.stringify(await read(at(DEPLOYMENTS)))).toContain('"warn"'))
    expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(6)
    set(infra({ replicas: 3 }))
    await eventually(async () => expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(3))
    set(infra({ autoscaling: { minReplicas: 2, maxReplicas: 4 }, disruptionBudget: { minAvailable: 1 } }))
    await eventually(async () => expect(await exists(at(AUTOSCALERS))).toBe(true))
  })

  it('leaves the number of replicas to whoever scales, where nobody says one', async () => {
    set(infra({ replicas: 3 }))
    await eventually(async () => expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(3))
    await patch(`${at(DEPLOYMENTS)}/scale`, { spec: { replicas: 5 } })
    await eventually(async () => expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(3))
    set(infra({ logLevel: 'info' }))
    await eventually(async () => expect(JSON.stringify(await read(at(DEPLOYMENTS)))).toContain('"info"'))
    expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(3)
    for (const replicas of [5, 0, 1]) {
      await patch(`${at(DEPLOYMENTS)}/scale`, { spec: { replicas } })
      provisioner.refresh()
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(fieldAt(await read(at(DEPLOYMENTS)), 'spec', 'replicas')).toBe(replicas)
    }
    set(infra({ autoscaling: { minReplicas: 2, maxReplicas: 4 }, disruptionBudget: { minAvailable: 1 } }))
    await eventually(async () => expect(await exists(at(AUTOSCALERS))).toBe(true))
  })

  it('a Deployment becomes a DaemonSet, and goes when its pods are there', async () => {
    set(infra({ workload: 'DaemonSet' }))
    await eventually(async () => expect(await exists(at(DAEMON_SETS))).toBe(true))
    expect(await exists(at(DEPLOYMENTS))).toBe(true)
    const observedGeneration = fieldAt(await read(at(DAEMON_SETS)), 'metadata', 'generation') as number
    const counts = { desiredNumberScheduled: 1, currentNumberScheduled: 1, numberMisscheduled: 0, numberReady: 1 }
    // No node runs here, and nobody else says that the new pods are there.
    await patch(`${at(DAEMON_SETS)}/status`, {
      status: { observedGeneration, updatedNumberScheduled: 1, numberAvailable: 1, ...counts },
    })
    for (const path of [DEPLOYMENTS, AUTOSCALERS, BUDGETS]) await eventually(async () => expect(await exists(at(path))).toBe(false))
  })

  it('a Service of somebody else is left alone', async () => {
    set(undefined)
    await eventually(async () => expect(await exists(at(SERVICES))).toBe(false))
    await create(api.admin, SERVICES, { metadata: { name: 'headgate-web' }, spec: { ports: [{ port: 9 }] } })
    set(infra())
    await eventually(() => expect(addresses?.problem?.reason).toBe('Invalid'))
    expect(listAt(await read(at(SERVICES)), 'spec', 'ports').map((port) => fieldAt(port, 'port'))).toEqual([9])
  })
})
