import { beforeAll, describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import { createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import { DEFAULT_KEPT_BODY_BYTES } from '../../ir/defaults.js'
import type { Chain, Port } from '../../ir/port.js'

let secret = ''
let authority = ''

beforeAll(async () => {
  const issuer = await createAuthority()
  const { certificate, privateKey } = await issuer.issue({ dns: ['a.example.com'] })
  const [crt, key] = [certificate, privateKey].map((text) => Buffer.from(text).toString('base64'))
  authority = issuer.certificate
  secret = `{ apiVersion: v1, kind: Secret, metadata: { name: cert, namespace: infra }, type: kubernetes.io/tls, data: { tls.crt: ${crt}, tls.key: ${key} } }`
})

const gateway = (listeners: string, more = ''): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: infra }
spec: { gatewayClassName: headgate, listeners: [${listeners}]${more} }
`

const CERTIFICATE = 'tls: { certificateRefs: [{ name: cert }] }'
const https = (name: string, host: string | undefined, port = 443): string =>
  `{ name: ${name}, port: ${port}, protocol: HTTPS, ${host === undefined ? '' : `hostname: "${host}", `}${CERTIFICATE} }`
const passthrough = (name: string, host: string | undefined): string =>
  `{ name: ${name}, port: 443, protocol: TLS, ${host === undefined ? '' : `hostname: "${host}", `}tls: { mode: Passthrough } }`

const BACKENDS = ['one', 'two']
  .map(
    (name) => `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: ${name}, namespace: infra }
spec: { endpoints: [{ ip: { address: 127.0.0.1, port: 9000 } }] }
---
`,
  )
  .join('')

const streamRoute = (
  kind: string,
  name: string,
  backend: string,
  more: { hosts?: string; created?: string; section?: string } = {},
): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: infra, creationTimestamp: "${more.created ?? '2026-01-01T00:00:00Z'}" }
spec:
  parentRefs: [{ name: gw${more.section === undefined ? '' : `, sectionName: ${more.section}`} }]
  ${more.hosts === undefined ? '' : `hostnames: [${more.hosts}]`}
  rules: [{ backendRefs: [{ group: headgate.dev, kind: Backend, name: ${backend} }] }]
---
`

function worldWith(...objects: string[]): TranslationWorld {
  const world = createTranslationWorld()
  for (const object of [secret, BACKENDS, ...objects]) world.apply(object)
  world.place('infra/gw')
  return world
}

function portsOf(world: TranslationWorld): ReadonlyMap<string, Port> {
  world.flush()
  return new Map(world.translation.gatewayApi.ports.entries())
}

function chainsOf(world: TranslationWorld): readonly Chain[] {
  return [...portsOf(world).values()].flatMap((port) => port.chains)
}

/** `name [server names] -> route table or clusters`. */
const brief = (chain: Chain): string =>
  `${chain.name} [${chain.serverNames.join()}] -> ${chain.kind === 'http' ? chain.routeTable : chain.clusters.map(({ cluster }) => cluster.split('/')[2]).join()}`

