import { describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import {
  authorityConfigMap,
  certificateSecret,
  createRouteWorld,
  gateway,
  HTTP_LISTENER,
  route,
  service,
  virtualHost,
} from '../../../test/support/route-world.js'
import { briefly, type TranslationWorld } from '../../../test/support/translation-world.js'

const authority = await createAuthority()
const CERTIFICATE_OF_GATEWAY = await authority.issue({ dns: ['a.b'] })
const CA = authorityConfigMap('ca', authority.certificate)
const CA_REFS = 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }]'

/** A policy about the Service `app`. */
const policy = (
  name: string,
  validation: string,
  more: { readonly section?: string; readonly created?: string; readonly target?: string } = {},
): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, namespace: infra, creationTimestamp: "${more.created ?? '2026-01-01T00:00:00Z'}" }
spec:
  targetRefs: [{ group: "", kind: Service, name: ${more.target ?? 'app'}${more.section === undefined ? '' : `, sectionName: ${more.section}`} }]
  validation: { ${validation} }
`
const PORTS = '{ name: one, port: 443 }, { name: two, port: 444 }'
const TO_BOTH = route('r', 'rules: [{ backendRefs: [{ name: app, port: 443 }, { name: app, port: 444 }] }]')

function worldWith(...objects: string[]): TranslationWorld {
  return createRouteWorld([gateway(HTTP_LISTENER), service('app', PORTS), CA, TO_BOTH, ...objects])
}

const cluster = (world: TranslationWorld, name = 'Service/infra/app/443') => world.translation.gatewayApi.clusters.get(name)

const conditions = (world: TranslationWorld, name: string): readonly (readonly string[])[] => {
  const status = world.status(`BackendTLSPolicy/infra/${name}`)
  if (status?.shape !== 'policy') throw new Error(`${name} has no status`)
  return status.ancestors.map((each) => briefly(each.conditions))
}

const VALID = ['Accepted=True Accepted', 'ResolvedRefs=True ResolvedRefs']

describe('TLS of a Service', () => {
  it('is as the policy says', () => {
    const names =
      'subjectAltNames: [{ type: Hostname, hostname: a.b }, { type: Hostname, hostname: "*.b.c" }, { type: URI, uri: "spiffe://a/b" }]'
    const world = worldWith(policy('p', `hostname: abc.example.com, ${CA_REFS}, ${names}`))
    expect(cluster(world)?.tls).toEqual({
      serverName: 'abc.example.com',
      trust: { kind: 'material', name: 'ConfigMap/infra/ca' },
      subjectAltNames: [
        { type: 'DNS', value: 'a.b', match: 'exact' },
        { type: 'DNS', value: '.b.c', match: 'suffix' },
        { type: 'URI', value: 'spiffe://a/b', match: 'exact' },
      ],
    })
    expect(conditions(world, 'p')).toEqual([VALID])
    // Proxies get the authorities as a secret.
    expect(world.translation.gatewayApi.secrets.get('ConfigMap/infra/ca')).toBeDefined()
  })

  it('trusts the authorities of the system', () => {
    expect(cluster(worldWith(policy('p', 'hostname: a.b, wellKnownCACertificates: System')))?.tls?.trust).toEqual({ kind: 'system' })
  })

  it('keeps the name of the cluster when a policy comes', () => {
    const world = worldWith()
    expect(cluster(world)?.tls).toBeUndefined()
    world.apply(policy('p', `hostname: a.b, ${CA_REFS}`))
    world.flush()
    expect(cluster(world)?.tls?.serverName).toBe('a.b')
  })
})

describe('a policy that nobody can be trusted by', () => {
  it.each([
    { rule: 'a ConfigMap that is missing', refs: '{ group: "", kind: ConfigMap, name: missing }', want: 'InvalidCACertificateRef' },
    { rule: 'a ConfigMap without ca.crt', refs: '{ group: "", kind: ConfigMap, name: empty }', want: 'InvalidCACertificateRef' },
    { rule: 'a kind that holds no authorities', refs: '{ group: "", kind: InvalidKind, name: x }', want: 'InvalidKind' },
  ])('$rule: requests fail, nothing goes in plain text', ({ refs, want }) => {
    const empty = '\n---\n{ apiVersion: v1, kind: ConfigMap, metadata: { name: empty, namespace: infra }, data: {} }\n'
    const world = worldWith(empty, policy('p', `hostname: a.b, caCertificateRefs: [${refs}]`))
    expect(conditions(world, 'p')).toEqual([['Accepted=False NoValidCACertificate', `ResolvedRefs=False ${want}`]])
    expect(virtualHost(world.translation.gatewayApi, '*')?.routes[0]?.action).toEqual({ kind: 'directResponse', statusCode: 500 })
    const status = world.status('HTTPRoute/infra/r')
    expect(status?.shape === 'route' && briefly(status.parents[0]?.conditions ?? [])).toEqual(VALID)
  })

  it('works as soon as the ConfigMap comes', () => {
    const world = worldWith(policy('p', 'hostname: a.b, caCertificateRefs: [{ group: "", kind: ConfigMap, name: late }]'))
    expect(cluster(world)).toBeUndefined()
    world.apply(authorityConfigMap('late', authority.certificate))
    expect(conditions(world, 'p')).toEqual([VALID])
    expect(cluster(world)?.tls).toBeDefined()
  })

  it('goes on with the valid ones of several references, and says which is not', () => {
    const world = worldWith(
      policy(
        'p',
        `hostname: a.b, caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }, { group: "", kind: ConfigMap, name: missing }]`,
      ),
    )
    expect(conditions(world, 'p')).toEqual([['Accepted=True Accepted', 'ResolvedRefs=False InvalidCACertificateRef']])
    expect(cluster(world)?.tls?.trust).toEqual({ kind: 'material', name: 'ConfigMap/infra/ca' })
  })

  it('conflicts with no policy that works: the older one alone decides', () => {
    const world = worldWith(
      policy('p', 'hostname: a.b, caCertificateRefs: [{ group: "", kind: ConfigMap, name: missing }]', { target: 'elsewhere' }),
    )
    expect(cluster(world)?.tls).toBeUndefined()
  })
})

describe('datagrams', () => {
  it('are none of its business: they reach the Service whoever is trusted', () => {
    const world = worldWith(
      gateway('{ name: udp, port: 53, protocol: UDP }'),
      service('dns', '{ name: tls, port: 53 }, { name: udp, port: 53, protocol: UDP }'),
      route('datagrams', 'rules: [{ backendRefs: [{ name: dns, port: 53 }] }]', { kind: 'UDPRoute' }),
      policy('p', 'hostname: a.b, caCertificateRefs: [{ group: "", kind: ConfigMap, name: missing }]', { target: 'dns' }),
    )
    expect(cluster(world, 'Service/infra/dns/53/udp')).toMatchObject({ protocol: 'udp', origins: [{ kind: 'Service' }] })
  })
})

describe('several policies', () => {
  const older = { created: '2025-01-01T00:00:00Z' }
  const newer = { created: '2026-01-01T00:00:00Z' }

  it.each([
    { rule: 'the older wins', first: older, second: newer, winner: 'first' },
    { rule: 'the first name wins between policies of the same age', first: newer, second: newer, winner: 'first' },
    {
      rule: 'the older wins for the same port',
      first: { ...newer, section: 'one' },
      second: { ...older, section: 'one' },
      winner: 'second',
    },
  ])('$rule, the other one conflicts', ({ first, second, winner }) => {
    const world = worldWith(
      policy('first', `hostname: first.com, ${CA_REFS}`, first),
      policy('second', `hostname: second.com, ${CA_REFS}`, second),
    )
    expect(cluster(world)?.tls?.serverName).toBe(`${winner}.com`)
    expect(conditions(world, winner)).toEqual([VALID])
    expect(conditions(world, winner === 'first' ? 'second' : 'first')).toEqual([
      ['Accepted=False Conflicted', 'ResolvedRefs=True ResolvedRefs'],
    ])
  })

  it('one for a port and one for the Service do not conflict: the port has its own', () => {
    const world = worldWith(
      policy('whole', `hostname: whole.com, ${CA_REFS}`, older),
      policy('port', `hostname: port.com, ${CA_REFS}`, { ...newer, section: 'one' }),
    )
    expect(cluster(world, 'Service/infra/app/443')?.tls?.serverName).toBe('port.com')
    expect(cluster(world, 'Service/infra/app/444')?.tls?.serverName).toBe('whole.com')
    expect([conditions(world, 'whole'), conditions(world, 'port')]).toEqual([[VALID], [VALID]])
  })
})

describe('the status of a policy', () => {
  it('has one entry per Gateway whose routes use the Service', () => {
    const other = gateway(HTTP_LISTENER).replace('name: gw', 'name: other')
    const world = worldWith(
      policy('p', `hostname: a.b, ${CA_REFS}`),
      other,
      route('r2', 'rules: [{ backendRefs: [{ name: app, port: 443 }] }]', { parents: '[{ name: other }]' }),
    )
    const status = world.status('BackendTLSPolicy/infra/p')
    expect(status?.shape === 'policy' && status.ancestors.map((each) => each.ancestorRef)).toEqual(
      ['gw', 'other'].map((name) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'infra', name })),
    )
  })

  it('is nothing where no Gateway of ours uses the Service', () => {
    expect(worldWith(policy('p', `hostname: a.b, ${CA_REFS}`, { target: 'unused' })).status('BackendTLSPolicy/infra/p')).toBeUndefined()
  })

  const ASKED = 'backendRef: { name: auth, port: 443 }'
  const ours = (kind: string, spec: string): string =>
    `\n---\n{ apiVersion: headgate.dev/v1alpha1, kind: ${kind}, metadata: { name: o, namespace: infra }, spec: { ${spec} } }\n`
  const about = 'targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw }]'
  const keys = 'uri: "https://auth.example.com/keys", backendRefs: [{ name: auth, port: 443 }]'
  const filter = `filters: { requests: [{ type: ExternalAuth, externalAuth: { protocol: HTTP, ${ASKED}, http: {} } }] }`
  const told = `accessLogs: [{ sink: { type: OpenTelemetry, openTelemetry: { ${ASKED} } } }]`
  const config = 'infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: o } }'
  it.each([
    { who: 'a SecurityPolicy', objects: [ours('SecurityPolicy', `${about}, extAuth: { http: { ${ASKED} } }`)] },
    { who: 'its overrides', objects: [ours('SecurityPolicy', `${about}, overrides: { extAuth: { http: { ${ASKED} } } }`)] },
    {
      who: 'keys of tokens',
      objects: [ours('SecurityPolicy', `${about}, jwt: { providers: [{ name: p, issuer: i, remoteJWKS: { ${keys} } }] }`)],
    },
    { who: 'an ExtensionPolicy', objects: [ours('ExtensionPolicy', `${about}, extProc: [{ ${ASKED} }]`)] },
    { who: 'a filter of a listener', objects: [gateway(HTTP_LISTENER.replace(/ }$/, `, ${filter} }`))] },
    { who: 'telemetry', objects: [ours('GatewayConfig', told), gateway(HTTP_LISTENER, config)] },
  ])('has an entry for a Gateway where $who asks the Service, and says there what is wrong', ({ objects }) => {
    const missing = 'hostname: a.b, caCertificateRefs: [{ group: "", kind: ConfigMap, name: missing }]'
    const world = worldWith(service('auth', '{ name: https, port: 443 }'), policy('p', missing, { target: 'auth' }))
    expect(world.status('BackendTLSPolicy/infra/p')).toBeUndefined()
    for (const each of objects) world.apply(each)
    expect(conditions(world, 'p')).toEqual([['Accepted=False NoValidCACertificate', 'ResolvedRefs=False InvalidCACertificateRef']])
    const status = world.status('BackendTLSPolicy/infra/p')
    expect(status?.shape === 'policy' && status.ancestors.map((each) => each.ancestorRef.name)).toEqual(['gw'])
  })

  const ofLogin = `provider: { issuer: "https://auth.example.com", authorizationEndpoint: "https://auth.example.com/a", tokenEndpoint: "https://auth.example.com/t", backendRefs: [{ name: auth, port: 443 }] }, clientID: c, clientSecret: { name: s }, redirectURL: "https://app.example.com/callback", logoutPath: /logout`
  it.each([
    { kind: 'SecurityPolicy', spec: `extAuth: { http: { ${ASKED} } }`, field: 'extAuth.backendRef' },
    { kind: 'SecurityPolicy', spec: `overrides: { extAuth: { http: { ${ASKED} } } }`, field: 'extAuth.backendRef' },
    {
      kind: 'SecurityPolicy',
      spec: `jwt: { providers: [{ name: p, issuer: i, remoteJWKS: { ${keys} } }] }`,
      field: 'jwt.providers "p": remoteJWKS.backendRefs',
    },
    { kind: 'SecurityPolicy', spec: `oidc: { ${ofLogin} }`, field: 'oidc.provider.backendRefs' },
    { kind: 'ExtensionPolicy', spec: `extProc: [{ ${ASKED} }]`, field: 'extProc[0].backendRef' },
  ])('is not all: a $kind with $field says that nothing is sent there', ({ kind, spec, field }) => {
    const secret =
      '\n---\n{ apiVersion: v1, kind: Secret, metadata: { name: s, namespace: infra }, data: { client-secret: MDEyMzQ1Njc4OWFiY2RlZg== } }\n'
    const world = worldWith(service('auth', '{ name: https, port: 443 }'), secret, ours(kind, `${about}, ${spec}`))
    const said = () => {
      const status = world.status(`${kind}/infra/o`)
      return status?.shape === 'policy' ? status.ancestors.flatMap((each) => each.conditions) : []
    }
    expect(briefly(said())).toEqual(['Accepted=True Accepted'])
    const missing = 'hostname: a.b, caCertificateRefs: [{ group: "", kind: ConfigMap, name: missing }]'
    world.apply(policy('p', missing, { target: 'auth' }))
    expect(briefly(said())).toEqual(['Accepted=True Accepted', 'ResolvedRefs=False Invalid'])
    expect(said()[1]?.message).toBe(
      `${field}: nothing is sent there: The BackendTLSPolicy "p" of Service "auth" trusts nobody that is usable.`,
    )
  })

  it('says that the target does not exist', () => {
    const lost = route('r2', 'rules: [{ backendRefs: [{ name: lost, port: 443 }] }]')
    const world = worldWith(
      policy('p', `hostname: a.b, ${CA_REFS}`, { target: 'lost' }),
      policy('q', `hostname: a.b, ${CA_REFS}`, { section: 'three' }),
      lost,
    )
    expect(conditions(world, 'p')).toEqual([['Accepted=False TargetNotFound', 'ResolvedRefs=True ResolvedRefs']])
    expect(conditions(world, 'q')).toEqual([['Accepted=False TargetNotFound', 'ResolvedRefs=True ResolvedRefs']])
  })

  it('does not say so of one that has another target, which exists', () => {
    const both = policy('p', `hostname: a.b, ${CA_REFS}`).replace(
      'targetRefs: [',
      'targetRefs: [{ group: "", kind: Service, name: lost }, ',
    )
    expect(conditions(worldWith(both), 'p')).toEqual([VALID])
  })

  it('has the generation of the policy', () => {
    const world = worldWith(policy('p', `hostname: a.b, ${CA_REFS}`))
    world.apply(policy('p', `hostname: c.d, ${CA_REFS}`))
    const status = world.status('BackendTLSPolicy/infra/p')
    expect(
      status?.shape === 'policy' && status.ancestors.flatMap((each) => each.conditions.map((condition) => condition.observedGeneration)),
    ).toEqual([2, 2])
  })
})

describe('the client certificate of a Backend', () => {
  it.each([
    { ref: '{ name: lost }', said: 'Secret "infra/lost" does not exist.' },
    { ref: '{ group: "", kind: ConfigMap, name: ca }', said: 'ConfigMap "infra/ca" cannot hold a certificate: use a Secret.' },
    {
      ref: '{ name: theirs, namespace: shop }',
      said: 'Secret "shop/theirs" is in another namespace and no ReferenceGrant there allows Backends of "infra" to refer to it.',
    },
  ])('is looked for as that of a Gateway: $ref', ({ ref, said }) => {
    const backend = `
