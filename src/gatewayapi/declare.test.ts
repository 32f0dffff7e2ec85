import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createAuthority, type PemPair, type TestAuthority } from '../../test/support/certificates.js'
import { createTranslationWorld, type TranslationWorld } from '../../test/support/translation-world.js'
import { deepEqual } from '../util/deep-equal.js'
import { type ObjectKey, objectKey } from '../util/object-ref.js'

let issuer: TestAuthority
let first: PemPair
let second: PemPair

beforeAll(async () => {
  issuer = await createAuthority()
  // They end at the same second, whatever the clock does meanwhile: a listener says when its certificate ends.
  const validTo = new Date(Date.now() + 86_400_000)
  first = await issuer.issue({ dns: ['a.example.com'], validTo })
  second = await issuer.issue({ dns: ['a.example.com'], validTo })
})

const secret = (name: string, { certificate, privateKey }: PemPair): string => {
  const [crt, key] = [certificate, privateKey].map((text) => Buffer.from(text).toString('base64'))
  return `{ apiVersion: v1, kind: Secret, metadata: { name: ${name}, namespace: infra }, type: kubernetes.io/tls, data: { tls.crt: ${crt}, tls.key: ${key} } }`
}

const gateway = (name: string, listeners: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: infra }
spec: { gatewayClassName: headgate, listeners: [${listeners}], allowedListeners: { namespaces: { from: All } } }
`

const https = (name: string, host: string, cert: string): string =>
  `{ name: ${name}, port: 443, protocol: HTTPS, hostname: ${host}, tls: { certificateRefs: [{ name: ${cert} }] } }`

const httpRoute = (name: string, parent: string, path = '/'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: infra }
spec:
  parentRefs: [{ name: ${parent} }]
  hostnames: [${name}.example.com]
  rules: [{ matches: [{ path: { value: ${path} } }], backendRefs: [{ name: svc, port: 80 }] }]
`

