import { describe, expect, it } from '@jest/globals'
import { createRouteWorld, gateway, HTTP_LISTENER, route, service, virtualHost } from '../../../test/support/route-world.js'
import { briefly, type TranslationWorld } from '../../../test/support/translation-world.js'
import type { Cluster } from '../../ir/cluster.js'

const to = (ref: string): string => route('r', `rules: [{ backendRefs: [{ ${ref} }] }]`)

function worldTo(ref: string, ...objects: string[]): TranslationWorld {
  return createRouteWorld([gateway(HTTP_LISTENER), ...objects, to(ref)])
}

const clusterNames = (world: TranslationWorld): readonly string[] =>
  [...world.translation.gatewayApi.clusters.entries()].map(([name]) => name).sort()

function onlyCluster(world: TranslationWorld): Cluster {
  const [only, ...more] = [...world.translation.gatewayApi.clusters.entries()]
  if (only === undefined || more.length > 0) throw new Error(`expected one cluster, there are: ${clusterNames(world).join(', ')}`)
  return only[1]
}

const resolvedRefs = (world: TranslationWorld): string | undefined => {
  const status = world.status('HTTPRoute/infra/r')
  return status?.shape === 'route' ? briefly(status.parents[0]?.conditions ?? [])[1] : undefined
}

const backend = (spec: string): string => `
---
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: b, namespace: infra }
spec: { ${spec} }
`
const xBackend = (spec: string): string => `
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: b, namespace: infra }
spec: { ${spec} }
`
const TO_BACKEND = 'group: headgate.dev, kind: Backend, name: b'
const TO_X_BACKEND = 'group: gateway.networking.x-k8s.io, kind: XBackend, name: b'

describe('clusters of Services', () => {
  it.each([
    { appProtocol: undefined, want: 'http1', tls: false },
    { appProtocol: 'http', want: 'http1', tls: false },
    { appProtocol: 'kubernetes.io/h2c', want: 'http2', tls: false },
    { appProtocol: 'grpc', want: 'http2', tls: false },
    { appProtocol: 'grpc-web', want: 'http1', tls: false },
    { appProtocol: 'kubernetes.io/ws', want: 'http1', tls: false },
    { appProtocol: 'kubernetes.io/wss', want: 'http1', tls: true },
    { appProtocol: 'https', want: 'auto', tls: true },
    { appProtocol: 'HTTPS', want: 'auto', tls: true },
  ])('appProtocol $appProtocol: $want, TLS $tls', ({ appProtocol, want, tls }) => {
    const port = appProtocol === undefined ? '{ port: 8080 }' : `{ port: 8080, appProtocol: ${appProtocol} }`
    const cluster = onlyCluster(worldTo('name: app, port: 8080', service('app', port)))
    expect(cluster).toMatchObject({ name: 'Service/infra/app/8080', protocol: want, discovery: { kind: 'endpoints' } })
    // Nobody said whom to trust: encrypted, not verified.
    expect(cluster.tls?.trust).toEqual(tls ? { kind: 'none' } : undefined)
  })

  it('exist as long as an accepted route refers to them', () => {
    const world = worldTo('name: app, port: 8080')
    expect(clusterNames(world)).toEqual(['Service/infra/app/8080'])
    world.remove('HTTPRoute', 'infra', 'r')
    world.flush()
    expect(clusterNames(world)).toEqual([])
    expect(world.translation.gatewayApi.endpoints.size).toBe(0)
  })

  it('do not exist for routes that are not accepted', () => {
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      route('r', 'rules: [{ backendRefs: [{ name: app, port: 8080 }] }]', { parents: '[{ name: gw, port: 1 }]' }),
    ])
    expect(clusterNames(world)).toEqual([])
  })

  it('go away with their Service, and the route says so', () => {
    const world = worldTo('name: app, port: 8080')
    world.remove('Service', 'infra', 'app')
    expect(resolvedRefs(world)).toBe('ResolvedRefs=False BackendNotFound')
    expect(clusterNames(world)).toEqual([])
  })

  it('of type ExternalName are refused, unless they are allowed', () => {
    const external =
      '\n---\n{ apiVersion: v1, kind: Service, metadata: { name: ext, namespace: infra }, spec: { type: ExternalName, externalName: example.org } }\n'
    const objects = [gateway(HTTP_LISTENER), external, to('name: ext, port: 443')]
    expect(resolvedRefs(createRouteWorld(objects))).toBe('ResolvedRefs=False InvalidKind')
    const allowed = createRouteWorld(objects, { allowExternalName: true })
    expect(onlyCluster(allowed).discovery).toEqual({ kind: 'dns', hosts: [{ hostname: 'example.org', port: 443, weight: 1 }] })
  })

  it('know a port that both TCP and UDP have by the transport of the route', () => {
    const world = worldTo(
      'name: dns, port: 53',
      service('dns', '{ name: u, port: 53, protocol: UDP }, { name: t, port: 53, protocol: TCP }'),
    )
    expect(clusterNames(world)).toEqual(['Service/infra/dns/53'])
  })
})

