import { describe, expect, it } from '@jest/globals'
import { createRouteWorld, gateway, HTTP_LISTENER, route, service } from '../../../test/support/route-world.js'
import type { TranslationWorld } from '../../../test/support/translation-world.js'
import type { Locality } from '../../ir/cluster.js'
import { objectKey } from '../../util/object-ref.js'

const slice = (name: string, endpoints: string, more = 'addressType: IPv4, ports: [{ name: http, port: 3000 }]'): string => `
---
{ apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: { name: ${name}, namespace: infra, labels: { kubernetes.io/service-name: app } }, ${more}, endpoints: [${endpoints}] }
`

function worldWith(...objects: string[]): TranslationWorld {
  return createRouteWorld([gateway(HTTP_LISTENER), route('r', 'rules: [{ backendRefs: [{ name: app, port: 8080 }] }]'), ...objects])
}

function localities(world: TranslationWorld): readonly Locality[] | undefined {
  world.flush()
  return world.translation.gatewayApi.endpoints.get('Service/infra/app/8080')?.localities
}

const briefly = (found: readonly Locality[] | undefined): readonly string[] =>
  (found ?? []).flatMap(({ zone, endpoints }) =>
    endpoints.map(({ address, health }) =>
      `${zone} ${address.kind === 'ip' ? `${address.ip}:${address.port}` : address.path} ${health}`.trim(),
    ),
  )

