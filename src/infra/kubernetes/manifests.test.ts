import { describe, expect, it } from '@jest/globals'
import { gatewayVersion, type OwnFleet, ownFleet, sharedFleet, sharedService, tcpPort } from '../../../test/support/gateway-infra.js'
import type { GatewayInfra, InfraService } from '../../ir/infra.js'
import { fieldAt, listAt } from '../../k8s/kube-json.js'
import { type FleetOptions, type Manifest, manifestsOf } from './manifests.js'
import { podPort } from './pod-template.js'
import { readProxySettings } from './proxy-settings.js'

const infra = (more: OwnFleet = {}): GatewayInfra =>
  ownFleet({
    ports: [
      { name: 'tcp-80', port: 80, boundPort: 10_080, protocol: 'TCP' },
      { name: 'udp-5300', port: 5_300, boundPort: 5_300, protocol: 'UDP' },
    ],
    labels: { team: 'web', 'app.kubernetes.io/managed-by': 'someone-else' },
    annotations: { note: 'mine' },
    ...more,
  })
const options = (config: Readonly<Record<string, unknown>>, authorities = 'PEM'): FleetOptions => ({
  ownerUid: 'uid-1',
  group: 'shop/web',
  controllerNamespace: 'system',
  addresses: ['0.0.0.0'],
  settings: readProxySettings(config, 'envoyproxy/envoy:distroless-v1.40.0'),
  xds: { host: 'headgate.system.svc.cluster.local', port: 18_000, authorities },
  drainKey: 'key',
})
const make = (config: Readonly<Record<string, unknown>> = {}, more: OwnFleet = {}): ReadonlyMap<string, Manifest> =>
  new Map(manifestsOf(infra(more), options(config)).map((manifest) => [manifest.kind, manifest]))
const container = (manifest: Manifest | undefined): unknown => listAt(manifest, 'spec', 'template', 'spec', 'containers')[0]