describe('ports of HTTP', () => {
  it('have one chain and one route table for all HTTP listeners of the port', () => {
    const world = worldWith(
      gateway(
        `{ name: a, port: 80, protocol: HTTP, hostname: a.com }, { name: all, port: 80, protocol: HTTP }, { name: other, port: 8080, protocol: HTTP }`,
      ),
    )
    const ports = portsOf(world)
    expect([...ports.keys()].sort()).toEqual(['infra/gw/0.0.0.0/80/tcp', 'infra/gw/0.0.0.0/8080/tcp'])
    expect(ports.get('infra/gw/0.0.0.0/80/tcp')).toMatchObject({
      group: 'infra/gw',
      addresses: ['0.0.0.0'],
      boundPort: 80,
      port: 80,
      transport: 'TCP',
      chains: [
        {
          kind: 'http',
          name: 'http',
          encrypted: false,
          serverNames: [],
          routeTable: 'infra/gw/0.0.0.0/80/tcp',
          listeners: ['Gateway/infra/gw/a', 'Gateway/infra/gw/all'],
        },
      ],
      origins: [{ kind: 'Gateway', namespace: 'infra', name: 'gw', generation: 1 }],
    })
    expect(world.translation.gatewayApi.routeTables.get('infra/gw/0.0.0.0/80/tcp')).toEqual({
      name: 'infra/gw/0.0.0.0/80/tcp',
      group: 'infra/gw',
      port: 'infra/gw/0.0.0.0/80/tcp',
      listenerPort: 80,
      encrypted: false,
      keptBodyBytes: DEFAULT_KEPT_BODY_BYTES,
      origins: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'infra', name: 'gw', generation: 1 }],
    })
  })

  it('are bound where the placement says, and not at all without one', () => {
    const world = createTranslationWorld()
    world.apply(gateway('{ name: a, port: 80, protocol: HTTP }'))
    expect(portsOf(world).size).toBe(0)
    world.place('infra/gw', { group: 'laptop', addresses: ['127.0.0.2', '::1'], ports: { offset: 0, privilegedOffset: 8000 } })
    expect(portsOf(world).get('infra/gw/127.0.0.2/80/tcp')).toMatchObject({
      group: 'laptop',
      addresses: ['127.0.0.2', '::1'],
      boundPort: 8080,
      port: 80,
    })
  })

  it('have another name while a port that another listener names is in their way', () => {
    const world = createTranslationWorld()
    const placement = { addresses: ['127.0.0.1'], ports: { offset: 0, privilegedOffset: 8000 } } as const
    const bound = () => Object.fromEntries([...portsOf(world)].map(([name, { boundPort }]) => [name, boundPort]))
    world.apply(gateway('{ name: a, port: 80, protocol: HTTP }'))
    world.place('infra/gw', placement)
    expect(bound()).toEqual({ 'infra/gw/127.0.0.1/80/tcp': 8080 })
    world.apply(gateway('{ name: a, port: 80, protocol: HTTP }, { name: b, port: 8080, protocol: HTTP }'))
    expect(bound()).toEqual({ 'infra/gw/127.0.0.1/80/tcp@18080': 18080, 'infra/gw/127.0.0.1/8080/tcp': 8080 })
    world.apply(gateway('{ name: a, port: 80, protocol: HTTP }'))
    expect(bound()).toEqual({ 'infra/gw/127.0.0.1/80/tcp': 8080 })
  })

  it('do not depend on HTTP routes', () => {
    const world = worldWith(gateway('{ name: a, port: 80, protocol: HTTP }'))
    world.flush()
    world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: infra }
spec: { parentRefs: [{ name: gw }], rules: [{ backendRefs: [{ group: headgate.dev, kind: Backend, name: one }] }] }
`)
    expect([...world.flush().computed.keys()]).not.toContain('ports')
  })
})

describe('ports of TLS', () => {
  it('have one chain and one route table per HTTPS listener', () => {
    const world = worldWith(gateway([https('all', undefined), https('exact', 'a.example.com'), https('wild', '*.example.com')].join()))
    expect(chainsOf(world).map(brief)).toEqual([
      'https/* [] -> infra/gw/0.0.0.0/443/tcp/https/*',
      'https/*.example.com [*.example.com] -> infra/gw/0.0.0.0/443/tcp/https/*.example.com',
      'https/a.example.com [a.example.com] -> infra/gw/0.0.0.0/443/tcp/https/a.example.com',
    ])
    expect(chainsOf(world)[0]).toMatchObject({ encrypted: true, tls: { certificates: ['Secret/infra/cert'], alpn: ['h2', 'http/1.1'] } })
    expect(world.translation.gatewayApi.routeTables.get('infra/gw/0.0.0.0/443/tcp/https/*')).toMatchObject({
      listenerPort: 443,
      encrypted: true,
    })
  })

  it('serve HTTP and HTTPS side by side', () => {
    const world = worldWith(gateway(`${https('tls', 'a.com', 80)}, { name: plain, port: 80, protocol: HTTP, hostname: a.com }`))
    expect(chainsOf(world).map((chain) => [chain.name, chain.encrypted])).toEqual([
      ['http', false],
      ['https/a.com', true],
    ])
  })

  it('have nothing of a listener that another object was before', () => {
    const more = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: more, namespace: infra }
spec: { parentRef: { name: gw }, listeners: [${https('same', 'a.example.com')}, ${https('other', 'b.example.com')}] }
`
    const world = worldWith(gateway(https('exact', 'a.example.com'), ', allowedListeners: { namespaces: { from: Same } }'), more)
    expect(chainsOf(world).map(({ name, listeners }) => [name, listeners])).toEqual([
      ['https/a.example.com', ['Gateway/infra/gw/exact']],
      ['https/b.example.com', ['ListenerSet/infra/more/other']],
    ])
  })

  it('take the settings of options', () => {
    const options = 'options: { headgate.dev/tls-min-version: "1.3", headgate.dev/alpn-protocols: http/1.1 }'
    const world = worldWith(gateway(https('l', undefined).replace('certificateRefs', `${options}, certificateRefs`)))
    expect(chainsOf(world)[0]).toMatchObject({ tls: { minVersion: '1.3', alpn: ['http/1.1'] } })
  })

  it('forward by server name, each host to the route that names it most specifically, then to the oldest', () => {
    const world = worldWith(
      gateway(passthrough('l', '*.example.com')),
      streamRoute('TLSRoute', 'wide', 'one', { hosts: '"*.example.com"', created: '2026-01-01T00:00:00Z' }),
      streamRoute('TLSRoute', 'exact', 'two', { hosts: 'a.example.com', created: '2026-01-02T00:00:00Z' }),
      streamRoute('TLSRoute', 'late', 'one', { hosts: 'a.example.com', created: '2026-01-03T00:00:00Z' }),
    )
    expect(chainsOf(world).map(brief)).toEqual(['tls/*.example.com [*.example.com] -> one', 'tls/a.example.com [a.example.com] -> two'])
  })

  it('close connections to hosts of a TLS listener that no route serves, rather than give them to another listener', () => {
    const world = worldWith(
      gateway([passthrough('l', '*.example.com'), https('all', undefined)].join()),
      streamRoute('TLSRoute', 'r', 'one', { hosts: 'a.example.com' }),
    )
    expect(chainsOf(world).map(brief)).toEqual([
      'https/* [] -> infra/gw/0.0.0.0/443/tcp/https/*',
      'tls/*.example.com [*.example.com] -> ',
      'tls/a.example.com [a.example.com] -> one',
    ])
  })

  it('leave a host to the more specific listener', () => {
    const world = worldWith(
      gateway([passthrough('wide', '*.example.com'), https('exact', 'a.example.com')].join()),
      streamRoute('TLSRoute', 'r', 'one', { hosts: '"*.example.com", a.example.com' }),
    )
    expect(chainsOf(world).map(brief)).toEqual([
      'https/a.example.com [a.example.com] -> infra/gw/0.0.0.0/443/tcp/https/a.example.com',
      'tls/*.example.com [*.example.com] -> one',
    ])
  })

  it('mix Passthrough and Terminate', () => {
    const terminate = `{ name: end, port: 443, protocol: TLS, hostname: b.example.com, tls: { mode: Terminate, certificateRefs: [{ name: cert }] } }`
    const world = worldWith(
      gateway([passthrough('pass', 'a.example.com'), terminate].join()),
      streamRoute('TLSRoute', 'r', 'one', { hosts: 'a.example.com, b.example.com' }),
    )
    const chains = chainsOf(world)
    expect(chains.map(brief)).toEqual(['tls/a.example.com [a.example.com] -> one', 'tls/b.example.com [b.example.com] -> one'])
    expect(chains.map((chain) => chain.tls?.certificates)).toEqual([undefined, ['Secret/infra/cert']])
    expect(chains[1]).toMatchObject({ tls: { alpn: [] } })
  })

  it('keep the host of a listener that cannot serve from a wider one', () => {
    const world = worldWith(gateway([https('all', undefined), https('broken', 'a.example.com').replace('cert }', 'missing }')].join()))
    expect(chainsOf(world).map(brief)).toEqual([
      'https/* [] -> infra/gw/0.0.0.0/443/tcp/https/*',
      'https/a.example.com [a.example.com] -> ',
    ])
    expect(chainsOf(world)[1]?.tls).toBeUndefined()
  })

  it('are not opened for listeners that cannot serve', () => {
    expect(portsOf(worldWith(gateway(https('broken', 'a.example.com').replace('cert }', 'missing }')))).size).toBe(0)
  })

  it('ask clients for certificates as the port says', () => {
    const ca = `
apiVersion: v1
kind: ConfigMap
metadata: { name: ca, namespace: infra }
data: { ca.crt: ${JSON.stringify(authority)} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: more, namespace: infra }
data: { ca.crt: ${JSON.stringify(authority)} }
`
    const refs = (...names: string[]): string => names.map((name) => `{ group: "", kind: ConfigMap, name: ${name} }`).join()
    const frontend = `{ default: { validation: { caCertificateRefs: [${refs('more', 'ca')}] } }, perPort: [{ port: 8443, tls: { validation: { mode: AllowInsecureFallback, caCertificateRefs: [${refs('ca')}] } } }] }`
    const world = worldWith(
      ca,
      gateway([https('one', undefined), https('two', undefined, 8443)].join(), `, tls: { frontend: ${frontend} }`),
    )
    expect(chainsOf(world).map((chain) => chain.tls?.clientValidation)).toEqual([
      { trust: 'ConfigMap/infra/ca+ConfigMap/infra/more', mode: 'require' },
      { trust: 'ConfigMap/infra/ca', mode: 'request' },
    ])
    const { secrets } = world.translation.gatewayApi
    expect([...secrets.entries()].map(([name, { kind }]) => `${kind} ${name}`).sort()).toEqual([
      'certificate Secret/infra/cert',
      'trust ConfigMap/infra/ca',
      'trust ConfigMap/infra/ca+ConfigMap/infra/more',
    ])
    const combined = secrets.get('ConfigMap/infra/ca+ConfigMap/infra/more')
    expect(combined?.kind === 'trust' && combined.authorities.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(combined?.origins.map(({ name }) => name)).toEqual(['ca', 'more'])
  })
})

