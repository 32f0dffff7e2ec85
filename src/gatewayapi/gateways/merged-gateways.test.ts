/** Gateways of a class that share their proxies, with one address for all or one for each. */
import { describe, expect, it } from '@jest/globals'
import { createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import type { SharedFleet } from '../../ir/placement.js'

const CONFIG =
  '\n---\n{ apiVersion: headgate.dev/v1alpha1, kind: GatewayConfig, metadata: { name: all, namespace: system }, spec: { mergeGateways: SharedAddress } }\n'
const CLASS = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: merged }
spec:
  controllerName: headgate.dev/gateway-controller
  parametersRef: { group: headgate.dev, kind: GatewayConfig, name: all, namespace: system }
`
const gateway = (name: string, created: string, listeners: string, more = ''): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: infra, creationTimestamp: "${created}T00:00:00Z" }
spec: { gatewayClassName: merged, listeners: [${listeners}], allowedListeners: { namespaces: { from: All } } ${more} }
`
const HTTP = '{ name: http, port: 80, protocol: HTTP }'
const host = (hostname: string): string => `{ name: http, port: 80, protocol: HTTP, hostname: ${hostname} }`
const route = (name: string, parent: string, hostname: string): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: infra }
spec: { parentRefs: [{ name: ${parent} }], hostnames: [${hostname}], rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { hostname: ${name}.test } }] }] }
`

function worldWith(addresses: SharedFleet['addresses'], ...objects: readonly string[]): TranslationWorld {
  const world = createTranslationWorld()
  world.apply([CONFIG, CLASS, ...objects].join(''))
  for (const name of ['older', 'younger']) {
    world.place(`infra/${name}`, {
      group: 'GatewayClass/merged',
      shared: { gatewayClass: 'merged', addresses },
      ports: { offset: 0, privilegedOffset: 10_000 },
    })
  }
  world.flush()
  return world
}

const listenerConditions = (world: TranslationWorld, object: string): readonly string[] => {
  const status = world.status(object)
  if (status?.shape !== 'gateway' && status?.shape !== 'listenerSet') throw new Error(`${object} has no listeners`)
  return status.listeners.flatMap(({ conditions }) => conditions.map((each) => `${each.type}=${each.status} ${each.reason}`))
}
const ports = (world: TranslationWorld): readonly string[] => [...world.translation.gatewayApi.ports.entries()].map(([name]) => name).sort()
const redirects = (world: TranslationWorld): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...world.translation.gatewayApi.virtualHosts.entries()].flatMap(([key, { routes }]) =>
      routes.map(({ action }) => [key, action.kind === 'redirect' ? (action.hostname ?? '') : action.kind]),
    ),
  )

describe('Gateways that share an address', () => {
  it('share their ports, and each serves its own hosts', () => {
    const world = worldWith(
      'shared',
      gateway('older', '2026-01-01', host('a.test')),
      gateway('younger', '2026-01-02', host('b.test')),
      route('for-a', 'older', 'a.test'),
      route('for-b', 'younger', 'b.test'),
    )
    const table = 'GatewayClass/merged/0.0.0.0/80/tcp'
    expect(ports(world)).toEqual([table])
    expect(world.translation.gatewayApi.ports.get(table)?.boundPort).toBe(10_080)
    expect(redirects(world)).toEqual({ [`${table}#a.test`]: 'for-a.test', [`${table}#b.test`]: 'for-b.test' })
  })

  it('resolve conflicts in favour of the older one, whose listener serves on', () => {
    const world = worldWith('shared', gateway('younger', '2026-01-02', HTTP), gateway('older', '2026-01-03', HTTP))
    expect(listenerConditions(world, 'Gateway/infra/younger')).toContain('Conflicted=False NoConflicts')
    expect(listenerConditions(world, 'Gateway/infra/older')).toContain('Conflicted=True HostnameConflict')
    expect(world.status('Gateway/infra/older')).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Accepted', status: 'False', reason: 'ListenersNotValid' })]),
    })
    world.remove('Gateway', 'infra', 'younger')
    expect(listenerConditions(world, 'Gateway/infra/older')).toContain('Conflicted=False NoConflicts')
  })

  it('let no ListenerSet take what is the listener of a Gateway, however old it is', () => {
    const set = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: set, namespace: infra, creationTimestamp: "2025-01-01T00:00:00Z" }
spec: { parentRef: { name: older }, listeners: [${host('b.test')}] }
`
    const world = worldWith('shared', gateway('older', '2026-01-01', host('a.test')), gateway('younger', '2026-01-02', host('b.test')), set)
    expect(listenerConditions(world, 'Gateway/infra/younger')).toContain('Conflicted=False NoConflicts')
    expect(listenerConditions(world, 'ListenerSet/infra/set')).toContain('Conflicted=True HostnameConflict')
  })

  it('give a host to the most specific listener of all', () => {
    const world = worldWith(
      'shared',
      gateway('older', '2026-01-01', HTTP),
      gateway('younger', '2026-01-02', host('"*.b.test"')),
      route('wide', 'older', 'x.b.test'),
      route('narrow', 'younger', 'x.b.test'),
    )
    expect(redirects(world)).toEqual({ 'GatewayClass/merged/0.0.0.0/80/tcp#x.b.test': 'narrow.test' })
  })

  it('need one fleet with one Service, owned by the class, with the addresses of all', () => {
    const world = worldWith('shared', gateway('older', '2026-01-01', host('a.test')), gateway('younger', '2026-01-02', host('b.test')))
    const { infra } = world.translation.gatewayApi
    expect([...infra.entries()].map(([key]) => key)).toEqual(['GatewayClass/merged'])
    expect(infra.get('GatewayClass/merged')).toMatchObject({
      owner: { kind: 'GatewayClass', name: 'merged' },
      ports: [{ boundPort: 10_080 }],
      services: [{ gateways: [{ key: 'infra/older' }, { key: 'infra/younger' }], ports: [{ name: 'tcp-80', port: 80 }] }],
    })
  })
})

describe('Gateways that share proxies and have addresses of their own', () => {
  it('listen on the same port without a conflict, and bind different ones', () => {
    const world = worldWith('own', gateway('older', '2026-01-01', HTTP), gateway('younger', '2026-01-02', HTTP))
    expect(ports(world)).toEqual(['infra/older/0.0.0.0/80/tcp', 'infra/younger/0.0.0.0/80/tcp'])
    const bound = [...world.translation.gatewayApi.ports.entries()].map(([, { boundPort, group }]) => ({ boundPort, group }))
    expect(new Set(bound.map(({ boundPort }) => boundPort)).size).toBe(2)
    expect(bound.every(({ group }) => group === 'GatewayClass/merged')).toBe(true)
    expect(world.translation.gatewayApi.infra.get('GatewayClass/merged')).toMatchObject({
      services: [
        { of: { name: 'older' }, ports: [{ port: 80 }] },
        { of: { name: 'younger' }, ports: [{ port: 80 }] },
      ],
    })
  })
})

describe('the configuration of merged Gateways', () => {
  const own =
    '\n---\n{ apiVersion: headgate.dev/v1alpha1, kind: GatewayConfig, metadata: { name: own, namespace: infra }, spec: { replicas: 3 } }\n'
  const ref = ', infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: own } }'

  it('is that of the class: a Gateway with its own is not accepted, and served all the same, as its neighbours are', () => {
    const world = worldWith(
      'shared',
      own,
      gateway('older', '2026-01-01', host('a.test'), ref),
      gateway('younger', '2026-01-02', host('b.test')),
      route('for-a', 'older', 'a.test'),
      route('for-b', 'younger', 'b.test'),
    )
    expect(Object.values(redirects(world))).toEqual(['for-a.test', 'for-b.test'])
    expect(world.status('Gateway/infra/older')).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'InvalidParameters' })]),
    })
    const infra = world.translation.gatewayApi.infra.get('GatewayClass/merged')
    expect(infra).not.toHaveProperty('problem')
    expect(infra?.config).not.toHaveProperty('replicas')
  })

  it('cannot be said by a Gateway', () => {
    const world = createTranslationWorld()
    world.apply(
      `${CONFIG.replace('system', 'infra')}${gateway('gw', '2026-01-01', HTTP, ref.replace('own', 'all')).replace('merged', 'headgate')}`,
    )
    world.place('infra/gw')
    expect(world.status('Gateway/infra/gw')).toMatchObject({
      conditions: expect.arrayContaining([
        expect.objectContaining({ reason: 'InvalidParameters', message: expect.stringContaining('GatewayConfig of the class') }),
      ]),
    })
  })
})
