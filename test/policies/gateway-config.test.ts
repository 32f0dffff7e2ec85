/** GatewayConfig: what is made in a cluster. The API server and real pods are asked in test/kube and test/cluster. */
import { expect, it } from '@jest/globals'
import { type Manifest, manifestsOf } from '../../src/infra/kubernetes/manifests.js'
import { readProxySettings } from '../../src/infra/kubernetes/proxy-settings.js'
import { fieldAt, listAt } from '../../src/k8s/kube-json.js'
import { KINDS } from '../../src/kinds/index.js'
import { createInterpreter } from '../../src/provider/file/interpret-object.js'
import type { JsonObject } from '../../src/schema/json.js'
import { createValidator } from '../../src/schema/validate.js'
import { ownFleet } from '../support/gateway-infra.js'
import { createTranslationWorld } from '../support/translation-world.js'
import { policyField } from './coverage/policy-field.js'

const interpret = createInterpreter(KINDS, createValidator())

/** The objects for a Gateway with this configuration, by kind. */
function made(spec: JsonObject): ReadonlyMap<string, Manifest> {
  const read = interpret({ apiVersion: 'headgate.dev/v1alpha1', kind: 'GatewayConfig', metadata: { name: 'c', namespace: 'shop' }, spec })
  if (read.outcome !== 'accepted') throw new Error(JSON.stringify(read))
  const config = { ...('spec' in read.object ? (read.object.spec as object) : {}) } as Readonly<Record<string, unknown>>
  const manifests = manifestsOf(ownFleet({ config }), {
    ownerUid: 'uid',
    group: 'shop/web',
    controllerNamespace: 'system',
    addresses: ['0.0.0.0'],
    settings: readProxySettings(config, 'envoyproxy/envoy:distroless-v1.40.0'),
    xds: { host: 'headgate.system.svc', port: 18_000, authorities: 'PEM' },
    drainKey: 'key',
  })
  return new Map(manifests.map((manifest) => [manifest.kind, manifest]))
}
const pod = (spec: JsonObject, kind = 'Deployment'): unknown => fieldAt(made(spec).get(kind), 'spec', 'template', 'spec')
const envoy = (spec: JsonObject): unknown => listAt(pod(spec), 'containers')[0]
const args = (spec: JsonObject): string => listAt(envoy(spec), 'args').join(' ')
const bootstrap = (spec: JsonObject): string => String(fieldAt(made(spec).get('ConfigMap'), 'data', 'bootstrap.json'))

policyField(
  ['GatewayConfig {image,replicas,resources,concurrency,allocatorCaches,logLevel,logLevels,maxConnections}'],
  'sizes an Envoy',
  async () => {
    const resources = { limits: { memory: '1Gi' } }
    expect(envoy({ image: 'mine:1', resources })).toMatchObject({ image: 'mine:1', resources })
    expect(made({ replicas: 3 }).get('Deployment')?.spec).toMatchObject({ replicas: 3 })
    expect(args({ concurrency: 2, logLevel: 'info', logLevels: { upstream: 'debug' } })).toMatch(
      /--log-level info --component-log-level upstream:debug --concurrency 2/,
    )
    const tunables = expect.objectContaining({ name: 'GLIBC_TUNABLES' })
    expect(listAt(envoy({ allocatorCaches: 'PerCPU' }), 'env')).toContainEqual({ name: 'GLIBC_TUNABLES', value: 'glibc.pthread.rseq=0' })
    expect(listAt(envoy({ allocatorCaches: 'PerThread' }), 'env')).not.toContainEqual(tunables)
    expect(listAt(envoy({}), 'env')).not.toContainEqual(tunables)
    expect(bootstrap({ maxConnections: 9 })).toContain('"maxActiveDownstreamConnections": "9"')
  },
)

policyField(
  [
    'GatewayConfig {affinity,nodeSelector,tolerations,topologySpreadConstraints,priorityClassName,imagePullSecrets,hostNetwork,podLabels,podAnnotations}',
  ],
  'places the pods and marks them',
  async () => {
    const spec = {
      affinity: { podAntiAffinity: {} },
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'edge' }],
      topologySpreadConstraints: [{ maxSkew: 1 }],
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 'registry' }],
      hostNetwork: true,
    }
    expect(pod(spec)).toMatchObject(spec)
    const metadata = fieldAt(made({ podLabels: { a: 'b' }, podAnnotations: { c: 'd' } }).get('Deployment'), 'spec', 'template', 'metadata')
    expect(metadata).toMatchObject({ labels: { a: 'b' }, annotations: { c: 'd' } })
  },
)