describe('clusters of Backends', () => {
  it('take addresses and sockets as they are written', () => {
    const world = worldTo(
      TO_BACKEND,
      backend(
        'endpoints: [{ ip: { address: 10.0.0.2, port: 80 }, weight: 3 }, { unix: { path: /run/a.sock }, priority: 2 }, { ip: { address: 10.0.0.1, port: 80 }, zone: z }]',
      ),
    )
    expect(onlyCluster(world)).toMatchObject({ name: 'Backend/infra/b', discovery: { kind: 'endpoints' } })
    expect(world.translation.gatewayApi.endpoints.get('Backend/infra/b')?.localities).toEqual([
      { zone: '', priority: 0, endpoints: [{ address: { kind: 'ip', ip: '10.0.0.2', port: 80 }, health: 'healthy', weight: 3 }] },
      { zone: 'z', priority: 0, endpoints: [{ address: { kind: 'ip', ip: '10.0.0.1', port: 80 }, health: 'healthy', weight: 1 }] },
      // Proxies refuse gaps between priorities.
      { zone: '', priority: 1, endpoints: [{ address: { kind: 'unix', path: '/run/a.sock' }, health: 'healthy', weight: 1 }] },
    ])
  })

  it('ask DNS for names', () => {
    const world = worldTo(
      TO_BACKEND,
      backend('endpoints: [{ fqdn: { hostname: a.example.org, port: 443 } }, { ip: { address: 10.0.0.1, port: 80 } }]'),
    )
    expect(onlyCluster(world).discovery).toEqual({
      kind: 'dns',
      hosts: [
        { hostname: 'a.example.org', port: 443, weight: 1 },
        { hostname: '10.0.0.1', port: 80, weight: 1 },
      ],
    })
    expect(world.translation.gatewayApi.endpoints.size).toBe(0)
  })

  it.each([
    { spec: 'appProtocols: [kubernetes.io/h2c]', want: { protocol: 'http2' } },
    { spec: 'tls: { wellKnownCACertificates: System }', want: { tls: { serverName: 'a.example.org', trust: { kind: 'system' } } } },
    { spec: 'tls: { wellKnownCACertificates: System, hostname: b.example.org }', want: { tls: { serverName: 'b.example.org' } } },
    { spec: 'tls: { insecureSkipVerify: true }', want: { tls: { serverName: 'a.example.org', trust: { kind: 'none' } } } },
  ])('$spec', ({ spec, want }) => {
    expect(
      onlyCluster(worldTo(TO_BACKEND, backend(`endpoints: [{ fqdn: { hostname: a.example.org, port: 443 } }], ${spec}`))),
    ).toMatchObject(want)
  })

  it('answer 500 and not in plain text when nobody can be trusted', () => {
    const world = worldTo(
      TO_BACKEND,
      backend(
        'endpoints: [{ ip: { address: 10.0.0.1, port: 443 } }], tls: { hostname: a.b, caCertificateRefs: [{ group: "", kind: ConfigMap, name: missing }] }',
      ),
    )
    expect(virtualHost(world.translation.gatewayApi, '*')?.routes[0]?.action).toEqual({ kind: 'directResponse', statusCode: 500 })
    expect(clusterNames(world)).toEqual([])
  })
})

describe('clusters of XBackends', () => {
  it.each([
    { protocol: 'HTTP', want: 'http1' },
    { protocol: 'HTTP11', want: 'http1' },
    { protocol: 'H2C', want: 'http2' },
    { protocol: 'GRPC', want: 'http2' },
    { protocol: 'MCP', want: 'http1' },
  ])('protocol $protocol: $want', ({ protocol, want }) => {
    const spec = `type: ExternalHostname, port: { number: 80 }, externalHostname: { hostname: a.example.org }, protocol: ${protocol}`
    expect(onlyCluster(worldTo(TO_X_BACKEND, xBackend(spec)))).toMatchObject({
      name: 'XBackend/infra/b',
      protocol: want,
      discovery: { kind: 'dns', hosts: [{ hostname: 'a.example.org', port: 80 }] },
    })
  })

  it('speak TLS as they say', () => {
    const spec =
      'type: ExternalHostname, port: { number: 443 }, externalHostname: { hostname: a.example.org }, tls: { mode: ServerOnly, validation: { wellKnownCACertificates: System, hostname: b.example.org } }'
    const negotiated = onlyCluster(worldTo(TO_X_BACKEND, xBackend(spec)))
    expect(negotiated.protocol).toBe('auto')
    expect(onlyCluster(worldTo(TO_X_BACKEND, xBackend(`${spec}, protocol: HTTP2`)))).toMatchObject({
      protocol: 'http2',
      tls: { serverName: 'b.example.org', trust: { kind: 'system' } },
    })
  })

  it('do not speak HTTP when they say TCP', () => {
    const spec = 'type: ExternalHostname, port: { number: 80 }, externalHostname: { hostname: a.example.org }, protocol: TCP'
    expect(resolvedRefs(worldTo(TO_X_BACKEND, xBackend(spec)))).toBe('ResolvedRefs=False UnsupportedProtocol')
  })

  it('bring their own sticky sessions, and their pods come from labelled EndpointSlices', () => {
    const spec =
      'type: EndpointSelector, port: { number: 8080 }, endpointSelector: { matchLabels: { app: x } }, sessionPersistence: { type: Header, header: { name: X-S } }'
    const slice = `
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: s, namespace: infra, labels: { headgate.dev/x-backend: b } }
addressType: IPv4
ports: [{ port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }]
`
    const world = worldTo(TO_X_BACKEND, xBackend(spec), slice)
    const action = virtualHost(world.translation.gatewayApi, '*')?.routes[0]?.action
    expect(action?.kind === 'forward' && action.sessionPersistence).toMatchObject({ kind: 'header', name: 'X-S' })
    expect(world.translation.gatewayApi.endpoints.get('XBackend/infra/b')?.localities).toHaveLength(1)
  })

  it('have a status for each Gateway that uses them', () => {
    const world = worldTo(
      TO_X_BACKEND,
      xBackend('type: ExternalHostname, port: { number: 80 }, externalHostname: { hostname: a.example.org }'),
    )
    const status = world.status('XBackend/infra/b')
    expect(status?.shape === 'policy' && status.ancestors.map((each) => [each.ancestorRef.name, briefly(each.conditions)])).toEqual([
      ['gw', ['Accepted=True Accepted']],
    ])
  })
})

