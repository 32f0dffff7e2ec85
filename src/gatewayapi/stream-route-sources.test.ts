import { describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../test/support/certificates.js'
import {
  authorityConfigMap,
  certificateSecret,
  createRouteWorld,
  gateway,
  type RouteOptions,
  route,
  service,
} from '../../test/support/route-world.js'
import { briefly, type TranslationWorld } from '../../test/support/translation-world.js'
import type { StreamChain } from '../ir/port.js'

const authority = await createAuthority()
const CERTIFICATE = certificateSecret('cert', await authority.issue({ dns: ['*.example.com'] }))
const TO_APP = 'rules: [{ backendRefs: [{ name: app, port: 8080 }] }]'

const chains = (world: TranslationWorld, port: string): readonly StreamChain[] =>
  (world.translation.gatewayApi.ports.get(`infra/gw/0.0.0.0/${port}`)?.chains ?? []).flatMap((chain) =>
    chain.kind === 'stream' ? [chain] : [],
  )

const sends = (world: TranslationWorld, port: string): readonly string[] =>
  chains(world, port).map(({ serverNames, clusters, invalidWeight }) => {
    const shares = [
      ...clusters.map(({ cluster, weight }) => `${cluster}=${weight}`),
      ...(invalidWeight > 0 ? [`nobody=${invalidWeight}`] : []),
    ]
    return `${serverNames.join(',') || 'any'}: ${shares.join(' ')}`
  })

const conditions = (world: TranslationWorld, name: string): readonly string[] => {
  const status = world.status(name)
  return status?.shape === 'route' ? briefly(status.parents[0]?.conditions ?? []) : []
}

const VALID = ['Accepted=True Accepted', 'ResolvedRefs=True ResolvedRefs']
const OLDER = { created: '2025-01-01T00:00:00Z' }

describe('TLSRoutes', () => {
  const tls = (name: string, spec: string, options: RouteOptions = {}): string => route(name, spec, { kind: 'TLSRoute', ...options })
  const passthrough = (hostname?: string): string =>
    `{ name: pass, port: 443, protocol: TLS, ${hostname === undefined ? '' : `hostname: "${hostname}", `}tls: { mode: Passthrough } }`
  const terminate = (hostname: string): string =>
    `{ name: end, port: 443, protocol: TLS, hostname: "${hostname}", tls: { mode: Terminate, certificateRefs: [{ name: cert }] } }`

  it('pass TLS through to the backend of the server name', () => {
    const world = createRouteWorld([gateway(passthrough('a.example.com')), tls('r', `hostnames: [a.example.com], ${TO_APP}`)])
    expect(sends(world, '443/tcp')).toEqual(['a.example.com: Service/infra/app/8080/passthrough=1'])
    expect(world.translation.gatewayApi.clusters.get('Service/infra/app/8080/passthrough')).toMatchObject({ protocol: 'tcp' })
    expect(conditions(world, 'TLSRoute/infra/r')).toEqual(VALID)
  })

  it('end TLS here and send bytes, over TLS again where a policy says so', () => {
    const policy = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: p, namespace: infra }
spec: { targetRefs: [{ group: "", kind: Service, name: app }], validation: { hostname: b.c, caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }] } }
`
    const world = createRouteWorld([
      gateway(terminate('*.example.com')),
      CERTIFICATE,
      authorityConfigMap('ca', authority.certificate),
      policy,
      tls('r', `hostnames: [a.example.com], ${TO_APP}`),
    ])
    expect(sends(world, '443/tcp')).toContain('a.example.com: Service/infra/app/8080/tcp=1')
    expect(world.translation.gatewayApi.clusters.get('Service/infra/app/8080/tcp')).toMatchObject({
      protocol: 'tcp',
      tls: { serverName: 'b.c' },
    })
  })

  it('may do both on one port, by server name', () => {
    const world = createRouteWorld([
      gateway(`${passthrough('pass.example.com')}, ${terminate('end.example.com')}`),
      CERTIFICATE,
      tls('p', `hostnames: [pass.example.com], ${TO_APP}`),
      tls('e', `hostnames: [end.example.com], ${TO_APP}`),
    ])
    expect([...sends(world, '443/tcp')].sort()).toEqual([
      'end.example.com: Service/infra/app/8080/tcp=1',
      'pass.example.com: Service/infra/app/8080/passthrough=1',
    ])
  })

  it('pass TLS through whatever a policy says of the TLS of gateways, which is not spoken there', () => {
    const policy = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: p, namespace: infra }
spec: { targetRefs: [{ group: "", kind: Service, name: app }], validation: { hostname: b.c, caCertificateRefs: [{ group: "", kind: ConfigMap, name: missing }] } }
`
    const slice = `
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: app, namespace: infra, labels: { kubernetes.io/service-name: app } }
addressType: IPv4
ports: [{ name: p, port: 9443 }]
endpoints: [{ addresses: [10.0.0.1] }]
`
    const world = createRouteWorld([
      gateway(`${passthrough('pass.example.com')}, ${terminate('end.example.com')}`),
      CERTIFICATE,
      policy,
      service('app', '{ name: p, port: 8080 }') + slice,
      tls('p', `hostnames: [pass.example.com], ${TO_APP}`),
      tls('e', `hostnames: [end.example.com], ${TO_APP}`),
    ])
    expect([...sends(world, '443/tcp')].sort()).toEqual([
      'end.example.com: nobody=1',
      'pass.example.com: Service/infra/app/8080/passthrough=1',
    ])
    const { clusters, endpoints } = world.translation.gatewayApi
    expect(clusters.get('Service/infra/app/8080/passthrough')).not.toHaveProperty('tls')
    expect(endpoints.get('Service/infra/app/8080/passthrough')?.localities).toMatchObject([
      { endpoints: [{ address: { ip: '10.0.0.1' } }] },
    ])
  })

  it('decide by the hostname that the route itself names, before age', () => {
    const world = createRouteWorld([
      gateway(passthrough('abc.example.com')),
      service('other'),
      tls('wild', 'hostnames: ["*.example.com"], rules: [{ backendRefs: [{ name: other, port: 8080 }] }]', OLDER),
      tls('exact', `hostnames: [abc.example.com], ${TO_APP}`),
    ])
    expect(sends(world, '443/tcp')).toEqual(['abc.example.com: Service/infra/app/8080/passthrough=1'])
  })

  it.each([
    { rule: 'an HTTP listener', listener: '{ name: http, port: 80, protocol: HTTP }', want: 'Accepted=False NotAllowedByListeners' },
    { rule: 'a listener for another host', listener: passthrough('b.com'), want: 'Accepted=False NoMatchingListenerHostname' },
  ])('are not accepted by $rule', ({ listener, want }) => {
    const world = createRouteWorld([gateway(listener), tls('r', `hostnames: [a.example.com], ${TO_APP}`)])
    expect(conditions(world, 'TLSRoute/infra/r')).toEqual([want, 'ResolvedRefs=True ResolvedRefs'])
  })
})