describe('ports of TCP and UDP', () => {
  it.each([
    { kind: 'TCPRoute', listener: '{ name: l, port: 9000, protocol: TCP }', want: 'tcp [] -> two', name: 'infra/gw/0.0.0.0/9000/tcp' },
    { kind: 'UDPRoute', listener: '{ name: l, port: 53, protocol: UDP }', want: 'udp [] -> two', name: 'infra/gw/0.0.0.0/53/udp' },
  ])('serve the oldest $kind only', ({ kind, listener, want, name }) => {
    const world = worldWith(
      gateway(listener),
      streamRoute(kind, 'young', 'one', { created: '2026-01-02T00:00:00Z' }),
      streamRoute(kind, 'old', 'two', { created: '2026-01-01T00:00:00Z' }),
    )
    expect(chainsOf(world).map(brief)).toEqual([want])
    expect([...portsOf(world).keys()]).toEqual([name])
    world.remove(kind, 'infra', 'old')
    expect(chainsOf(world).map(brief)).toEqual([want.replace('two', 'one')])
  })

  it('have a chain without clusters while no route is there', () => {
    expect(chainsOf(worldWith(gateway('{ name: l, port: 9000, protocol: TCP }'))).map(brief)).toEqual(['tcp [] -> '])
  })

  it('share a number when the transports differ', () => {
    const world = worldWith(gateway('{ name: t, port: 53, protocol: TCP }, { name: u, port: 53, protocol: UDP }'))
    expect([...portsOf(world).keys()].sort()).toEqual(['infra/gw/0.0.0.0/53/tcp', 'infra/gw/0.0.0.0/53/udp'])
  })
})