describe('what is made for a Gateway', () => {
  it('is an account, a configuration, a Service and a Deployment, owned by the Gateway in its namespace', () => {
    const all = make()
    expect([...all.keys()]).toEqual(['ServiceAccount', 'ConfigMap', 'Service', 'Deployment'])
    for (const { metadata } of all.values()) {
      expect(metadata).toMatchObject({
        name: 'headgate-web',
        namespace: 'shop',
        ownerReferences: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: 'web', uid: 'uid-1', controller: true }],
      })
    }
  })

  it('carries the labels and annotations of the infrastructure on account, Service and pods; ours cannot be taken away', () => {
    const all = make()
    for (const metadata of [
      all.get('ServiceAccount')?.metadata,
      all.get('Service')?.metadata,
      fieldAt(all.get('Deployment'), 'spec', 'template', 'metadata'),
    ]) {
      expect(metadata).toMatchObject({
        labels: { team: 'web', 'app.kubernetes.io/managed-by': 'headgate', 'gateway.networking.k8s.io/gateway-name': 'web' },
        annotations: { note: 'mine', 'headgate.dev/gateway': 'shop/web' },
      })
    }
  })

  it('maps the ports that clients name to those that an Envoy without rights can bind', () => {
    const all = make()
    expect(listAt(all.get('Service'), 'spec', 'ports')).toEqual([
      { name: 'tcp-80', port: 80, targetPort: 10_080, protocol: 'TCP' },
      { name: 'udp-5300', port: 5_300, targetPort: 5_300, protocol: 'UDP' },
    ])
  })

  it('names the ports of listeners on pods that take ports of their node, and nowhere else: new listeners replace no pods', () => {
    const named = (config: Readonly<Record<string, unknown>>): readonly unknown[] =>
      listAt(container(make(config).get('Deployment')), 'ports').map((port) => fieldAt(port, 'containerPort'))
    expect(named({ hostNetwork: true })).toEqual([10_080, 5_300, 64_183])
    expect(named({})).toEqual([64_001])
  })

  it('looks names of the cluster up there on pods that have the network of their node, too', () => {
    const policy = (config: Readonly<Record<string, unknown>>): unknown =>
      fieldAt(make(config).get('Deployment'), 'spec', 'template', 'spec', 'dnsPolicy')
    expect(policy({ hostNetwork: true })).toBe('ClusterFirstWithHostNet')
    expect(policy({})).toBeUndefined()
  })

  it('makes the new pod before the old one goes, but where both need the ports of one node', () => {
    const update = (config: Readonly<Record<string, unknown>>): unknown => {
      const all = make(config)
      const spec = (all.get('Deployment') ?? all.get('DaemonSet'))?.spec
      return fieldAt(fieldAt(spec, 'strategy') ?? fieldAt(spec, 'updateStrategy'), 'rollingUpdate')
    }
    const overlapping = { maxSurge: 1, maxUnavailable: 0 }
    expect(update({ replicas: 3 })).toEqual(overlapping)
    expect(update({ workload: 'DaemonSet' })).toEqual(overlapping)
    expect(update({ workload: 'DaemonSet', hostNetwork: true })).toEqual({ maxSurge: 0, maxUnavailable: 1 })
    expect(update({ replicas: 3, hostNetwork: true })).toEqual({ maxSurge: 1, maxUnavailable: 1 })
    expect(update({ autoscaling: { maxReplicas: 3 }, hostNetwork: true })).toEqual({ maxSurge: 1, maxUnavailable: 1 })
    // Without its only Envoy the Gateway would serve nobody.
    expect(update({ hostNetwork: true })).toEqual(overlapping)
  })

  it('leaves it to Kubernetes to spread Envoys, and has constraints of a class be about those of each Gateway', () => {
    const spread = (config: Readonly<Record<string, unknown>>): unknown =>
      fieldAt(make(config).get('Deployment'), 'spec', 'template', 'spec', 'topologySpreadConstraints')
    expect([spread({}), spread({ replicas: 3 }), spread({ autoscaling: { maxReplicas: 3 } })]).toEqual([undefined, undefined, undefined])
    const zones = { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' }
    const labelSelector = { matchLabels: { app: 'own' } }
    const ofFleet = fieldAt(make().get('Deployment'), 'spec', 'selector')
    expect(spread({ topologySpreadConstraints: [zones, { ...zones, labelSelector }] })).toEqual([
      { ...zones, labelSelector: ofFleet },
      { ...zones, labelSelector },
    ])
  })

  it('gives the pod a port of its own that no listener uses', () => {
    const ports = [64_001, 64_002].map((boundPort) => ({ name: `tcp-${boundPort}`, port: boundPort, boundPort, protocol: 'TCP' as const }))
    expect(podPort({ ports }, { key: 'shop/web' }, options({}).settings)).toBe(64_003)
  })

  it('gives pods of different Gateways different ports of a node, so that it can have both', () => {
    const ports = ['web', 'api', 'admin'].map((name) => {
      const manifests = manifestsOf(infra({ gateway: gatewayVersion('shop', name) }), options({ hostNetwork: true }))
      const containerPorts = listAt(container(manifests.find(({ kind }) => kind === 'Deployment')), 'ports')
      const own = fieldAt(containerPorts.at(-1), 'containerPort')
      const bootstrap = JSON.stringify(manifests.find(({ kind }) => kind === 'ConfigMap'))
      expect(bootstrap).toContain(`${own}`)
      return own
    })
    expect(new Set(ports).size).toBe(3)
  })

  it('fits the restricted Pod Security Standard', () => {
    const pod = fieldAt(make().get('Deployment'), 'spec', 'template', 'spec')
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(fieldAt(container(make().get('Deployment')), 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it('drains before it ends, and has the time for it', () => {
    const deployment = make({ drain: { minimumSeconds: 1, maximumSeconds: 30 } }).get('Deployment')
    expect(fieldAt(container(deployment), 'lifecycle', 'preStop', 'httpGet')).toMatchObject({
      path: '/drain?minimum=1&maximum=30',
      httpHeaders: [{ name: 'x-headgate-drain-key', value: 'key' }],
    })
    expect(fieldAt(deployment, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds')).toBe(40)
  })

  it('puts the bootstrap, the authority and the way to the token into the ConfigMap', () => {
    const data = fieldAt(make().get('ConfigMap'), 'data')
    const bootstrap: unknown = JSON.parse(String(fieldAt(data, 'bootstrap.json')))
    expect(fieldAt(bootstrap, 'node', 'cluster')).toBe('shop/web')
    expect(JSON.stringify(bootstrap)).toContain('/etc/headgate/authority.json')
    expect(String(fieldAt(data, 'authority.json'))).toContain('/etc/headgate/ca.crt')
    expect(JSON.stringify(bootstrap)).toContain('/etc/headgate/token.json')
    expect(fieldAt(data, 'ca.crt')).toBe('PEM')
    expect(String(fieldAt(data, 'token.json'))).toContain('/var/run/secrets/headgate/token')
  })

  it('lets Envoys say which image they are of', () => {
    const bootstrap = JSON.stringify(make({ image: 'registry.example/envoy:v9' }).get('ConfigMap'))
    expect(bootstrap).toMatch(/headgate\.dev\/image.{0,8}registry\.example\/envoy:v9\\+"/)
  })

  it('lets Envoys that may bind low ports be of another kind than those that may not: these refuse what the others can do', () => {
    const bootstrap = JSON.stringify(make({ image: 'registry.example/envoy:v9', useListenerPortAsContainerPort: true }).get('ConfigMap'))
    expect(bootstrap).toMatch(/headgate\.dev\/image.{0,8}registry\.example\/envoy:v9 \(low ports\)\\+"/)
  })

  it('replaces pods when the bootstrap changes, and not when the authority does', () => {
    const templateOf = (more: Partial<GatewayInfra>, authorities: string): string =>
      JSON.stringify(
        fieldAt(
          manifestsOf(infra(more), options({}, authorities)).find(({ kind }) => kind === 'Deployment'),
          'spec',
          'template',
        ),
      )
    expect(templateOf({}, 'OTHER')).toBe(templateOf({}, 'PEM'))
    const taken = [{ name: 'tcp-64001', port: 64_001, boundPort: 64_001, protocol: 'TCP' as const }]
    expect(templateOf({ ports: taken }, 'PEM')).not.toBe(templateOf({}, 'PEM'))
  })

  it.each([
    { type: 'LoadBalancer', want: { loadBalancerIP: '10.0.0.1' } },
    { type: 'ClusterIP', want: { externalIPs: ['10.0.0.1', '10.0.0.2'] } },
  ])('asks for static addresses as a Service of type $type can', ({ type, want }) => {
    const addresses = [{ type: 'IPAddress', value: '10.0.0.1' }, { type: 'IPAddress' }, { type: 'IPAddress', value: '10.0.0.2' }] as const
    expect(make({ service: { type } }, { addresses }).get('Service')?.spec).toMatchObject({ type, ...want })
  })

  it.each([
    {
      name: 'needs no load balancer for an address within the cluster',
      addresses: [{ type: 'IPAddress', routability: 'Cluster' }],
      want: { type: 'ClusterIP' },
    },
    {
      name: 'asks for a fixed one',
      addresses: [{ type: 'IPAddress', routability: 'Cluster', value: '10.96.0.7' }],
      want: { type: 'ClusterIP', clusterIP: '10.96.0.7' },
    },
    {
      name: 'has both',
      addresses: [
        { type: 'IPAddress', value: '10.0.0.1' },
        { type: 'IPAddress', routability: 'Cluster' },
      ],
      want: { type: 'LoadBalancer', loadBalancerIP: '10.0.0.1' },
    },
  ] as const)('$name', ({ addresses, want }) => {
    expect(make({}, { addresses }).get('Service')?.spec).toMatchObject(want)
  })

  it('leaves the number of replicas to an autoscaler', () => {
    const all = make({ autoscaling: { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 70 } })
    expect(all.get('Deployment')?.spec).not.toHaveProperty('replicas')
    expect(all.get('HorizontalPodAutoscaler')?.spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'headgate-web' },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
    })
    expect(make({ replicas: 3 }).get('Deployment')?.spec).toHaveProperty('replicas', 3)
  })

  it('is a DaemonSet, and has a disruption budget, where the configuration says so', () => {
    const all = make({ workload: 'DaemonSet', autoscaling: { maxReplicas: 5 }, disruptionBudget: { minAvailable: 1 } })
    expect([...all.keys()]).toEqual(['ServiceAccount', 'ConfigMap', 'Service', 'DaemonSet', 'PodDisruptionBudget'])
    expect(all.get('DaemonSet')?.spec).toMatchObject({ updateStrategy: { type: 'RollingUpdate' } })
    expect(all.get('PodDisruptionBudget')?.spec).toMatchObject({
      minAvailable: 1,
      selector: { matchLabels: { 'gateway.networking.k8s.io/gateway-name': 'web' } },
    })
  })

  it('takes patches of users, which cannot move an object or set it free', () => {
    const patches = [
      {
        kind: 'Deployment',
        value: { spec: { template: { spec: { containers: [{ name: 'envoy', env: [{ name: 'X', value: '1' }] }, { name: 'side' }] } } } },
      },
      {
        kind: 'Service',
        value: { metadata: { name: 'elsewhere', namespace: 'kube-system', ownerReferences: null, labels: { more: 'yes' } } },
      },
      // By these we find again what we made, and for whom.
      {
        kind: 'Service',
        value: {
          metadata: { labels: { 'app.kubernetes.io/managed-by': null }, annotations: { 'headgate.dev/gateway': 'other/web', more: 'yes' } },
        },
      },
    ]
    const all = make({ patches })
    expect(listAt(container(all.get('Deployment')), 'env').map((each) => fieldAt(each, 'name'))).toEqual([
      'POD_NAME',
      'POD_NAMESPACE',
      'POD_ZONE',
      'X',
    ])
    expect(listAt(all.get('Deployment'), 'spec', 'template', 'spec', 'containers')).toHaveLength(2)
    expect(all.get('Service')?.metadata).toMatchObject({
      name: 'headgate-web',
      namespace: 'shop',
      ownerReferences: [{ uid: 'uid-1' }],
      labels: { more: 'yes', 'app.kubernetes.io/managed-by': 'headgate' },
      annotations: { more: 'yes', 'headgate.dev/gateway': 'shop/web' },
    })
  })

  it('starts Envoy with the levels, limits and metrics that are asked for', () => {
    const metrics = {
      prometheus: { enabled: false },
      include: [{ prefix: 'http.' }],
      sinks: [{ openTelemetry: { host: 'collector', port: 4317 } }],
    }
    const all = make({ logLevels: { upstream: 'debug', http2: 'trace' }, maxConnections: 7, metrics })
    expect(listAt(container(all.get('Deployment')), 'args').join(' ')).toContain('--component-log-level http2:trace,upstream:debug')
    const bootstrap = String(fieldAt(all.get('ConfigMap'), 'data', 'bootstrap.json'))
    expect(JSON.parse(bootstrap)).toMatchObject({
      statsSinks: [{ name: 'envoy.stat_sinks.open_telemetry' }],
      overloadManager: { resourceMonitors: [{ typedConfig: { maxActiveDownstreamConnections: '7' } }] },
    })
    expect(bootstrap).toContain('"prefix": "http."')
    expect(bootstrap).not.toContain('/stats/prometheus')
  })

  it('is nothing while the Gateway has no port', () => {
    expect(make({}, { ports: [] }).size).toBe(0)
  })

  it('is the same for the same Gateway', () => {
    expect(JSON.stringify([...make()])).toBe(JSON.stringify([...make()]))
  })
})

describe('what is made for the Gateways of a class', () => {
  const [web, api] = [gatewayVersion('shop', 'web'), gatewayVersion('team', 'api')]
  const makeShared = (...services: readonly InfraService[]): readonly Manifest[] => manifestsOf(sharedFleet(services), options({}))
  const byKind = (manifests: readonly Manifest[], kind: string): readonly Manifest[] => manifests.filter((each) => each.kind === kind)

  it('is in the namespace of the controller and belongs to the class, under a name that the fleet of no Gateway has', () => {
    const all = makeShared(sharedService([web, api], [tcpPort(80, 10_080)]))
    expect(all.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'ConfigMap', 'Service', 'Deployment'])
    for (const { metadata } of all) {
      expect(metadata).toMatchObject({
        name: 'headgateclass-headgate',
        namespace: 'system',
        annotations: { 'headgate.dev/gateway': 'GatewayClass/headgate' },
        labels: { 'headgate.dev/merged-class': 'headgate' },
        ownerReferences: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', name: 'headgate', uid: 'uid-1' }],
      })
      expect(metadata.labels).not.toHaveProperty('gateway.networking.k8s.io/gateway-name')
    }
  })

  it('does not replace the pods when a Gateway comes', () => {
    const one = sharedService([web], [tcpPort(80, 20_001)], web)
    const templates = [makeShared(one), makeShared(one, sharedService([api], [tcpPort(80, 20_002)], api))].map((all) =>
      JSON.stringify(byKind(all, 'Deployment')),
    )
    expect(templates[1]).toBe(templates[0])
  })

  it('is one Service for all that share an address', () => {
    const [service] = byKind(makeShared(sharedService([web, api], [tcpPort(80, 10_080)])), 'Service')
    expect(service?.spec).toMatchObject({
      selector: { 'headgate.dev/merged-class': 'headgate' },
      ports: [{ port: 80, targetPort: 10_080 }],
    })
  })

  it('is a Service for each that has an address of its own, all to the same pods', () => {
    const ofWeb = { ...sharedService([web], [tcpPort(80, 20_001)], web), labels: { team: 'web' }, annotations: { note: 'mine' } }
    const services = byKind(makeShared(ofWeb, sharedService([api], [tcpPort(80, 20_002)], api)), 'Service')
    expect(
      services.map(({ metadata, spec }) => [
        metadata.name.replace(/-[0-9a-f]{8}$/, ''),
        listAt(spec, 'ports').map((port) => fieldAt(port, 'targetPort')),
      ]),
    ).toEqual([
      ['headgategw-shop-web', [20_001]],
      ['headgategw-team-api', [20_002]],
    ])
    expect(new Set(services.map(({ spec }) => JSON.stringify(fieldAt(spec, 'selector')))).size).toBe(1)
    expect(services[0]?.metadata).toMatchObject({
      labels: { team: 'web', 'gateway.networking.k8s.io/gateway-name': 'web' },
      annotations: { note: 'mine', 'headgate.dev/gateway': 'GatewayClass/headgate' },
    })
  })

  it('leaves out the Service of a Gateway that cannot have what it asks for, and of one without ports', () => {
    const broken = { ...sharedService([web], [tcpPort(80, 20_001)], web), problem: 'no' }
    expect(
      byKind(makeShared(broken, sharedService([api], [], api), sharedService([api], [tcpPort(81, 20_003)], api)), 'Service'),
    ).toHaveLength(1)
  })
})