---
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: b, namespace: infra }
spec: { endpoints: [{ ip: { address: 10.0.0.1, port: 443 } }], tls: { hostname: a.b, ${CA_REFS}, clientCertificateRef: ${ref} } }
`
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      CA,
      backend,
      route('r', 'rules: [{ backendRefs: [{ group: headgate.dev, kind: Backend, name: b }] }]'),
    ])
    const status = world.status('Backend/infra/b')
    expect(status?.shape === 'backend' && status.conditions.map(({ message }) => message)).toEqual([
      `The Backend "infra/b" has no client certificate that is usable: ${said}`,
    ])
  })
})

describe('the client certificate of a Gateway', () => {
  it('is shown to backends with a policy, by a cluster of its own; others keep theirs', async () => {
    const secret = certificateSecret('client', await authority.issue({ dns: ['client'] }))
    const world = createRouteWorld([
      gateway(HTTP_LISTENER, 'tls: { backend: { clientCertificateRef: { name: client } } }'),
      service('app', PORTS),
      CA,
      secret,
      TO_BOTH,
      policy('p', `hostname: a.b, ${CA_REFS}`, { section: 'one' }),
    ])
    expect(cluster(world, 'Service/infra/app/443@infra/gw')?.tls).toMatchObject({
      serverName: 'a.b',
      clientCertificate: 'Secret/infra/client',
    })
    expect(cluster(world, 'Service/infra/app/444')?.tls).toBeUndefined()
    expect(world.translation.gatewayApi.endpoints.get('Service/infra/app/443@infra/gw')).toBeDefined()
    expect(world.translation.gatewayApi.secrets.get('Secret/infra/client')).toBeDefined()
  })

  it('is shown to nobody whose TLS no policy asks for, nor where clients speak TLS themselves', async () => {
    const backend = `
