import { beforeAll, describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import { briefly, createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import type { GatewayStatus, ListenerSetStatus } from '../object-status.js'

let secret = ''

beforeAll(async () => {
  const { certificate, privateKey } = await (await createAuthority()).issue({ dns: ['a.example.com'] })
  const [crt, key] = [certificate, privateKey].map((text) => Buffer.from(text).toString('base64'))
  secret = `{ apiVersion: v1, kind: Secret, metadata: { name: cert, namespace: secrets }, type: kubernetes.io/tls, data: { tls.crt: ${crt}, tls.key: ${key} } }`
})

const gateway = (allowed: string, listeners = '{ name: own, port: 80, protocol: HTTP, hostname: own.example.com }'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: infra }
spec:
  gatewayClassName: headgate
  listeners: [${listeners}]
  ${allowed === '' ? '' : `allowedListeners: { namespaces: ${allowed} }`}
`

const set = (name: string, listeners: string, more: { namespace?: string; created?: string } = {}): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: ${name}, namespace: ${more.namespace ?? 'infra'}, creationTimestamp: "${more.created ?? '2026-01-01T00:00:00Z'}" }
spec:
  parentRef: { name: gw, namespace: infra }
  listeners: [${listeners}]
`

const http = (name: string, hostname: string): string => `{ name: ${name}, port: 80, protocol: HTTP, hostname: ${hostname} }`

function worldWith(...objects: string[]): TranslationWorld {
  const world = createTranslationWorld()
  for (const object of objects) world.apply(object)
  world.place('infra/gw')
  return world
}

function setStatus(world: TranslationWorld, set: string): ListenerSetStatus {
  world.deliver(`ListenerSet/${set}`)
  const status = world.status(`ListenerSet/${set}`)
  if (status?.shape !== 'listenerSet') throw new Error('the ListenerSet has no status')
  return status
}

function gatewayStatus(world: TranslationWorld): GatewayStatus {
  const status = world.status('Gateway/infra/gw')
  if (status?.shape !== 'gateway') throw new Error('the Gateway has no status')
  return status
}

const entry = (status: ListenerSetStatus, name: string): readonly string[] =>
  briefly(status.listeners.find((listener) => listener.name === name)?.conditions ?? [])

const ATTACHED = ['Accepted=True Accepted', 'Programmed=True Programmed']
const NOT_ALLOWED = ['Accepted=False NotAllowed', 'Programmed=False NotAllowed']
const NO_LISTENER = ['Accepted=False ListenersNotValid', 'Programmed=False ListenersNotValid']
const GOOD = ['Accepted=True Accepted', 'Conflicted=False NoConflicts', 'ResolvedRefs=True ResolvedRefs', 'Programmed=True Programmed']
const conflicted = (reason: string): readonly string[] => [
  `Accepted=False ${reason}`,
  `Conflicted=True ${reason}`,
  'ResolvedRefs=True ResolvedRefs',
  `Programmed=False ${reason}`,
]

describe('which ListenerSets may attach', () => {
  const labelled = '{ apiVersion: v1, kind: Namespace, metadata: { name: apps, labels: { gateway: "yes" } } }'
  it.each([
    { rule: 'none by default', allowed: '', namespace: 'infra', want: NOT_ALLOWED },
    { rule: 'from: None', allowed: '{ from: None }', namespace: 'infra', want: NOT_ALLOWED },
    { rule: 'from: Same, the same namespace', allowed: '{ from: Same }', namespace: 'infra', want: ATTACHED },
    { rule: 'from: Same, another namespace', allowed: '{ from: Same }', namespace: 'apps', want: NOT_ALLOWED },
    { rule: 'from: All', allowed: '{ from: All }', namespace: 'apps', want: ATTACHED },
    {
      rule: 'from: Selector, labels that match',
      allowed: '{ from: Selector, selector: { matchLabels: { gateway: "yes" } } }',
      namespace: 'apps',
      want: ATTACHED,
    },
    {
      rule: 'from: Selector, labels that do not match',
      allowed: '{ from: Selector, selector: { matchLabels: { gateway: "no" } } }',
      namespace: 'apps',
      want: NOT_ALLOWED,
    },
    {
      rule: 'from: Selector, a namespace that does not exist',
      allowed: '{ from: Selector, selector: { matchLabels: { gateway: "yes" } } }',
      namespace: 'elsewhere',
      want: NOT_ALLOWED,
    },
    {
      rule: 'from: Selector without a label, a namespace that does not exist',
      allowed: '{ from: Selector, selector: { matchExpressions: [{ key: gateway, operator: DoesNotExist }] } }',
      namespace: 'elsewhere',
      want: NOT_ALLOWED,
    },
  ])('$rule', ({ allowed, namespace, want }) => {
    const world = worldWith(labelled, gateway(allowed), set('s', http('l', 'l.example.com'), { namespace }))
    expect(briefly(setStatus(world, `${namespace}/s`).conditions)).toEqual(want)
    expect(gatewayStatus(world).attachedListenerSets).toBe(want === ATTACHED ? 1 : 0)
  })

  it('follows the labels of the namespace', () => {
    const world = worldWith(
      labelled,
      gateway('{ from: Selector, selector: { matchLabels: { gateway: "yes" } } }'),
      set('s', http('l', 'l.example.com'), { namespace: 'apps' }),
    )
    expect(briefly(setStatus(world, 'apps/s').conditions)).toEqual(ATTACHED)
    world.apply('{ apiVersion: v1, kind: Namespace, metadata: { name: apps } }')
    expect(briefly(setStatus(world, 'apps/s').conditions)).toEqual(NOT_ALLOWED)
  })

  it('says nothing of a ListenerSet whose parent is not ours', () => {
    const world = worldWith(set('s', http('l', 'l.example.com')))
    expect(world.status('ListenerSet/infra/s')).toBeUndefined()
  })

  it('waits for a parent that is not accepted as a whole', () => {
    const world = worldWith(
      gateway('{ from: All }').replace('listeners:', 'addresses: [{ type: test/unknown, value: x }]\n  listeners:'),
      set('s', http('l', 'a.example.com')),
    )
    expect(briefly(setStatus(world, 'infra/s').conditions)).toEqual([
      'Accepted=False ParentNotAccepted',
      'Programmed=False ParentNotAccepted',
    ])
  })
})

describe('conflicts between the listeners of several objects', () => {
  it('are won by the Gateway, then by the older ListenerSet; a set with one valid listener is accepted', () => {
    const world = worldWith(
      gateway('{ from: All }', `${http('own', 'own.example.com')}, ${http('shared', 'gateway.example.com')}`),
      set('one', [http('free', 'one.example.com'), http('lost', 'gateway.example.com'), http('won', 'set.example.com')].join(), {
        created: '2026-01-02T00:00:00Z',
      }),
      set('two', http('lost', 'gateway.example.com'), { created: '2026-01-03T00:00:00Z' }),
      set('three', [http('free', 'three.example.com'), http('lost', 'set.example.com')].join(), { created: '2026-01-04T00:00:00Z' }),
      set('four', '{ name: tcp, port: 80, protocol: TCP }', { created: '2026-01-05T00:00:00Z' }),
    )
    expect(gatewayStatus(world).listeners.map((listener) => briefly(listener.conditions))).toEqual([GOOD, GOOD])
    const one = setStatus(world, 'infra/one')
    expect(briefly(one.conditions)).toEqual(['Accepted=True ListenersNotValid', 'Programmed=True Programmed'])
    expect(entry(one, 'free')).toEqual(GOOD)
    expect(entry(one, 'lost')).toEqual(conflicted('HostnameConflict'))
    expect(entry(one, 'won')).toEqual(GOOD)
    const two = setStatus(world, 'infra/two')
    expect(briefly(two.conditions)).toEqual(NO_LISTENER)
    expect(entry(two, 'lost')).toEqual(conflicted('HostnameConflict'))
    const three = setStatus(world, 'infra/three')
    expect(entry(three, 'free')).toEqual(GOOD)
    expect(entry(three, 'lost')).toEqual(conflicted('HostnameConflict'))
    const four = setStatus(world, 'infra/four')
    expect(briefly(four.conditions)).toEqual(NO_LISTENER)
    expect(entry(four, 'tcp')).toEqual(conflicted('ProtocolConflict'))
    expect(gatewayStatus(world).attachedListenerSets).toBe(2)
  })

  it('do not arise with a ListenerSet that may not attach', () => {
    const world = worldWith(gateway('', http('own', 'own.example.com')), set('s', '{ name: tcp, port: 80, protocol: TCP }'))
    expect(gatewayStatus(world).listeners.map((listener) => briefly(listener.conditions))).toEqual([GOOD])
  })

  it('end when the winner goes away', () => {
    const world = worldWith(
      gateway('{ from: All }'),
      set('old', http('l', 'a.example.com'), { created: '2026-01-01T00:00:00Z' }),
      set('new', http('l', 'a.example.com'), { created: '2026-01-02T00:00:00Z' }),
    )
    expect(entry(setStatus(world, 'infra/new'), 'l')).toEqual(conflicted('HostnameConflict'))
    world.remove('ListenerSet', 'infra', 'old')
    expect(entry(setStatus(world, 'infra/new'), 'l')).toEqual(GOOD)
  })
})

describe('grants', () => {
  const listener = '{ name: l, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert, namespace: secrets }] } }'
  const grant = (kind: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g, namespace: secrets }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: infra }]
  to: [{ group: "", kind: Secret }]
`

  it('to ListenerSets let them use the Secret', () => {
    const world = worldWith(secret, grant('ListenerSet'), gateway('{ from: All }'), set('s', listener))
    expect(briefly(setStatus(world, 'infra/s').conditions)).toEqual(ATTACHED)
  })

  it('to the Gateway are not inherited', () => {
    const world = worldWith(secret, grant('Gateway'), gateway('{ from: All }'), set('s', listener))
    const status = setStatus(world, 'infra/s')
    expect(briefly(status.conditions)).toEqual(NO_LISTENER)
    expect(entry(status, 'l')).toContain('ResolvedRefs=False RefNotPermitted')
  })
})

describe('a ListenerSet that Envoy refuses', () => {
  it('is taken off its ports, says so in the words of Envoy, and leaves the Gateway alone', () => {
    const world = worldWith(gateway('{ from: All }'), set('s', '{ name: l, port: 81, protocol: HTTP }'))
    const ports = (): readonly number[] => [...world.translation.gatewayApi.ports.entries()].map(([, port]) => port.port).sort()
    expect(briefly(setStatus(world, 'infra/s').conditions)).toEqual(ATTACHED)
    expect(ports()).toEqual([80, 81])
    world.translation.inputs.quarantines.set('ListenerSet/infra/s', { generation: 1, state: 'rejected', message: 'bad chain' })
    const status = setStatus(world, 'infra/s')
    expect(ports()).toEqual([80])
    expect(status.conditions.map(({ message }) => message)).toContainEqual('Envoy refused the configuration: bad chain')
    expect(entry(status, 'l')).toContain('Programmed=False Invalid')
    expect(gatewayStatus(world).listeners.map((listener) => briefly(listener.conditions))).toEqual([GOOD])
  })
})