policyField(['GatewayConfig workload'], 'runs one Envoy on each node', async () => {
  expect([...made({ workload: 'DaemonSet' }).keys()]).toContain('DaemonSet')
  expect(pod({ workload: 'DaemonSet', nodeSelector: { disk: 'ssd' } }, 'DaemonSet')).toMatchObject({ nodeSelector: { disk: 'ssd' } })
})

policyField(
  [
    'GatewayConfig service.{type,annotations,externalTrafficPolicy,internalTrafficPolicy,trafficDistribution,loadBalancerClass}',
    'GatewayConfig service.{loadBalancerSourceRanges,allocateLoadBalancerNodePorts,ipFamilyPolicy,ipFamilies,sessionAffinity}',
  ],
  'shapes the Service',
  async () => {
    const fields = {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      trafficDistribution: 'PreferSameZone',
      loadBalancerClass: 'internal',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      allocateLoadBalancerNodePorts: false,
      ipFamilyPolicy: 'RequireDualStack',
      ipFamilies: ['IPv6', 'IPv4'],
      sessionAffinity: 'ClientIP',
    }
    const service = made({ service: { ...fields, annotations: { cloud: 'yes' } } }).get('Service')
    expect(service?.spec).toMatchObject(fields)
    expect(service?.metadata.annotations).toMatchObject({ cloud: 'yes' })
    expect(made({ service: { type: 'NodePort' } }).get('Service')?.spec).toMatchObject({ type: 'NodePort' })
  },
)

policyField(
  [
    'GatewayConfig autoscaling.{minReplicas,maxReplicas,metrics,behavior}',
    'GatewayConfig autoscaling.{targetCPUUtilizationPercentage,targetMemoryUtilizationPercentage}',
  ],
  'scales the Envoys',
  async () => {
    const custom = { type: 'Pods', pods: { metric: { name: 'x' } } }
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } }
    const utilization = { targetCPUUtilizationPercentage: 70, targetMemoryUtilizationPercentage: 80 }
    const all = made({ autoscaling: { minReplicas: 2, maxReplicas: 5, metrics: [custom], behavior, ...utilization } })
    expect(all.get('HorizontalPodAutoscaler')?.spec).toMatchObject({ minReplicas: 2, maxReplicas: 5, behavior })
    expect(listAt(all.get('HorizontalPodAutoscaler'), 'spec', 'metrics')).toHaveLength(3)
    expect(all.get('Deployment')?.spec).not.toHaveProperty('replicas')
    expect([...made({ autoscaling: { minReplicas: 2 } }).keys()]).not.toContain('HorizontalPodAutoscaler')
  },
)

policyField(
  ['GatewayConfig names.{workload,service,serviceAccount,autoscaler,disruptionBudget}'],
  'names what is made; src/infra/kubernetes/provisioner.test.ts says how names change',
  async () => {
    const names = { workload: 'w', service: 's', serviceAccount: 'a', autoscaler: 'h', disruptionBudget: 'b' }
    const config = { names, autoscaling: { maxReplicas: 3 }, disruptionBudget: { minAvailable: 1 } }
    const named = (spec: JsonObject): Record<string, string> =>
      Object.fromEntries([...made(spec).values()].map(({ kind, metadata }) => [kind, metadata.name]))
    const rest = { ConfigMap: 'headgate-web', Service: 's', ServiceAccount: 'a' }
    expect(named(config)).toEqual({ ...rest, Deployment: 'w', HorizontalPodAutoscaler: 'h', PodDisruptionBudget: 'b' })
    expect(named({ names, workload: 'DaemonSet' })).toEqual({ ...rest, DaemonSet: 'w' })
    expect(pod(config)).toMatchObject({ serviceAccountName: 'a' })
    expect(fieldAt(made(config).get('HorizontalPodAutoscaler'), 'spec', 'scaleTargetRef', 'name')).toBe('w')
  },
)

policyField(['GatewayConfig useListenerPortAsContainerPort'], 'lets the Envoys bind low ports', async () => {
  const sysctls = [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }]
  expect(pod({ useListenerPortAsContainerPort: true })).toMatchObject({ securityContext: { sysctls } })
  expect(fieldAt(pod({}), 'securityContext')).not.toHaveProperty('sysctls')
  expect(fieldAt(pod({ useListenerPortAsContainerPort: true, hostNetwork: true }), 'securityContext')).not.toHaveProperty('sysctls')
})