describe('TCPRoute to a port that speaks TLS', () => {
  const objects = [
    gateway('{ name: l, port: 9000, protocol: TCP }'),
    service('app', '{ name: p, port: 8080, appProtocol: https }'),
    route('r', TO_APP, { kind: 'TCPRoute' }),
  ]

  it('leaves TLS to its clients, whose bytes go on as they are', () => {
    const world = createRouteWorld(objects)
    expect(sends(world, '9000/tcp')).toEqual(['any: Service/infra/app/8080/passthrough=1'])
    expect(world.translation.gatewayApi.clusters.get('Service/infra/app/8080/passthrough')).not.toHaveProperty('tls')
  })

  it('speaks it where a policy says that the bytes of clients are none', () => {
    const policy = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: p, namespace: infra }
spec: { targetRefs: [{ group: "", kind: Service, name: app }], validation: { hostname: app.example, wellKnownCACertificates: System } }
`
    const world = createRouteWorld([...objects, policy])
    expect(sends(world, '9000/tcp')).toEqual(['any: Service/infra/app/8080/tcp=1'])
    expect(world.translation.gatewayApi.clusters.get('Service/infra/app/8080/tcp')).toMatchObject({ tls: { serverName: 'app.example' } })
  })
})

describe.each([
  { kind: 'TCPRoute' as const, protocol: 'TCP', usage: 'tcp', port: '9000/tcp' },
  { kind: 'UDPRoute' as const, protocol: 'UDP', usage: 'udp', port: '9000/udp' },
])('$kind', ({ kind, protocol, usage, port }) => {
  const listener = (name: string, number = 9000): string => `{ name: ${name}, port: ${number}, protocol: ${protocol} }`
  const app =
    service('app', `{ name: p, port: 8080, protocol: ${protocol} }`) + service('other', `{ name: p, port: 8080, protocol: ${protocol} }`)
  const stream = (name: string, refs: string, options: RouteOptions = {}): string =>
    route(name, `rules: [{ backendRefs: [${refs}] }]`, { kind, ...options })

  it('sends to its backends by weight; a share of nobody is refused', () => {
    const refs = '{ name: app, port: 8080, weight: 7 }, { name: other, port: 8080, weight: 0 }, { name: missing, port: 1, weight: 3 }'
    const world = createRouteWorld([gateway(listener('l')), app, stream('r', refs)])
    expect(sends(world, port)).toEqual([`any: Service/infra/app/8080/${usage}=7 nobody=3`])
    expect(conditions(world, `${kind}/infra/r`)).toEqual(['Accepted=True Accepted', 'ResolvedRefs=False BackendNotFound'])
  })

  it('serves the oldest of two routes; both are accepted and counted', () => {
    const world = createRouteWorld([
      gateway(listener('l')),
      app,
      stream('a-newer', '{ name: other, port: 8080 }'),
      stream('z-older', '{ name: app, port: 8080 }', OLDER),
    ])
    expect(sends(world, port)).toEqual([`any: Service/infra/app/8080/${usage}=1`])
    const idle = [...VALID, 'headgate.dev/Delivered=False NotServed']
    expect([conditions(world, `${kind}/infra/a-newer`), conditions(world, `${kind}/infra/z-older`)]).toEqual([idle, VALID])
    expect(world.status('Gateway/infra/gw')).toMatchObject({ listeners: [{ attachedRoutes: 2 }] })
  })

  it('attaches to every listener of its protocol, or to those that it names', () => {
    const objects = [gateway(`${listener('one')}, ${listener('two', 9001)}`), app]
    const all = createRouteWorld([...objects, stream('r', '{ name: app, port: 8080 }')])
    expect([sends(all, port), sends(all, port.replace('9000', '9001'))].map((each) => each.length)).toEqual([1, 1])
    const one = createRouteWorld([
      ...objects,
      stream('r', '{ name: app, port: 8080 }', { parents: '[{ name: gw, sectionName: two, port: 9001 }]' }),
    ])
    expect(sends(one, port.replace('9000', '9001'))).toEqual([`any: Service/infra/app/8080/${usage}=1`])
    expect(sends(one, port).join()).not.toContain('app')
  })

  it('is not allowed by listeners of other protocols', () => {
    const world = createRouteWorld([gateway('{ name: http, port: 80, protocol: HTTP }'), app, stream('r', '{ name: app, port: 8080 }')])
    expect(conditions(world, `${kind}/infra/r`)).toEqual(['Accepted=False NotAllowedByListeners', 'ResolvedRefs=True ResolvedRefs'])
  })

  it('needs a grant for another namespace', () => {
    const world = createRouteWorld([
      gateway(listener('l')),
      service('far', `{ port: 8080, protocol: ${protocol} }`, 'other'),
      stream('r', '{ name: far, namespace: other, port: 8080 }'),
    ])
    expect(conditions(world, `${kind}/infra/r`)).toEqual(['Accepted=True Accepted', 'ResolvedRefs=False RefNotPermitted'])
    expect(sends(world, port)).toEqual(['any: nobody=1'])
  })

  it('sends to nobody while Envoy refuses it', () => {
    const world = createRouteWorld([gateway(listener('l')), app, stream('r', '{ name: app, port: 8080 }')])
    world.translation.inputs.quarantines.set(`${kind}/infra/r`, { generation: 1, state: 'rejected', message: 'no' })
    world.flush()
    expect(sends(world, port)).toEqual(['any: nobody=1'])
  })
})