describe('endpoints of a Service', () => {
  it('is an empty list without EndpointSlices: the Service is valid and answers 503', () => {
    expect(localities(worldWith())).toEqual([])
  })

  it.each([
    { conditions: '{}', want: ['10.0.0.1:3000 healthy'] },
    { conditions: '{ ready: true }', want: ['10.0.0.1:3000 healthy'] },
    { conditions: '{ ready: false }', want: [] },
    { conditions: '{ ready: false, serving: true, terminating: true }', want: ['10.0.0.1:3000 draining'] },
    { conditions: '{ ready: false, serving: false, terminating: true }', want: [] },
    { conditions: '{ ready: false, serving: true, terminating: false }', want: [] },
  ])('conditions $conditions: $want', ({ conditions, want }) => {
    expect(briefly(localities(worldWith(slice('s', `{ addresses: [10.0.0.1], conditions: ${conditions} }`))))).toEqual(want)
  })

  it('takes endpoints that are not ready where the Service says so', () => {
    const publishing =
      '\n---\n{ apiVersion: v1, kind: Service, metadata: { name: app, namespace: infra }, spec: { publishNotReadyAddresses: true, ports: [{ name: http, port: 8080 }] } }\n'
    expect(briefly(localities(worldWith(publishing, slice('s', '{ addresses: [10.0.0.1], conditions: { ready: false } }'))))).toEqual([
      '10.0.0.1:3000 healthy',
    ])
  })

  it('takes the port by the name that the Service gives it: the number of the pods, not of the Service', () => {
    const ports = 'addressType: IPv4, ports: [{ name: admin, port: 9000 }, { name: http, port: 3001 }]'
    expect(briefly(localities(worldWith(slice('s', '{ addresses: [10.0.0.1] }', ports))))).toEqual(['10.0.0.1:3001 healthy'])
  })

  it('has none where the slice does not have the port', () => {
    expect(
      localities(worldWith(slice('s', '{ addresses: [10.0.0.1] }', 'addressType: IPv4, ports: [{ name: admin, port: 9000 }]'))),
    ).toEqual([])
  })

  it('joins slices of both families, each address once, in a total order', () => {
    const world = worldWith(
      slice('b', '{ addresses: ["fd00::1"] }', 'addressType: IPv6, ports: [{ name: http, port: 3000 }]'),
      slice('a', '{ addresses: [10.0.0.2] }, { addresses: [10.0.0.1] }'),
      slice('c', '{ addresses: [10.0.0.1], conditions: { ready: false, serving: true, terminating: true } }'),
    )
    expect(briefly(localities(world))).toEqual(['10.0.0.1:3000 healthy', '10.0.0.2:3000 healthy', 'fd00::1:3000 healthy'])
  })

  it('takes the two addresses of a pod for one endpoint, and others for themselves', () => {
    const v6 = 'addressType: IPv6, ports: [{ name: http, port: 3000 }]'
    const world = worldWith(
      slice('b', '{ addresses: ["fd00::1"], targetRef: { uid: one } }, { addresses: ["fd00::2"], targetRef: { uid: two } }', v6),
      slice('a', '{ addresses: [10.0.0.1], targetRef: { uid: one } }, { addresses: [10.0.0.3], targetRef: { uid: three } }'),
      // Nobody says which pod it is.
      slice('c', '{ addresses: ["fd00::3"] }', v6),
    )
    expect(
      localities(world)?.flatMap(({ endpoints }) => endpoints.map(({ address, otherwise }) => ({ address, otherwise }))),
    ).toMatchObject([
      { address: { ip: '10.0.0.1' }, otherwise: { ip: 'fd00::1', port: 3000 } },
      { address: { ip: '10.0.0.3' } },
      { address: { ip: 'fd00::2' } },
      { address: { ip: 'fd00::3' } },
    ])
  })

  it('keeps the address of a pod that is ready by the other one only', () => {
    const world = worldWith(
      slice('b', '{ addresses: ["fd00::1"], targetRef: { uid: one } }', 'addressType: IPv6, ports: [{ name: http, port: 3000 }]'),
      slice('a', '{ addresses: [10.0.0.1], conditions: { ready: false }, targetRef: { uid: one } }'),
    )
    expect(briefly(localities(world))).toEqual(['fd00::1:3000 healthy'])
  })

  it('has none where the API server says null', () => {
    const world = worldWith(slice('s', ''))
    const { inputs } = world.translation
    const found = inputs.kind('EndpointSlice').get('infra/s')
    inputs.set('EndpointSlice', objectKey('infra', 's'), JSON.parse(JSON.stringify({ ...found, endpoints: null })))
    expect(localities(world)).toEqual([])
  })

  it('groups endpoints by zone', () => {
    const world = worldWith(slice('s', '{ addresses: [10.0.0.1], zone: b }, { addresses: [10.0.0.2], zone: a }, { addresses: [10.0.0.3] }'))
    expect(briefly(localities(world))).toEqual(['10.0.0.3:3000 healthy', 'a 10.0.0.2:3000 healthy', 'b 10.0.0.1:3000 healthy'])
  })

  it('leaves out addresses that are names', () => {
    expect(
      localities(worldWith(slice('s', '{ addresses: [a.example.org] }', 'addressType: FQDN, ports: [{ name: http, port: 3000 }]'))),
    ).toEqual([])
  })

  it('names the policy that says something of them as an origin: it is to blame when Envoy refuses that', () => {
    const policy = (settings: string): string => `
---
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: p, namespace: infra }
spec: { targetRefs: [{ group: "", kind: Service, name: app }], ${settings} }
`
    const world = worldWith(slice('s', '{ addresses: [10.0.0.1] }'), policy('healthCheck: { active: { type: TCP } }'))
    const origins = (): readonly string[] | undefined => {
      world.flush()
      return world.translation.gatewayApi.endpoints.get('Service/infra/app/8080')?.origins.map(({ kind, name }) => `${kind}/${name}`)
    }
    expect(origins()).toEqual(['Service/app', 'EndpointSlice/s'])
    for (const settings of [
      'healthCheck: { active: { type: TCP, overrides: { port: 9 } } }',
      'loadBalancer: { type: RoundRobin, zoneAware: { weightedZones: [{ zone: a, weight: 2 }] } }',
    ]) {
      world.apply(policy(settings))
      expect([settings, origins()]).toEqual([settings, ['Service/app', 'EndpointSlice/s', 'BackendTrafficPolicy/p']])
    }
  })

  it('names every slice as its origin', () => {
    const world = worldWith(slice('s1', '{ addresses: [10.0.0.1] }'), slice('s2', '{ addresses: [10.0.0.2] }'), service('unrelated'))
    world.flush()
    const { origins } = world.translation.gatewayApi.endpoints.get('Service/infra/app/8080') ?? {}
    expect(origins?.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['Service/app', 'EndpointSlice/s1', 'EndpointSlice/s2'])
  })
})
