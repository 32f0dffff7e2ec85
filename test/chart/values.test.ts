/** What the chart refuses, and what its values lead to. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { readCommandLine } from '../../src/config/command-line.js'
import { BUILD_TIMEOUT_MS, CHART, Helm, type Manifest } from './helm.js'

let helm: Helm
beforeAll(async () => {
  helm = await Helm.find()
}, BUILD_TIMEOUT_MS)

describe('values.schema.json', () => {
  it.each([
    ['a name with a typing error', ['--set', 'image.pullPolicyy=Always'], "additional properties 'pullPolicyy' not allowed"],
    ['a number that is a word', ['--set', 'replicaCount=many'], 'got string, want integer'],
    ['an unknown log level', ['--set', 'log.level=loud'], '/log/level'],
    ['a controller name without a path', ['--set', 'controllerName=headgate.dev'], '/controllerName'],
    ['a port that needs root', ['--set', 'ports.xds=443'], 'minimum: got 443, want 1,024'],
    ['a digest that is none', ['--set', 'image.digest=latest'], '/image/digest'],
    ['parameters without a kind', ['--set', 'gatewayClass.parametersRef.group=headgate.dev'], "missing properties 'kind', 'name'"],
    ['a rate limit service with a typing error', ['--set', 'rateLimit.redis.uri=a:1'], "additional properties 'uri' not allowed"],
    ['a namespace in capitals', ['--set', 'watch.namespaces={Web}'], '/watch/namespaces/0'],
  ])('refuses %s', async (_case, args, message) => {
    await expect(helm.render(...args)).rejects.toThrow(message)
  })

  it('knows every value, and every value has a default', () => {
    const schema: SchemaNode = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'))
    const defaults: unknown = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'))
    expect(missingDefaults(schema, defaults, schema, '')).toEqual([])
  })
})

describe('templates', () => {
  it.each([
    ['both ways to choose namespaces', ['--set', 'watch.namespaces={web}', '--set', 'watch.selector=a=b'], 'exclude each other'],
    [
      'them with permissions of your own, too',
      ['--set', 'watch.namespaces={web}', '--set', 'watch.selector=a=b', '--set', 'rbac.create=false'],
      'exclude each other',
    ],
    [
      'a class with its own and with made parameters',
      [
        '--set',
        'gatewayClass.config.replicas=1,gatewayClass.parametersRef.group=g,gatewayClass.parametersRef.kind=k,gatewayClass.parametersRef.name=n',
      ],
      'exclude each other',
    ],
    [
      'an authority from two hands',
      ['--set', 'certificates.existingSecret=mine,certificates.certManager.enabled=true'],
      'certificates.certManager.enabled and certificates.existingSecret exclude each other',
    ],
    ['a ServiceMonitor without a Service', ['--set', 'metrics.serviceMonitor.enabled=true,metrics.service.enabled=false'], 'needs'],
    ['a rate limit service that has no place for its counts', ['--set', 'rateLimit.enabled=true'], 'set rateLimit.redis.url to HOST:PORT'],
    ['a field that a GatewayConfig does not have', ['--set', 'gatewayClass.config.replica=2'], 'no field gatewayClass.config.replica.'],
    [
      'one within a list of it',
      ['--set', 'gatewayClass.config.patches[0].kind=Service,gatewayClass.config.patches[0].values.a=b'],
      'no field gatewayClass.config.patches[0].values.',
    ],
    ['fewer replicas at most than at least', ['--set', 'autoscaling.enabled=true,autoscaling.maxReplicas=1'], 'is less than'],
  ])('refuse %s', async (_case, args, message) => {
    await expect(helm.render(...args)).rejects.toThrow(message)
  })

  it.each([
    ['by default', []],
    ['with namespaces', ['--set', 'watch.namespaces={web,shop}']],
    ['with a selector', ['--set-string', 'watch.selector=team in (web\\,shop)']],
    ['with an authority of somebody else', ['--set', 'certificates.existingSecret=mine']],
    ['with a rate limit service', ['--set', 'rateLimit.enabled=true,rateLimit.redis.url=redis:6379']],
    [
      'with hosts that are fetched from',
      ['--set', 'fetch.hosts={registry.example.com,*.example.org},fetch.plainHosts={registry.shop.svc:5000}'],
    ],
    ['with a registry of its own', ['--set', 'global.imageRegistry=mirror.example']],
  ])('give the controller a command line that it understands, %s', async (_case, args) => {
    const controller = containerOf(await deployment(args))
    const errors: string[] = []
    const read = readCommandLine(
      controller.args.map((argument) => argument.replace('$(POD_NAMESPACE)', 'headgate-system')),
      {
        environment: { POD_NAME: 'headgate-1' },
        workingFolder: '/',
        packageFolder: '/app',
        writeOut: () => {},
        writeError: (text) => errors.push(text),
      },
    )
    expect(errors).toEqual([])
    expect(read).toMatchObject({ kind: 'run', config: { provider: 'kubernetes', namespace: 'headgate-system' } })
  })

  it('keep the pod within the restricted Pod Security Standard', async () => {
    const pod = await deployment([])
    expect(pod).toMatchObject({ securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } })
    expect(containerOf(pod)).toMatchObject({
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    })
  })

  it('keep the pods of the rate limit service within it, too, and without rights', async () => {
    const args = ['--set', 'rateLimit.enabled=true,rateLimit.redis.url=redis:6379']
    const objects = await helm.objects(...args)
    const pod = await deployment(args, 'headgate-rate-limits')
    expect(pod).toMatchObject({
      serviceAccountName: 'headgate-rate-limits',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(containerOf(pod)).toMatchObject({
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    })
    const bound = objects.filter(({ kind }) => kind.endsWith('RoleBinding')).flatMap((binding) => JSON.stringify(binding))
    expect(bound.filter((binding) => binding.includes('headgate-rate-limits'))).toEqual([])
  })

  it('tell the controller the name of the Service that it renders', async () => {
    const args = ['--set', 'rateLimit.enabled=true,rateLimit.redis.url=redis:6379,fullnameOverride=edge']
    const { metadata } =
      (await helm.objects(...args)).find(({ kind, metadata: { name } }) => kind === 'Service' && name.endsWith('-limits')) ?? {}
    expect(containerOf(await deployment(args)).args).toContain(`--rate-limit-service=${metadata?.name}.${metadata?.namespace}.svc:8081`)
  })

  it('tell the controller whom it may fetch from', async () => {
    const args = ['--set', 'fetch.hosts={registry.example.com,*.example.org},fetch.plainHosts={registry.shop.svc:5000}']
    expect(containerOf(await deployment(args)).args).toEqual(
      expect.arrayContaining(['--fetch-hosts=registry.example.com,*.example.org', '--fetch-plain-hosts=registry.shop.svc:5000']),
    )
  })

  it('name the extension server, and mount what it is talked to with', async () => {
    const args = ['--set', 'extensionServer.address=hooks.platform.svc:9000,extensionServer.tlsSecret=hooks']
    const pod = await deployment(args)
    expect(containerOf(pod)).toMatchObject({
      args: expect.arrayContaining([
        '--extension-server=hooks.platform.svc:9000',
        '--extension-resources=VirtualHost',
        '--extension-failure-policy=Ignore',
        '--extension-timeout=1000',
        '--extension-tls=/extension-tls',
      ]),
      volumeMounts: expect.arrayContaining([{ name: 'extension-tls', mountPath: '/extension-tls', readOnly: true }]),
    })
    const volume = { name: 'extension-tls', secret: expect.objectContaining({ secretName: 'hooks' }) }
    expect(pod).toMatchObject({ volumes: expect.arrayContaining([volume]) })
    expect(JSON.stringify(await deployment([]))).not.toContain('extension')
  })

  it('prefer a digest to a tag, and a common registry to that of the image', async () => {
    const digest = `sha256:${'0'.repeat(64)}`
    const pod = await deployment(['--set', `image.digest=${digest},image.tag=v1,global.imageRegistry=mirror.example`])
    expect(containerOf(pod).image).toBe(`mirror.example/headgate/headgate@${digest}`)
  })

  it('take an image whose repository names the registry', async () => {
    const pod = await deployment(['--set', 'image.registry=,image.repository=localhost:5000/headgate'])
    expect(containerOf(pod).image).toMatch(/^localhost:5000\/headgate:\d/)
  })

  it('are a part of other charts, which say enabled, and write names of Secrets alone', async () => {
    const args = ['--set', 'enabled=true,global.imagePullSecrets={one},rateLimit.enabled=true,rateLimit.redis.url=redis:6379']
    const objects = await helm.objects(...args)
    const pods = objects.flatMap(({ kind, spec }) =>
      kind === 'Deployment' ? [(spec as { template: { spec: unknown } }).template.spec] : spec,
    )
    const pulling = pods.filter((pod) => pod instanceof Object && 'containers' in pod)
    expect(pulling).toHaveLength(3)
    for (const pod of pulling) expect(pod).toMatchObject({ imagePullSecrets: [{ name: 'one' }] })
    expect(await deployment(['--set', 'global.imagePullSecrets[0].name=one'])).toMatchObject({ imagePullSecrets: [{ name: 'one' }] })
  })

  it('replace all pods at once where that is wanted', async () => {
    const args = ['--set', 'updateStrategy.type=Recreate,rateLimit.enabled=true,rateLimit.redis.url=redis:6379']
    const strategies = (await helm.objects(...args)).flatMap(({ kind, spec }) => (kind === 'Deployment' ? [spec?.strategy] : []))
    expect(strategies).toEqual([{ type: 'Recreate' }, { type: 'Recreate' }])
  })

  it('leave the number of replicas to the autoscaler', async () => {
    const objects = await helm.objects('--set', 'autoscaling.enabled=true')
    expect(objects.find(({ kind }) => kind === 'Deployment')?.spec).not.toHaveProperty('replicas')
  })

  it('give Services names that there is room for, however long that of the release is', async () => {
    const long = 'r'.repeat(53)
    const values = [
      '--set',
      'metrics.service.enabled=true,metrics.prometheusRule.enabled=true,rateLimit.enabled=true,rateLimit.redis.url=redis:6379',
    ]
    const objects = await helm.objects(...values, '--set', `fullnameOverride=${long}-headgate`)
    const names = objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name)
    expect(names).toHaveLength(3)
    expect(names.filter((name) => name.length > 63 || !/^[a-z][a-z0-9-]*[a-z0-9]$/.test(name))).toEqual([])
    const rules = JSON.stringify(objects.find(({ kind }) => kind === 'PrometheusRule'))
    expect(names.filter((name) => rules.includes(`service=\\"${name}\\"`))).toEqual([`${long}-h-metrics`])
  })

  it.each(['replicaCount=1', 'autoscaling.enabled=true,autoscaling.minReplicas=1'])(
    'make no disruption budget for a single replica: it would stop every drain of a node (%s)',
    async (values) => {
      const objects = await helm.objects('--set', values)
      expect(objects.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget')
    },
  )
})

interface SchemaNode {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly $defs?: Readonly<Record<string, SchemaNode>>
}

interface PodSpec {
  readonly containers: readonly { readonly image: string; readonly args: readonly string[] }[]
}

async function deployment(args: readonly string[], wanted?: string): Promise<PodSpec> {
  const found = (await helm.objects(...args)).find(
    ({ kind, metadata }: Manifest) =>
      kind === 'Deployment' && (wanted === undefined ? !metadata.name.endsWith('-rate-limits') : metadata.name === wanted),
  )
  if (found === undefined) throw new Error('the chart renders no Deployment')
  return (found.spec as { template: { spec: PodSpec } }).template.spec
}

function containerOf(pod: PodSpec): PodSpec['containers'][number] {
  const [first] = pod.containers
  if (first === undefined) throw new Error('the pod has no container')
  return first
}

/** Fields that Kubernetes leaves optional have no default of ours, and need none. */
const OPTIONAL = ['/enabled', '/envoy/image/pullPolicy', '/resources/claims', '/gatewayClass/parametersRef']

function missingDefaults(node: SchemaNode, value: unknown, root: SchemaNode, path: string): readonly string[] {
  const name = node.$ref?.replace('#/$defs/', '')
  if (name === 'probe') return []
  const { properties = {} } = name === undefined ? node : (root.$defs?.[name] ?? {})
  return Object.entries(properties).flatMap(([key, child]) => {
    const inner = value instanceof Object && key in value ? Reflect.get(value, key) : undefined
    const here = `${path}/${key}`
    if (inner === undefined) return OPTIONAL.some((end) => here.endsWith(end)) ? [] : [here]
    return missingDefaults(child, inner, root, here)
  })
}
