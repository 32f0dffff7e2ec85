import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { systemClock } from '../../src/k8s/clock.js'
import { silentLog } from '../../src/k8s/log.js'
import { KINDS } from '../../src/kinds/index.js'
import type { CustomResource } from '../../src/provider/kubernetes/custom-resources.js'
import { KubernetesProvider, type KubernetesProviderOptions } from '../../src/provider/kubernetes/kubernetes-provider.js'
import type { KubeObject } from '../../src/provider/provider.js'
import { objectKey } from '../../src/util/object-ref.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { create, installGatewayApi, isOldestKubernetes, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GATEWAY_API = '/apis/gateway.networking.k8s.io/v1'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'

describe('the provider of a real cluster', () => {
  let api: KubeApiServer
  let stop: AbortController
  let running: Promise<void> = Promise.resolve()
  let objects: Map<string, KubeObject>
  let removed: string[]
  let complete: boolean
  let definitions: readonly CustomResource[]

  const start = (user: 'admin' | 'limited', more: Partial<KubernetesProviderOptions> = {}): KubernetesProvider => {
    stop = new AbortController()
    objects = new Map()
    removed = []
    complete = false
    const provider = new KubernetesProvider({
      client: api.client(user),
      clock: systemClock,
      log: silentLog,
      kinds: KINDS,
      scope: { kind: 'cluster' },
      byReference: new Set(['Secret', 'ConfigMap']),
      onCustomResources: (found) => {
        definitions = found
      },
      ...more,
    })
    const sink = {
      changes: (batch: Parameters<Parameters<KubernetesProvider['start']>[0]['changes']>[0]) => {
        for (const { kind, key, object } of batch) {
          if (object !== undefined) objects.set(`${kind}/${key}`, object)
          else if (objects.delete(`${kind}/${key}`)) removed.push(`${kind}/${key}`)
        }
      },
      complete: () => {
        complete = true
      },
    }
    running = provider.start(sink, stop.signal)
    return provider
  }
  const end = async (): Promise<void> => {
    stop.abort()
    await running
  }

  beforeAll(async () => {
    api = await startKubeApiServer()
    await create(api.admin, '/api/v1/namespaces', { metadata: { name: 'shop', labels: { team: 'web' } } })
    await create(api.admin, '/api/v1/namespaces', { metadata: { name: 'vault' } })
    for (const [namespace, name] of [
      ['shop', 'cert'],
      ['shop', 'other'],
      ['vault', 'safe'],
    ]) {
      await create(api.admin, `/api/v1/namespaces/${namespace}/secrets`, { metadata: { name }, stringData: { key: 'x' } })
    }
  })

  afterEach(async () => {
    await end()
  })

  afterAll(async () => {
    await api.stop()
  })

  it('starts without any CRD, and reads kinds as they are installed', async () => {
    start('admin')
    await eventually(() => expect(complete).toBe(true), 10_000)
    expect(objects.has('Namespace//shop')).toBe(true)
    expect([...objects.keys()].some((key) => key.startsWith('Secret/'))).toBe(false)
    await installGatewayApi(api.admin, 'standard', ['HTTPRoute', 'GatewayClass'])
    const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'r' }, spec: { rules: [{}] } }
    await create(api.admin, `${GATEWAY_API}/namespaces/shop/httproutes`, route)
    await eventually(() => expect(objects.get('HTTPRoute/shop/r')).toBeDefined(), 15_000)
    // The API server has filled in what the schema says.
    expect(objects.get('HTTPRoute/shop/r')).toMatchObject({
      spec: { rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }] },
    })
    expect(definitions.map(({ name, bundleVersion, channel }) => [name, bundleVersion, channel])).toEqual([
      ['gatewayclasses.gateway.networking.k8s.io', 'v1.7.0', 'standard'],
      ['httproutes.gateway.networking.k8s.io', 'v1.7.0', 'standard'],
    ])
    const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.gateway.networking.k8s.io'
    await api.admin.json({ method: 'DELETE', path: crd }, AbortSignal.timeout(5_000))
    await eventually(() => expect(objects.has('HTTPRoute/shop/r')).toBe(false), 20_000)
  })

  it('gets along with the least rights: Roles in one namespace, and Secrets by name', async () => {
    const user = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'limited' }
    const read = ['get', 'list', 'watch']
    const groups = ['gateway.networking.k8s.io', 'gateway.networking.x-k8s.io', 'discovery.k8s.io', 'headgate.dev', 'multicluster.x-k8s.io']
    const inNamespace = [
      { apiGroups: groups, resources: ['*'], verbs: read },
      { apiGroups: [''], resources: ['services'], verbs: read },
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['cert'], verbs: read },
    ]
    const inCluster = [
      { apiGroups: ['gateway.networking.k8s.io'], resources: ['gatewayclasses'], verbs: read },
      { apiGroups: ['certificates.k8s.io'], resources: ['clustertrustbundles'], verbs: read },
      { apiGroups: [''], resources: ['namespaces'], resourceNames: ['shop'], verbs: read },
    ]
    await create(api.admin, `${RBAC}/namespaces/shop/roles`, { metadata: { name: 'headgate' }, rules: inNamespace })
    await create(api.admin, `${RBAC}/namespaces/shop/rolebindings`, {
      metadata: { name: 'headgate' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'headgate' },
      subjects: [user],
    })
    await create(api.admin, `${RBAC}/clusterroles`, { metadata: { name: 'headgate' }, rules: inCluster })
    await create(api.admin, `${RBAC}/clusterrolebindings`, {
      metadata: { name: 'headgate' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headgate' },
      subjects: [user],
    })
    const provider = start('limited', { scope: { kind: 'namespaces', names: ['shop'] } })
    await eventually(() => expect(complete).toBe(true), 15_000)
    const wanted = new Set([objectKey('shop', 'cert'), objectKey('shop', 'other'), objectKey('vault', 'safe')])
    await provider.want(new Map([['Secret', wanted]]))
    expect([...objects.keys()].sort()).toEqual(['Namespace//shop', 'Secret/shop/cert'])
    const states = [...provider.states()].filter(([name]) => name.includes('|secrets|'))
    expect(states.map(([name, state]) => [name.split('|').at(-1), state.kind === 'waiting' ? state.failure.reason : 'fine'])).toEqual([
      ['metadata.name=cert', 'fine'],
      ['metadata.name=other', 'forbidden'],
    ])
  })

  it('says what it may not read any more, and goes on with what it has', async () => {
    const bindings = `${RBAC}/clusterrolebindings`
    const role = { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' } }
    const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'limited' }]
    await create(api.admin, bindings, { metadata: { name: 'everything' }, ...role, subjects })
    await create(api.admin, '/api/v1/namespaces/shop/services', { metadata: { name: 'stays' }, spec: { ports: [{ port: 80 }] } })
    const provider = start('limited')
    await eventually(() => expect(complete).toBe(true), 15_000)
    expect(provider.refusals()).toEqual(new Map())
    await api.admin.json({ method: 'DELETE', path: `${bindings}/everything` }, AbortSignal.timeout(5_000))
    // A watch that is open goes on until the server ends it, after minutes.
    await api.restart()
    await eventually(() => expect(provider.refusals().get('services')).toContain('grant this verb'), 30_000)
    expect(objects.has('Service/shop/stays')).toBe(true)
    await create(api.admin, bindings, { metadata: { name: 'everything' }, ...role, subjects })
    await eventually(() => expect(provider.refusals()).toEqual(new Map()), 40_000)
  }, 120_000)

  it('follows namespaces that a label selects', async () => {
    start('admin', { scope: { kind: 'selector', labelSelector: 'team=web', own: 'default' } })
    await eventually(() => expect(complete).toBe(true), 10_000)
    await create(api.admin, '/api/v1/namespaces', { metadata: { name: 'late', labels: { team: 'web' } } })
    await create(api.admin, '/api/v1/namespaces/late/services', { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } })
    await create(api.admin, '/api/v1/namespaces/vault/services', { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } })
    await eventually(() => expect(objects.has('Service/late/s')).toBe(true))
    expect(objects.has('Service/vault/s')).toBe(false)
  })

  it('reads ClusterTrustBundles in the version that Kubernetes has: v1 since 1.37, in 1.32 an alpha that is switched on', async () => {
    const provider = start('admin')
    await eventually(() => expect(complete).toBe(true), 10_000)
    const version = provider.servedVersion('ClusterTrustBundle')
    expect(version).toBe(isOldestKubernetes ? 'v1alpha1' : 'v1')
    const { certificate: trustBundle } = await createAuthority()
    const bundle = { metadata: { name: 'company' }, spec: { trustBundle } }
    await create(api.admin, `/apis/certificates.k8s.io/${version}/clustertrustbundles`, bundle)
    await eventually(() => expect(objects.get('ClusterTrustBundle//company')).toMatchObject({ spec: { trustBundle } }), 10_000)
  })

  it('keeps the objects of a kind when another version of it is read, as it is after an upgrade of its CRD', async () => {
    await installGatewayApi(api.admin, 'standard', ['ReferenceGrant'])
    const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/referencegrants.gateway.networking.k8s.io'
    const serve = (version: string, served: boolean): Promise<unknown> =>
      eventually(async () => {
        const object = (await api.admin.json({ path: crd }, AbortSignal.timeout(5_000))) as {
          spec: { versions: { name: string; served: boolean }[] }
        }
        for (const each of object.spec.versions) if (each.name === version) each.served = served
        await api.admin.json({ method: 'PUT', path: crd, body: object }, AbortSignal.timeout(5_000))
      })
    await serve('v1', false)
    const grants = '/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/referencegrants'
    const spec = {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'vault' }],
      to: [{ group: '', kind: 'Service' }],
    }
    for (const name of ['stays', 'goes']) {
      const grant = { apiVersion: 'gateway.networking.k8s.io/v1beta1', kind: 'ReferenceGrant', metadata: { name }, spec }
      await eventually(async () => void (await create(api.admin, grants, grant)), 20_000)
    }
    const provider = start('admin')
    await eventually(() => expect(provider.servedVersion('ReferenceGrant')).toBe('v1beta1'), 10_000)
    await eventually(() => expect(objects.has('ReferenceGrant/shop/stays')).toBe(true), 10_000)
    await serve('v1', true)
    await eventually(() => expect(provider.servedVersion('ReferenceGrant')).toBe('v1'), 30_000)
    await api.admin.json({ method: 'DELETE', path: `${grants}/goes` }, AbortSignal.timeout(5_000))
    await eventually(() => expect(objects.has('ReferenceGrant/shop/goes')).toBe(false), 20_000)
    expect(removed).toEqual(['ReferenceGrant/shop/goes'])
    expect(objects.has('ReferenceGrant/shop/stays')).toBe(true)
  }, 90_000)
})