---
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: b, namespace: infra }
spec: { endpoints: [{ ip: { address: 10.0.0.1, port: 443 } }], tls: { hostname: a.b, ${CA_REFS} } }
`
    const world = createRouteWorld([
      gateway(
        `${HTTP_LISTENER}, { name: tls, port: 8443, protocol: TLS, tls: { mode: Passthrough } }`,
        'tls: { backend: { clientCertificateRef: { name: client } } }',
      ),
      service('app', `${PORTS}, { name: three, port: 445, appProtocol: https }`),
      backend,
      CA,
      certificateSecret('client', await authority.issue({ dns: ['client'] })),
      policy('p', `hostname: a.b, ${CA_REFS}`, { section: 'one' }),
      route('r', 'rules: [{ backendRefs: [{ group: headgate.dev, kind: Backend, name: b }, { name: app, port: 445 }] }]'),
      route('t', 'hostnames: [a.b], rules: [{ backendRefs: [{ name: app, port: 443 }] }]', { kind: 'TLSRoute' }),
    ])
    const shown = [...world.translation.gatewayApi.clusters.entries()].map(([name, { tls }]) => [name, tls?.clientCertificate])
    expect(shown.sort()).toEqual([
      ['Backend/infra/b', undefined],
      ['Service/infra/app/443/passthrough', undefined],
      ['Service/infra/app/445', undefined],
    ])
  })
})

describe('a policy about what is sent on as it is', () => {
  const listener = (name: string, port: number, tls: string) =>
    `{ name: ${name}, port: ${port}, protocol: TLS, hostname: a.b, tls: ${tls} }`
  const PASSTHROUGH = listener('passed', 8443, '{ mode: Passthrough }')
  const TERMINATED = listener('ended', 9443, '{ certificateRefs: [{ name: cert }] }')
  const streamRoute = (kind: string, more = ''): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: s, namespace: infra }
spec: { parentRefs: [{ name: gw }], ${more}rules: [{ backendRefs: [{ name: app, port: 443 }] }] }
`
  const told = (listeners: string, ...objects: string[]): string => {
    const certificate = certificateSecret('cert', CERTIFICATE_OF_GATEWAY)
    const world = createRouteWorld([
      gateway(listeners),
      service('app', PORTS),
      CA,
      certificate,
      policy('p', `hostname: a.b, ${CA_REFS}`),
      ...objects,
    ])
    const status = world.status('BackendTLSPolicy/infra/p')
    return status?.shape === 'policy' ? (status.ancestors[0]?.conditions[0]?.message ?? '') : ''
  }

  it.each([
    {
      sent: 'connections whose TLS does not end',
      listeners: PASSTHROUGH,
      objects: [streamRoute('TLSRoute', 'hostnames: [a.b], ')],
      want: /^It changes nothing here/,
    },
    {
      sent: 'connections whose TLS ends',
      listeners: TERMINATED,
      objects: [streamRoute('TLSRoute', 'hostnames: [a.b], ')],
      want: /^It is in use/,
    },
    {
      sent: 'both',
      listeners: `${PASSTHROUGH}, ${TERMINATED}`,
      objects: [streamRoute('TLSRoute', 'hostnames: [a.b], ')],
      want: /^It is in use/,
    },
    {
      sent: 'datagrams',
      listeners: '{ name: u, port: 53, protocol: UDP }',
      objects: [streamRoute('UDPRoute')],
      want: /^It changes nothing here/,
    },
    {
      sent: 'datagrams and requests',
      listeners: `{ name: u, port: 53, protocol: UDP }, ${HTTP_LISTENER}`,
      objects: [streamRoute('UDPRoute'), TO_BOTH],
      want: /^It is in use/,
    },
  ])('says that nothing counts it where nothing but it is sent: $sent', ({ listeners, objects, want }) => {
    expect(told(listeners, ...objects)).toMatch(want)
  })
})