policyField(['GatewayConfig disruptionBudget'], 'keeps enough Envoys while nodes are drained', async () => {
  expect(made({ disruptionBudget: { maxUnavailable: 1 } }).get('PodDisruptionBudget')?.spec).toMatchObject({ maxUnavailable: 1 })
})

policyField(
  ['GatewayConfig drain.{minimumSeconds,maximumSeconds,healthCheckFailureDelaySeconds}'],
  'lets an Envoy say good-bye; envoy/pod-listener.test.ts asks a real one',
  async () => {
    const drain = { minimumSeconds: 7, maximumSeconds: 90 }
    expect(fieldAt(envoy({ drain }), 'lifecycle', 'preStop', 'httpGet', 'path')).toBe('/drain?minimum=7&maximum=90')
    expect(fieldAt(pod({ drain }), 'terminationGracePeriodSeconds')).toBeGreaterThan(90)
    expect(fieldAt(envoy({ drain: { ...drain, healthCheckFailureDelaySeconds: 20 } }), 'lifecycle', 'preStop', 'httpGet', 'path')).toBe(
      '/drain?minimum=7&maximum=90&unready=20',
    )
  },
)

policyField(
  [
    'GatewayConfig metrics.prometheus.{enabled,compression}',
    'GatewayConfig metrics.include.{prefix,suffix,regex}',
    'GatewayConfig metrics.sinks.openTelemetry.{host,port,reportCountersAsDeltas,reportHistogramsAsDeltas,headers,resourceAttributes}',
    'GatewayConfig metrics.sinks.openTelemetry.backendSettings.{timeouts,tcpKeepalive,circuitBreaker,connection,dns,http2}',
  ],
  'counts what is asked for, and tells who is named; envoy/pod-listener.test.ts asks a real Envoy',
  async () => {
    const text = bootstrap({
      metrics: {
        prometheus: { enabled: false, compression: 'Zstd' },
        include: [{ prefix: 'a.' }, { suffix: '.b' }, { regex: 'c+' }],
        sinks: [
          {
            openTelemetry: {
              host: 'collector',
              port: 4317,
              reportCountersAsDeltas: true,
              reportHistogramsAsDeltas: true,
              headers: [{ name: 'X-Key', value: 'k3y' }],
              resourceAttributes: { 'service.name': 'edge' },
              backendSettings: {
                timeouts: { tcp: { connectTimeout: '7s' } },
                tcpKeepalive: { probes: 4 },
                circuitBreaker: { maxPendingRequests: 5 },
                connection: { bufferLimit: '1Mi' },
                dns: { lookupFamily: 'IPv6' },
                http2: { initialStreamWindowSize: 70_000 },
              },
            },
          },
        ],
      },
    })
    for (const part of [
      '"prefix": "a."',
      '"suffix": ".b"',
      '"regex": "c+"',
      'zstd',
      '"reportCountersAsDeltas": true',
      '"portValue": 4317',
      '"key": "x-key"',
      '"service.name": "edge"',
      '"connectTimeout": "7s"',
      '"keepaliveProbes": 4',
      '"maxPendingRequests": 5',
      '"perConnectionBufferLimitBytes": 1048576',
      '"dnsLookupFamily": "V6_ONLY"',
      '"initialStreamWindowSize": 70000',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).not.toContain('/stats/prometheus')
  },
)

policyField(
  ['GatewayConfig bootstrap.merge', 'GatewayConfig bootstrap.jsonPatches.{op,path,jsonPath,from,value}'],
  'changes the file that an Envoy starts with; envoy/pod-listener.test.ts starts one',
  async () => {
    const merge = { layeredRuntime: { layers: [{ name: 'mine', staticLayer: { flag: 7 } }] } }
    const jsonPatches = [
      { op: 'replace', jsonPath: "$.layeredRuntime.layers[?(@.name=='mine')]", path: '/staticLayer/flag', value: 8 },
      { op: 'copy', from: '/layeredRuntime/layers/1/staticLayer/flag', path: '/layeredRuntime/layers/1/staticLayer/twin' },
    ]
    const { layeredRuntime } = JSON.parse(bootstrap({ bootstrap: { merge, jsonPatches } }))
    expect(layeredRuntime.layers[1]).toEqual({ name: 'mine', staticLayer: { flag: 8, twin: 8 } })
    expect(bootstrap({ bootstrap: { merge: { node: { cluster: 'other' } } } })).toBe(bootstrap({}))
  },
)

policyField(['GatewayConfig patches.{kind,value}'], 'changes what no field says', async () => {
  const container = { name: 'envoy', env: [{ name: 'TZ', value: 'UTC' }], volumeMounts: [{ name: 'logs', mountPath: '/logs' }] }
  const all = made({
    patches: [
      { kind: 'Deployment', value: { spec: { strategy: { type: 'Recreate' }, template: { spec: { containers: [container] } } } } },
      { kind: 'Service', value: { metadata: { labels: { team: 'edge' } } } },
    ],
  })
  expect(fieldAt(all.get('Deployment'), 'spec', 'strategy', 'type')).toBe('Recreate')
  expect(listAt(listAt(all.get('Deployment'), 'spec', 'template', 'spec', 'containers')[0], 'env')).toContainEqual({
    name: 'TZ',
    value: 'UTC',
  })
  expect(all.get('Service')?.metadata.labels).toMatchObject({ team: 'edge' })
})

policyField(['GatewayConfig mergeType'], 'puts the configuration of a Gateway over that of its class, or in its place', async () => {
  const config = (name: string, spec: string): string =>
    `apiVersion: headgate.dev/v1alpha1\nkind: GatewayConfig\nmetadata: {name: ${name}, namespace: infra}\nspec: {${spec}}`
  const gatewayClass = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: headgate}
spec:
  controllerName: headgate.dev/gateway-controller
  parametersRef: {group: headgate.dev, kind: GatewayConfig, name: of-class, namespace: infra}`
  const web = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: infra}
spec:
  gatewayClassName: headgate
  infrastructure: {parametersRef: {group: headgate.dev, kind: GatewayConfig, name: own}}
  listeners: [{name: http, port: 80, protocol: HTTP}]`
  const configured = (own: string) => {
    const world = createTranslationWorld()
    const ofClass = config('of-class', 'replicas: 3, accessLogs: [], drain: {minimumSeconds: 1}')
    world.apply([gatewayClass, ofClass, config('own', own), web].join('\n---\n'))
    world.place('infra/gw')
    world.flush()
    const { gatewayApi } = world.translation
    return [gatewayApi.infra.get('infra/gw')?.config, [...gatewayApi.ports.entries()][0]?.[1]]
  }
  const [merged, listensLike] = configured('drain: {maximumSeconds: 9}')
  expect(merged).toEqual({ replicas: 3, accessLogs: [], drain: { minimumSeconds: 1, maximumSeconds: 9 } })
  expect(JSON.stringify(listensLike)).toContain('"accessLogs":[]')
  const [replaced, listens] = configured('mergeType: Replace, drain: {maximumSeconds: 9}')
  expect(replaced).toEqual({ mergeType: 'Replace', drain: { maximumSeconds: 9 } })
  expect(JSON.stringify(listens)).not.toContain('accessLogs')
})