describe('clusters of ServiceImports', () => {
  it('take the EndpointSlices of all clusters', () => {
    const world = worldTo(
      'group: multicluster.x-k8s.io, kind: ServiceImport, name: imp, port: 80',
      `
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceImport
metadata: { name: imp, namespace: infra }
spec: { type: ClusterSetIP, ports: [{ name: web, port: 80, protocol: TCP, appProtocol: kubernetes.io/h2c }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: imported, namespace: infra, labels: { multicluster.kubernetes.io/service-name: imp } }
addressType: IPv4
ports: [{ name: web, port: 8080 }]
endpoints: [{ addresses: [10.1.0.1] }]
`,
    )
    expect(onlyCluster(world)).toMatchObject({ name: 'ServiceImport/infra/imp/80', protocol: 'http2' })
    expect(world.translation.gatewayApi.endpoints.get('ServiceImport/infra/imp/80')?.localities[0]?.endpoints).toMatchObject([
      { address: { ip: '10.1.0.1', port: 8080 } },
    ])
  })
})

describe('a backend that Envoy refused', () => {
  it('answers 500 until it changes', () => {
    const endpoints = 'endpoints: [{ ip: { address: 10.0.0.1, port: 80 } }]'
    const world = worldTo(TO_BACKEND, backend(endpoints))
    world.translation.inputs.quarantines.set('Backend/infra/b', { generation: 1, state: 'rejected', message: 'no' })
    world.flush()
    expect(clusterNames(world)).toEqual([])
    world.apply(backend(`${endpoints}, appProtocols: [http]`))
    world.flush()
    expect(clusterNames(world)).toEqual(['Backend/infra/b'])
  })
})

describe('XBackendTrafficPolicy', () => {
  const policy = (name: string, created: string, percent: number): string => `
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: ${name}, namespace: infra, creationTimestamp: "${created}" }
spec: { targetRefs: [{ group: "", kind: Service, name: app }], retryConstraint: { budget: { percent: ${percent} } } }
`

  it('gives a Service a retry budget; the oldest policy counts, the others say that they conflict', () => {
    const world = worldTo('name: app, port: 8080', policy('newer', '2026-01-02T00:00:00Z', 50), policy('older', '2026-01-01T00:00:00Z', 30))
    expect(onlyCluster(world).traffic.retryBudget).toEqual({
      percent: 30,
      intervalMs: 10_000,
      minRetriesPerInterval: 10,
      minIntervalMs: 1000,
    })
    const said = (name: string): unknown => {
      const status = world.status(`XBackendTrafficPolicy/infra/${name}`)
      return status?.shape === 'policy' && status.ancestors.map((each) => briefly(each.conditions))
    }
    expect(said('older')).toEqual([['Accepted=True Accepted']])
    expect(said('newer')).toEqual([['Accepted=False Conflicted']])
  })

  it('says that nothing counts it where no requests are sent', () => {
    const tcpRoute = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: s, namespace: infra }
spec: { parentRefs: [{ name: gw }], rules: [{ backendRefs: [{ name: app, port: 8080 }] }] }
`
    const listeners = `{ name: t, port: 9000, protocol: TCP }, ${HTTP_LISTENER}`
    const told = (...objects: string[]): string => {
      const world = createRouteWorld([gateway(listeners), service('app'), tcpRoute, policy('p', '2026-01-01T00:00:00Z', 30), ...objects])
      const status = world.status('XBackendTrafficPolicy/infra/p')
      return status?.shape === 'policy' ? (status.ancestors[0]?.conditions[0]?.message ?? '') : ''
    }
    expect(told()).toMatch(/^It changes nothing here: this Gateway sends no requests there/)
    expect(told(to('name: app, port: 8080'))).toBe('It is in use.')
  })
})
