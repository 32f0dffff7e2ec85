import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../test/support/eventually.js'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { FakeKubeApi, type SeenRequest } from '../../../test/support/fake-kube-api.js'
import { KubeClient } from '../../k8s/kube-client.js'
import type { RawObject } from '../../k8s/kube-json.js'
import { silentLog } from '../../k8s/log.js'
import type { StoredStatus } from '../../k8s/stored-status.js'
import { KINDS } from '../../kinds/index.js'
import { objectKey } from '../../util/object-ref.js'
import type { Change } from '../provider.js'
import type { CustomResource } from './custom-resources.js'
import { KubernetesProvider, type KubernetesProviderOptions } from './kubernetes-provider.js'

const ROUTES = '/apis/gateway.networking.k8s.io/v1/httproutes'
const SECRETS = '/api/v1/secrets'
const NAMESPACES = '/api/v1/namespaces'
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const route = (name: string, more: object = {}): RawObject => ({
  metadata: { name, namespace: 'shop', ...more },
  spec: { hostnames: [name] },
})
const secret = (name: string, namespace = 'shop'): RawObject => ({ metadata: { name, namespace }, data: { key: 'eA==' } })
const crd = (name: string): RawObject => ({
  metadata: {
    name,
    annotations: { 'gateway.networking.k8s.io/bundle-version': 'v1.7.0', 'gateway.networking.k8s.io/channel': 'standard' },
  },
})