it.each([
  {
    where: 'accessLogs',
    spec: (headers: JsonObject) => ({ accessLogs: [{ sink: { type: 'OpenTelemetry', openTelemetry: { ...TO, ...headers } } }] }),
  },
  { where: 'accessLogs', spec: (headers: JsonObject) => ({ accessLogs: [{ sink: { type: 'GRPC', grpc: { ...TO, ...headers } } }] }) },
  { where: 'tracing', spec: (headers: JsonObject) => ({ tracing: { provider: { type: 'OpenTelemetry', ...TO, ...headers } } }) },
  { where: 'metrics', spec: (headers: JsonObject) => ({ metrics: { sinks: [{ openTelemetry: { host: 'a', port: 1, ...headers } }] } }) },
])(
  'headers for a collector of $where have no percent sign: Envoy refuses most, starts with none of these, and sends %% as it is',
  ({ spec }) => {
    const outcome = (value: string) =>
      interpret({
        apiVersion: 'headgate.dev/v1alpha1',
        kind: 'GatewayConfig',
        metadata: { name: 'c', namespace: 'shop' },
        spec: spec({ headers: [{ name: 'authorization', value }] }) as JsonObject,
      }).outcome
    expect(['Bearer a-b_c=', 'Basic%20abc', '50%', '%REQ(x)%', '%%'].map(outcome)).toEqual(['accepted', ...Array(4).fill('refused')])
  },
)
const TO = { backendRef: { name: 'collector', port: 4317 } }