describe('infrastructure', () => {
  it('has a port per number and transport, whether or not its listeners can serve just now', () => {
    const world = worldWith(
      gateway(
        `{ name: a, port: 80, protocol: HTTP }, { name: b, port: 80, protocol: HTTP, hostname: b.com }, { name: dns, port: 53, protocol: UDP }, ${https('broken', undefined).replace('cert }', 'missing }')}, { name: odd, port: 1111, protocol: INVALID }`,
        ', infrastructure: { labels: { a: b }, annotations: { c: d } }, addresses: [{ type: IPAddress }, { value: 192.0.2.7 }, { type: Hostname, value: gw.example.com }]',
      ),
    )
    world.flush()
    const ports = [
      { name: 'udp-53', port: 53, boundPort: 53, protocol: 'UDP' },
      { name: 'tcp-80', port: 80, boundPort: 80, protocol: 'TCP' },
      { name: 'tcp-443', port: 443, boundPort: 443, protocol: 'TCP' },
    ]
    const metadata = { labels: { a: 'b' }, annotations: { c: 'd' } }
    const addresses = [{ type: 'IPAddress' }, { type: 'IPAddress', value: '192.0.2.7' }, { type: 'Hostname', value: 'gw.example.com' }]
    expect(world.translation.gatewayApi.infra.get('infra/gw')).toEqual({
      owner: { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'infra', name: 'gw', generation: 1 },
      gatewayClass: 'headgate',
      ports,
      ...metadata,
      services: [{ gateways: [{ key: 'infra/gw', addresses }], ports, ...metadata }],
      config: {},
    })
  })

  it('says why a Gateway must not be changed', () => {
    const world = worldWith(
      gateway('{ name: a, port: 80, protocol: HTTP }', ', infrastructure: { parametersRef: { group: x.com, kind: Fake, name: x } }'),
    )
    world.flush()
    expect(world.translation.gatewayApi.infra.get('infra/gw')?.problem).toMatch(/Fake.x.com/)
  })
})