describe('KubernetesProvider', () => {
  let api: FakeKubeApi
  let client: KubeClient
  let clock: FakeClock
  let stop: AbortController
  let running: Promise<void>
  let objects: Map<string, unknown>
  let log: string[]
  let statuses: Map<string, StoredStatus | undefined>
  let definitions: readonly CustomResource[]

  /** Lets the server serve these kinds, and no other. */
  const serve = (names: readonly string[], versions: Readonly<Record<string, string>> = {}): void => {
    for (const path of [...api.documents.keys()]) api.documents.delete(path)
    for (const kind of KINDS) {
      if (!names.includes(kind.kind)) continue
      const version = versions[kind.kind] ?? kind.versions[0]
      const path = kind.group === '' ? `/api/${version}` : `/apis/${kind.group}/${version}`
      const resources = (api.documents.get(path)?.resources ?? []) as object[]
      api.documents.set(path, { kind: 'APIResourceList', resources: [...resources, { name: kind.plural }] })
    }
  }
  const start = (more: Partial<KubernetesProviderOptions> = {}): KubernetesProvider => {
    const provider = new KubernetesProvider({
      client,
      clock,
      log: silentLog,
      kinds: KINDS,
      scope: { kind: 'cluster' },
      byReference: new Set(['Secret', 'ConfigMap']),
      onStatus: (kind, key, stored) => statuses.set(`${kind}/${key}`, stored),
      onCustomResources: (resources) => {
        definitions = resources
      },
      ...more,
    })
    const changes = (batch: readonly Change[]): void => {
      for (const { kind, key, object } of batch) {
        log.push(`${object === undefined ? '-' : '+'}${kind}/${key}`)
        if (object === undefined) objects.delete(`${kind}/${key}`)
        else objects.set(`${kind}/${key}`, object)
      }
    }
    running = provider.start({ changes, complete: () => log.push('complete') }, stop.signal)
    return provider
  }
  const completed = (): Promise<void> => eventually(() => expect(log).toContain('complete'))
  const reads = (path: string): SeenRequest[] => api.requests.filter((request) => request.path === path)

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    client = new KubeClient(api.credentials, 'test')
    clock = new FakeClock()
    stop = new AbortController()
    objects = new Map()
    log = []
    statuses = new Map()
    definitions = []
    serve(KINDS.map(({ kind }) => kind))
  })

  afterEach(async () => {
    stop.abort()
    await running
    client.close()
    await api.close()
  })

  it('hands over what exists, completes once, and goes on', async () => {
    api.put(ROUTES, route('a'))
    start()
    await completed()
    expect(log).toEqual(['+HTTPRoute/shop/a', 'complete'])
    expect(objects.get('HTTPRoute/shop/a')).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'a', namespace: 'shop', generation: 1 },
      spec: { hostnames: ['a'] },
    })
    await eventually(() => expect(api.watchers.size).toBeGreaterThan(15))
    api.put(ROUTES, route('b'))
    api.remove(ROUTES, 'shop', 'a')
    await eventually(() => expect([...objects.keys()]).toEqual(['HTTPRoute/shop/b']))
  })

  it('does not complete while one kind cannot be listed', async () => {
    // The list as a stream, the one in pages right after it, and the next one.
    const message = 'httproutes.gateway.networking.k8s.io is forbidden: User "me" cannot list resource "httproutes" in API group "x"'
    api.plan({ status: 403, reason: 'Forbidden', message }, (request) => request.path === ROUTES, 3)
    const provider = start()
    await eventually(() => expect([...provider.states().values()]).toContainEqual(expect.objectContaining({ kind: 'waiting' })))
    await eventually(() => expect([...provider.states().values()].filter(({ kind }) => kind === 'watching').length).toBeGreaterThan(15))
    expect(log).toEqual([])
    const refused = /^httproutes\.gateway\.networking\.k8s\.io: GET .*403 Forbidden.*grant this verb/
    await eventually(() => expect(provider.missing()).toEqual([expect.stringMatching(refused)]))
    await clock.advance(1_000)
    await eventually(() => expect(clock.sleeps.at(-1)).toBe(1_600))
    await clock.advance(2_000)
    await completed()
    expect(provider.missing()).toEqual([])
  })

  it('reports a change of the status as that, and not as a change of the object', async () => {
    api.put(ROUTES, route('a'))
    start()
    await completed()
    await eventually(() => expect(api.watchers.size).toBeGreaterThan(15))
    const stored = api.get(ROUTES, 'shop', 'a')
    api.put(ROUTES, { metadata: { name: 'a', namespace: 'shop' }, ...stored, status: { parents: [{ controllerName: 'x' }] } })
    await eventually(() => expect(statuses.get('HTTPRoute/shop/a')?.status).toEqual({ parents: [{ controllerName: 'x' }] }))
    expect(log).toEqual(['+HTTPRoute/shop/a', 'complete'])
    expect(objects.get('HTTPRoute/shop/a')).not.toHaveProperty('status')
  })

  it('reports a change of labels, which does not count up the generation', async () => {
    api.put(ROUTES, route('a'))
    start()
    await completed()
    await eventually(() => expect(api.watchers.size).toBeGreaterThan(15))
    api.put(ROUTES, route('a', { labels: { new: 'yes' } }))
    await eventually(() => expect(log).toEqual(['+HTTPRoute/shop/a', 'complete', '+HTTPRoute/shop/a']))
  })

  it('completes without kinds that are not installed, finds them when they come and drops their objects when they go', async () => {
    const all = KINDS.map(({ kind }) => kind)
    serve(all.filter((kind) => kind !== 'HTTPRoute'))
    api.put(ROUTES, route('a'))
    start()
    await completed()
    expect(reads(ROUTES)).toHaveLength(0)
    await eventually(() => expect(api.watchers.size).toBeGreaterThan(15))
    serve(all)
    api.put(CRDS, crd('httproutes.gateway.networking.k8s.io'))
    await eventually(() => expect(definitions).toHaveLength(1))
    expect(definitions[0]).toEqual({
      name: 'httproutes.gateway.networking.k8s.io',
      group: 'gateway.networking.k8s.io',
      bundleVersion: 'v1.7.0',
      channel: 'standard',
    })
    await eventually(() => expect(clock.sleeps.at(-1)).toBe(1_000))
    await clock.advance(1_000)
    await eventually(() => expect(objects.has('HTTPRoute/shop/a')).toBe(true))
    serve(all.filter((kind) => kind !== 'HTTPRoute'))
    api.remove(CRDS, '', 'httproutes.gateway.networking.k8s.io')
    await eventually(() => expect(clock.sleeps.at(-1)).toBe(1_000))
    await clock.advance(1_000)
    await eventually(() => expect(objects.has('HTTPRoute/shop/a')).toBe(false))
  })

  /** How often the server was asked what it serves. */
  const discoveries = (): number => reads('/apis/gateway.networking.k8s.io/v1').length

  it.each([
    { name: 'leaves a kind out', answer: { kind: 'APIResourceList', resources: [] } },
    { name: 'is empty', answer: {} },
  ])('keeps what it knows when an answer about what is served $name', async ({ answer }) => {
    api.put(ROUTES, route('a'))
    start()
    await completed()
    api.documents.set('/apis/gateway.networking.k8s.io/v1', answer)
    const before = discoveries()
    await eventually(async () => {
      await clock.advance(10_000)
      expect(discoveries()).toBeGreaterThan(before + 2)
    })
    expect(objects.has('HTTPRoute/shop/a')).toBe(true)
    api.put(ROUTES, route('b'))
    await eventually(() => expect(objects.has('HTTPRoute/shop/b')).toBe(true))
    expect(log.filter((each) => each.startsWith('-'))).toEqual([])
  })

  it('drops a kind that is left out for long, also where it cannot see CRDs', async () => {
    api.put(ROUTES, route('a'))
    api.plan({ status: 403 }, ({ path }) => path === CRDS, 1_000)
    start()
    await completed()
    serve(KINDS.map(({ kind }) => kind).filter((kind) => kind !== 'HTTPRoute'))
    const before = discoveries()
    await eventually(async () => {
      await clock.advance(1_000)
      expect(objects.has('HTTPRoute/shop/a')).toBe(false)
    })
    expect(discoveries() - before).toBeGreaterThanOrEqual(20)
  })

  it('does not complete without a kind whose CRD is there, while the server that has just started leaves it out', async () => {
    const all = KINDS.map(({ kind }) => kind)
    serve(all.filter((kind) => kind !== 'HTTPRoute'))
    api.put(ROUTES, route('a'))
    api.put(CRDS, crd('httproutes.gateway.networking.k8s.io'))
    start()
    await eventually(() => expect(clock.sleeps).toContain(1_000))
    await eventually(() => expect(api.watchers.size).toBeGreaterThan(15))
    expect(log).toEqual([])
    serve(all)
    await clock.advance(1_000)
    await completed()
    expect(log).toEqual(['+HTTPRoute/shop/a', 'complete'])
  })

  it('asks for CRDs by their metadata only', async () => {
    start()
    await completed()
    expect(String(reads(CRDS)[0]?.headers.accept)).toContain('PartialObjectMetadata')
  })

  it('reads a kind in an older version where the newest is not served', async () => {
    serve(['ReferenceGrant'], { ReferenceGrant: 'v1beta1' })
    api.put('/apis/gateway.networking.k8s.io/v1beta1/referencegrants', { metadata: { name: 'g', namespace: 'shop' }, spec: {} })
    start()
    await completed()
    expect(objects.get('ReferenceGrant/shop/g')).toMatchObject({ apiVersion: 'gateway.networking.k8s.io/v1' })
  })

  it('waits for an API server that is not ready to say what it serves', async () => {
    api.plan({ status: 503 }, (request) => request.path === '/apis/gateway.networking.k8s.io/v1')
    start()
    await eventually(() => expect(clock.sleeps).toContain(800))
    expect(log).toEqual([])
    await clock.advance(1_000)
    await completed()
  })

  it('never reads a Secret that nobody wants, and only the wanted ones by name', async () => {
    api.put(SECRETS, secret('cert'))
    api.put(SECRETS, secret('foreign'))
    const provider = start()
    await completed()
    const secretReads = (): SeenRequest[] => api.requests.filter((request) => request.path.endsWith('/secrets'))
    expect(secretReads()).toEqual([])
    await provider.want(new Map([['Secret', new Set([objectKey('shop', 'cert'), objectKey('shop', 'missing')])]]))
    expect([...objects.keys()]).toEqual(['Secret/shop/cert'])
    expect(new Set(secretReads().map(({ path, query }) => `${path} ${query.get('fieldSelector')}`))).toEqual(
      new Set(['/api/v1/namespaces/shop/secrets metadata.name=cert', '/api/v1/namespaces/shop/secrets metadata.name=missing']),
    )
    await eventually(() => expect([...api.watchers].filter(({ collection }) => collection === SECRETS)).toHaveLength(2))
    api.put(SECRETS, secret('missing'))
    await eventually(() => expect(objects.has('Secret/shop/missing')).toBe(true))
    await provider.want(new Map())
    await eventually(() => expect([...objects.keys()]).toEqual([]))
    await eventually(() => expect([...api.watchers].filter(({ collection }) => collection === SECRETS)).toHaveLength(0))
  })

  it('takes a wanted object that it may not read for missing at once, and one without an answer after five seconds', async () => {
    const provider = start()
    await completed()
    api.plan({ status: 403 }, ({ query }) => query.get('fieldSelector') === 'metadata.name=forbidden', 100)
    api.plan({ status: 500 }, ({ query }) => query.get('fieldSelector') === 'metadata.name=broken', 100)
    await provider.want(new Map([['Secret', new Set([objectKey('shop', 'forbidden')])]]))
    let waited = false
    const both = new Set([objectKey('shop', 'forbidden'), objectKey('shop', 'broken')])
    const wanting = provider.want(new Map([['Secret', both]])).then(() => {
      waited = true
    })
    await eventually(() => expect(clock.sleeps.filter((ms) => ms === 5_000)).toHaveLength(2))
    await clock.advance(4_000)
    expect(waited).toBe(false)
    await clock.advance(2_000)
    await wanting
    // It is waited for only once: whoever publishes next is not held up again.
    await provider.want(new Map([['Secret', both]]))
  })

  it('waits for a server that is busy before anything is published, and not for one object that it cannot give', async () => {
    const named = (name: string) => (request: SeenRequest) => request.query.get('fieldSelector') === `metadata.name=${name}`
    api.put(SECRETS, secret('late'))
    const provider = start()
    await completed()
    api.plan({ status: 429, reason: 'TooManyRequests', retryAfter: 12 }, named('late'))
    api.plan({ status: 500 }, named('broken'), 100)
    const wanted = new Map([['Secret', new Set([objectKey('shop', 'late'), objectKey('shop', 'broken')])]])
    let waited = false
    const wanting = provider.want(wanted, true).then(() => {
      waited = true
    })
    await eventually(() => expect(clock.sleeps).toContain(12_000))
    await clock.advance(11_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(waited).toBe(false)
    await clock.advance(1_000)
    await eventually(() => expect(objects.has('Secret/shop/late')).toBe(true))
    await eventually(async () => {
      await clock.advance(5_000)
      expect(waited).toBe(true)
    })
    await wanting
  })

  it('asks for nothing outside the listed namespaces but what has none', async () => {
    api.put(NAMESPACES, { metadata: { name: 'shop' } })
    api.put(NAMESPACES, { metadata: { name: 'other' } })
    api.put(ROUTES, route('a'))
    api.put(ROUTES, { metadata: { name: 'b', namespace: 'other' }, spec: {} })
    const provider = start({ scope: { kind: 'namespaces', names: ['shop'] } })
    await completed()
    await provider.want(new Map([['Secret', new Set([objectKey('other', 'cert')])]]))
    expect([...objects.keys()].sort()).toEqual(['HTTPRoute/shop/a', 'Namespace//shop'])
    const collections = api.requests.filter(({ path }) => !path.includes('/namespaces/shop/') && !api.documents.has(path))
    expect(new Set(collections.map(({ path }) => path.split('/').at(-1)))).toEqual(
      new Set(['gatewayclasses', 'namespaces', 'clustertrustbundles', 'customresourcedefinitions']),
    )
    expect(reads(NAMESPACES).every(({ query }) => query.get('fieldSelector') === 'metadata.name=shop')).toBe(true)
  })

  it('follows namespaces by their labels', async () => {
    api.put(NAMESPACES, { metadata: { name: 'shop', labels: { team: 'web' } } })
    api.put(NAMESPACES, { metadata: { name: 'other' } })
    api.put(ROUTES, route('a'))
    api.put(ROUTES, { metadata: { name: 'b', namespace: 'other' }, spec: {} })
    start({ scope: { kind: 'selector', labelSelector: 'team=web', own: 'system' } })
    await completed()
    expect([...objects.keys()].sort()).toEqual(['HTTPRoute/shop/a', 'Namespace//shop'])
    await eventually(() => expect([...api.watchers].some(({ collection }) => collection === NAMESPACES)).toBe(true))
    api.put(NAMESPACES, { metadata: { name: 'late', labels: { team: 'web' } } })
    api.put(ROUTES, { metadata: { name: 'c', namespace: 'late' }, spec: {} })
    await eventually(() => expect(objects.has('HTTPRoute/late/c')).toBe(true))
    api.remove(NAMESPACES, '', 'shop')
    await eventually(() => expect([...objects.keys()].sort()).toEqual(['HTTPRoute/late/c', 'Namespace//late']))
  })

  it('tells of objects of a namespace that lost its labels as gone, and not of their statuses: these stand there, and can be taken back', async () => {
    api.put(NAMESPACES, { metadata: { name: 'shop', labels: { team: 'web' } } })
    api.put(ROUTES, route('a'))
    api.put(ROUTES, route('b'))
    start({ scope: { kind: 'selector', labelSelector: 'team=web', own: 'system' } })
    await completed()
    await eventually(() => expect([...api.watchers].filter(({ collection }) => collection === ROUTES)).toHaveLength(2))
    api.remove(ROUTES, 'shop', 'b')
    await eventually(() => expect(objects.has('HTTPRoute/shop/b')).toBe(false))
    api.remove(NAMESPACES, '', 'shop')
    await eventually(() => expect(objects.has('HTTPRoute/shop/a')).toBe(false))
    expect([...statuses].map(([key, stored]) => [key, stored === undefined])).toEqual([
      ['HTTPRoute/shop/a', false],
      ['HTTPRoute/shop/b', true],
    ])
  })

  it('reads its own namespace besides, whatever labels that has, comes to have and loses', async () => {
    api.put(NAMESPACES, { metadata: { name: 'system' } })
    api.put(ROUTES, { metadata: { name: 'of-the-class', namespace: 'system' }, spec: {} })
    start({ scope: { kind: 'selector', labelSelector: 'team=web', own: 'system' } })
    await completed()
    expect([...objects.keys()]).toEqual(['HTTPRoute/system/of-the-class'])
    await eventually(() => expect([...api.watchers].some(({ collection }) => collection === NAMESPACES)).toBe(true))
    api.put(NAMESPACES, { metadata: { name: 'system', labels: { team: 'web' } } })
    await eventually(() => expect(objects.has('Namespace//system')).toBe(true))
    api.remove(NAMESPACES, '', 'system')
    await eventually(() => expect([...objects.keys()]).toEqual(['HTTPRoute/system/of-the-class']))
  })
})