const listenerSet = (name: string, listeners: string, created = '2026-01-01T00:00:00Z'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: ${name}, namespace: infra, creationTimestamp: "${created}" }
spec: { parentRef: { name: one }, listeners: [${listeners}] }
`

function twoGateways(): TranslationWorld {
  const world = createTranslationWorld()
  world.apply(secret('a', first))
  world.apply(secret('b', first))
  world.apply(
    gateway('one', [https('a', 'a.example.com', 'a'), https('b', 'b.example.com', 'b'), '{ name: http, port: 80, protocol: HTTP }'].join()),
  )
  world.apply(gateway('two', '{ name: http, port: 80, protocol: HTTP }'))
  for (const name of ['r1', 'r2', 'r3']) world.apply(httpRoute(name, 'one'))
  world.place('infra/one')
  world.place('infra/two')
  world.flush()
  return world
}

const computed = (world: TranslationWorld): Readonly<Record<string, number>> => Object.fromEntries(world.flush().computed)

const HALF_OF_GATEWAYS = [
  'gateways',
  'declared listeners',
  'listener states',
  'placed listeners',
  'listeners',
  'route tables',
  'ports',
  'secrets',
  'infra',
  'materials',
]

describe('the cost of a change', () => {
  it('an edit of a route computes no gateway, listener, port or secret', () => {
    const world = twoGateways()
    world.apply(httpRoute('r1', 'one', '/new'))
    const report = computed(world)
    expect(report.attachments).toBe(1)
    for (const name of HALF_OF_GATEWAYS) expect(report).not.toHaveProperty([name])
  })

  it('a route more computes the status of its Gateway besides, for the number of its routes', () => {
    const world = twoGateways()
    world.apply(httpRoute('r4', 'one'))
    const report = computed(world)
    for (const name of HALF_OF_GATEWAYS) expect(report).not.toHaveProperty([name])
    // The route and the one Gateway.
    expect(report.statuses).toBe(2)
    const status = world.status('Gateway/infra/one')
    expect(status?.shape === 'gateway' && status.listeners.map((listener) => listener.attachedRoutes)).toEqual([0, 0, 4])
  })

  it('an edit of a Secret computes its material and the listeners that name it', () => {
    const world = twoGateways()
    world.apply(secret('a', second))
    const report = computed(world)
    expect(report).toMatchObject({ materials: 1, 'listener states': 1, secrets: 1 })
    expect(report).not.toHaveProperty('attachments')
    expect(report).not.toHaveProperty('ports')
    expect(report).not.toHaveProperty(['route tables'])
  })

  it('a Secret that nobody names computes nothing', () => {
    const world = twoGateways()
    world.apply(secret('foreign', first))
    expect(computed(world)).toEqual({})
  })

  it('a Gateway computes nothing of another one', () => {
    const world = twoGateways()
    world.apply(gateway('two', '{ name: http, port: 81, protocol: HTTP }'))
    expect(computed(world)).toMatchObject({ gateways: 1, 'declared listeners': 1, 'listener states': 1, listeners: 1 })
  })

  it('what the API server writes into a status computes nothing further', () => {
    const world = twoGateways()
    const { inputs } = world.translation
    const found = inputs.kind('Gateway').get('infra/one')
    if (found === undefined) throw new Error('the Gateway is gone')
    inputs.set('Gateway', objectKey('infra', 'one'), { ...found, metadata: { ...found.metadata, resourceVersion: '7' } })
    expect(computed(world)).toEqual({ gateways: 1 })
  })

  it('a renewed certificate reaches the proxies with its own key', () => {
    const world = twoGateways()
    const before = world.translation.gatewayApi.secrets.get('Secret/infra/a')
    world.apply(secret('a', second))
    world.flush()
    const after = world.translation.gatewayApi.secrets.get('Secret/infra/a')
    expect(before?.kind === 'certificate' && before.privateKey.reveal()).toBe(first.privateKey)
    expect(after?.kind === 'certificate' && after.privateKey.reveal()).toBe(second.privateKey)
  })
})

describe('the result', () => {
  const host = fc.constantFrom('a.example.com', 'b.example.com', '"*.example.com"')
  const port = fc.constantFrom(80, 443)
  const protocol = fc.constantFrom('HTTP', 'HTTPS', 'TCP', 'TLS')
  const listener = fc.tuple(port, protocol, host, fc.constantFrom('a', 'b', 'missing'))
  const write = (listeners: readonly (readonly [number, string, string, string])[]): string =>
    listeners
      .map(([number, name, hostname, cert], index) => {
        const own = `name: l${index}, port: ${number}, protocol: ${name}`
        if (name === 'TCP') return `{ ${own} }`
        if (name === 'HTTP') return `{ ${own}, hostname: ${hostname} }`
        return `{ ${own}, hostname: ${hostname}, tls: { mode: Terminate, certificateRefs: [{ name: ${cert} }] } }`
      })
      .join()
  // The API refuses a Gateway two of whose listeners say the same.
  const listeners = fc.uniqueArray(listener, {
    minLength: 1,
    maxLength: 4,
    selector: ([number, name, hostname]) => `${number} ${name} ${name === 'TCP' ? '' : hostname}`,
  })
  const object = fc.oneof(
    listeners.map((all) => gateway('one', write(all))),
    fc
      .tuple(fc.constantFrom('s1', 's2'), listeners, fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'))
      .map(([name, all, created]) => listenerSet(name, write(all), created)),
    fc.constantFrom('a', 'b').map((name) => secret(name, second)),
    fc.constantFrom('r1', 'r2').map((name) => httpRoute(name, 'one')),
  )
  const removal = fc.constantFrom(['ListenerSet', 's1'], ['ListenerSet', 's2'], ['Secret', 'a'], ['HTTPRoute', 'r1'], ['Gateway', 'one'])
  const step = fc.oneof(
    { arbitrary: object.map((yaml) => ({ yaml })), weight: 4 },
    { arbitrary: removal.map((removed) => ({ removed })), weight: 1 },
  )

  const content = (world: TranslationWorld): Readonly<Record<string, unknown>> => {
    world.flush()
    const { ports, routeTables, listeners: effective, secrets, statuses, infra } = world.translation.gatewayApi
    return Object.fromEntries(
      Object.entries({ ports, routeTables, effective, secrets, statuses, infra }).map(([name, source]) => [
        name,
        new Map<string, unknown>([...source.entries()].sort(([a], [b]) => (a < b ? -1 : 1))),
      ]),
    )
  }

  it('does not depend on how the objects came to be what they are', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const edited = createTranslationWorld()
        edited.place('infra/one')
        for (const each of steps) {
          if ('yaml' in each) edited.apply(each.yaml)
          else edited.remove(each.removed[0] ?? '', 'infra', each.removed[1] ?? '')
          edited.flush()
        }
        const fresh = createTranslationWorld()
        fresh.place('infra/one')
        for (const kind of ['HTTPRoute', 'ListenerSet', 'Secret', 'Gateway'] as const) {
          for (const [key, value] of edited.translation.inputs.kind(kind).entries())
            fresh.translation.inputs.set(kind, key as ObjectKey, value)
        }
        expect(deepEqual(content(fresh), content(edited))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('has no server name twice on a port, and no chain without an own name', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 8 }), (objects) => {
        const world = createTranslationWorld()
        world.place('infra/one')
        for (const name of ['a', 'b']) world.apply(secret(name, first))
        for (const yaml of objects) world.apply(yaml)
        world.flush()
        for (const [, { chains }] of world.translation.gatewayApi.ports.entries()) {
          const matches = chains.map((chain) => `${chain.encrypted} ${chain.serverNames.join()}`)
          expect(new Set(matches).size).toBe(matches.length)
          expect(new Set(chains.map((chain) => chain.name)).size).toBe(chains.length)
        }
      }),
      { numRuns: 60 },
    )
  })
})
