import { beforeAll, describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import { briefly, createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import type { ListenerStatus } from '../object-status.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

let certificates = ''
let authority = ''

const tlsSecret = (name: string, namespace: string, crt: string, key: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${namespace} }
type: kubernetes.io/tls
data: { tls.crt: ${base64(crt)}, tls.key: ${base64(key)} }
---
`

beforeAll(async () => {
  const issuer = await createAuthority()
  const own = await issuer.issue({ dns: ['a.example.com'] })
  const wildcard = await issuer.issue({ dns: ['*.example.org'] })
  authority = issuer.certificate
  certificates =
    tlsSecret('cert', 'infra', own.certificate, own.privateKey) +
    tlsSecret('wildcard', 'infra', wildcard.certificate, wildcard.privateKey) +
    tlsSecret('cert', 'other', own.certificate, own.privateKey) +
    tlsSecret('mismatch', 'infra', own.certificate, wildcard.privateKey) +
    tlsSecret('malformed', 'infra', 'hello', 'world')
})

const configMap = (name: string, content: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: infra }
data: { ca.crt: ${JSON.stringify(content)} }
---
`

const grant = (to: string, fromKind = 'Gateway'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: grant, namespace: other }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: ${fromKind}, namespace: infra }]
  to: [${to}]
---
`

const gateway = (listeners: string, more = ''): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: infra }
spec: { gatewayClassName: headgate, listeners: [${listeners}]${more} }
---
`

const https = (tls: string, more = ''): string => `{ name: l, port: 443, protocol: HTTPS, tls: { ${tls} }${more} }`
const http = (more: string): string => `{ name: l, port: 80, protocol: HTTP, ${more} }`

function worldWith(...objects: string[]): TranslationWorld {
  const world = createTranslationWorld()
  world.apply(certificates)
  for (const object of objects) world.apply(object)
  world.place('infra/gw')
  return world
}

function listeners(world: TranslationWorld): readonly ListenerStatus[] {
  const status = world.status('Gateway/infra/gw')
  return status?.shape === 'gateway' ? status.listeners : []
}

const conditionsOf = (world: TranslationWorld, name = 'l'): readonly string[] =>
  briefly(listeners(world).find((listener) => listener.name === name)?.conditions ?? [])

const GOOD = ['Accepted=True Accepted', 'Conflicted=False NoConflicts', 'ResolvedRefs=True ResolvedRefs', 'Programmed=True Programmed']
const unresolved = (reason: string, programmed = 'Programmed=False Invalid'): readonly string[] => [
  'Accepted=True Accepted',
  'Conflicted=False NoConflicts',
  `ResolvedRefs=False ${reason}`,
  programmed,
]

describe('references to certificates', () => {
  it.each([
    { rule: 'a Secret of the own namespace', tls: 'certificateRefs: [{ name: cert }]', want: GOOD },
    { rule: 'a Secret that does not exist', tls: 'certificateRefs: [{ name: missing }]', want: unresolved('InvalidCertificateRef') },
    {
      rule: 'a group that holds none',
      tls: 'certificateRefs: [{ group: wrong.group.company.io, kind: Secret, name: cert }]',
      want: unresolved('InvalidCertificateRef'),
    },
    {
      rule: 'a kind that holds none',
      tls: 'certificateRefs: [{ kind: WrongKind, name: cert }]',
      want: unresolved('InvalidCertificateRef'),
    },
    { rule: 'a malformed certificate', tls: 'certificateRefs: [{ name: malformed }]', want: unresolved('InvalidCertificateRef') },
    {
      rule: 'a key that belongs to another certificate',
      tls: 'certificateRefs: [{ name: mismatch }]',
      want: unresolved('InvalidCertificateRef'),
    },
    {
      rule: 'another namespace without a grant',
      tls: 'certificateRefs: [{ name: cert, namespace: other }]',
      want: unresolved('RefNotPermitted'),
    },
    {
      rule: 'another namespace without a grant, though the Secret does not exist',
      tls: 'certificateRefs: [{ name: missing, namespace: other }]',
      want: unresolved('RefNotPermitted'),
    },
    {
      rule: 'one good certificate of two serves',
      tls: 'certificateRefs: [{ name: missing }, { name: cert }]',
      want: unresolved('InvalidCertificateRef', 'Programmed=True Programmed'),
    },
    {
      rule: 'of several problems the missing grant is the reason',
      tls: 'certificateRefs: [{ name: missing }, { name: cert, namespace: other }]',
      want: unresolved('RefNotPermitted'),
    },
    {
      rule: 'an option of ours that means nothing is no reason to serve less safely',
      tls: 'certificateRefs: [{ name: cert }], options: { headgate.dev/tls-min-version: "9" }',
      want: [
        'Accepted=False UnsupportedValue',
        'Conflicted=False NoConflicts',
        'ResolvedRefs=True ResolvedRefs',
        'Programmed=False Invalid',
      ],
    },
    {
      rule: 'no certificate at all',
      tls: 'options: { example.com/certificate: elsewhere }',
      want: [
        'Accepted=False InvalidTLSConfig',
        'Conflicted=False NoConflicts',
        'ResolvedRefs=True ResolvedRefs',
        'Programmed=False InvalidTLSConfig',
      ],
    },
  ])('$rule', ({ tls, want }) => {
    expect(conditionsOf(worldWith(gateway(https(tls))))).toEqual(want)
  })

  it.each([
    { rule: 'a grant for all Secrets', to: '{ group: "", kind: Secret }', from: 'Gateway', want: GOOD },
    { rule: 'a grant for this Secret', to: '{ group: "", kind: Secret, name: cert }', from: 'Gateway', want: GOOD },
    {
      rule: 'a grant for another Secret',
      to: '{ group: "", kind: Secret, name: x }',
      from: 'Gateway',
      want: unresolved('RefNotPermitted'),
    },
    { rule: 'a grant for another kind', to: '{ group: "", kind: Service }', from: 'Gateway', want: unresolved('RefNotPermitted') },
    {
      rule: 'a grant to ListenerSets is none to Gateways',
      to: '{ group: "", kind: Secret }',
      from: 'ListenerSet',
      want: unresolved('RefNotPermitted'),
    },
  ])('$rule', ({ to, from, want }) => {
    const world = worldWith(gateway(https('certificateRefs: [{ name: cert, namespace: other }]')), grant(to, from))
    expect(conditionsOf(world)).toEqual(want)
  })

  it('are revoked with the grant', () => {
    const world = worldWith(gateway(https('certificateRefs: [{ name: cert, namespace: other }]')), grant('{ group: "", kind: Secret }'))
    expect(conditionsOf(world)).toEqual(GOOD)
    world.remove('ReferenceGrant', 'other', 'grant')
    expect(conditionsOf(world)).toEqual(unresolved('RefNotPermitted'))
  })

  it('tell when the first certificate expires', () => {
    const [listener] = listeners(worldWith(gateway(https('certificateRefs: [{ name: cert }]'))))
    expect(listener?.conditions.find(({ type }) => type === 'ResolvedRefs')?.message).toMatch(
      /the first certificate expires at \d{4}-\d\d-\d\dT/,
    )
  })

  it('a Secret that Envoy refused counts as unusable', () => {
    const world = worldWith(gateway(https('certificateRefs: [{ name: cert }]')))
    world.translation.inputs.quarantines.set('Secret/infra/cert', { generation: 0, state: 'rejected', message: 'bad key' })
    expect(conditionsOf(world)).toEqual(unresolved('InvalidCertificateRef'))
  })
})

describe('protocols and kinds', () => {
  const kindsOf = (world: TranslationWorld): readonly string[] => listeners(world)[0]?.supportedKinds.map(({ kind }) => kind) ?? []

  it.each([
    { listener: '{ name: l, port: 80, protocol: HTTP }', kinds: ['HTTPRoute', 'GRPCRoute'] },
    { listener: https('certificateRefs: [{ name: cert }]'), kinds: ['HTTPRoute', 'GRPCRoute'] },
    { listener: '{ name: l, port: 443, protocol: TLS, tls: { mode: Passthrough } }', kinds: ['TLSRoute'] },
    { listener: '{ name: l, port: 443, protocol: TLS, tls: { mode: Terminate, certificateRefs: [{ name: cert }] } }', kinds: ['TLSRoute'] },
    { listener: '{ name: l, port: 9000, protocol: TCP }', kinds: ['TCPRoute'] },
    { listener: '{ name: l, port: 53, protocol: UDP }', kinds: ['UDPRoute'] },
  ])('$listener takes $kinds', ({ listener, kinds }) => {
    const world = worldWith(gateway(listener))
    expect(conditionsOf(world)).toEqual(GOOD)
    expect(kindsOf(world)).toEqual(kinds)
  })

  it.each([
    {
      rule: 'an unknown protocol takes nothing',
      listener: '{ name: l, port: 80, protocol: INVALID }',
      kinds: [],
      want: [
        'Accepted=False UnsupportedProtocol',
        'Conflicted=False NoConflicts',
        'ResolvedRefs=True ResolvedRefs',
        'Programmed=False Invalid',
      ],
    },
    {
      rule: 'only kinds that do not fit',
      listener: http('allowedRoutes: { kinds: [{ kind: FakeRoute }] }'),
      kinds: [],
      want: unresolved('InvalidRouteKinds'),
    },
    {
      rule: 'a kind that fits and one that does not',
      listener: http('allowedRoutes: { kinds: [{ kind: FakeRoute }, { kind: HTTPRoute }] }'),
      kinds: ['HTTPRoute'],
      want: unresolved('InvalidRouteKinds', 'Programmed=True Programmed'),
    },
    {
      rule: 'the right kind of a wrong group',
      listener: http('allowedRoutes: { kinds: [{ group: example.com, kind: HTTPRoute }, { kind: GRPCRoute }] }'),
      kinds: ['GRPCRoute'],
      want: unresolved('InvalidRouteKinds', 'Programmed=True Programmed'),
    },
  ])('$rule', ({ listener, kinds, want }) => {
    const world = worldWith(gateway(listener))
    expect(kindsOf(world)).toEqual(kinds)
    expect(conditionsOf(world)).toEqual(want)
  })

  it('a port for which proxies have no room', () => {
    const world = worldWith(gateway('{ name: l, port: 60000, protocol: HTTP }, { name: ok, port: 80, protocol: HTTP }'))
    world.place('infra/gw', { ports: { offset: 10_000, privilegedOffset: 0 } })
    expect(conditionsOf(world)).toEqual([
      'Accepted=False PortUnavailable',
      'Conflicted=False NoConflicts',
      'ResolvedRefs=True ResolvedRefs',
      'Programmed=False PortUnavailable',
    ])
    expect(conditionsOf(world, 'ok')).toEqual(GOOD)
  })
})

describe('conflicts', () => {
  it('make all indistinct listeners of a Gateway invalid and leave the others alone', () => {
    const world = worldWith(
      gateway(
        '{ name: tcp, port: 80, protocol: TCP }, { name: http, port: 80, protocol: HTTP }, { name: other, port: 81, protocol: HTTP }',
      ),
    )
    const conflicted = [
      'Accepted=False ProtocolConflict',
      'Conflicted=True ProtocolConflict',
      'ResolvedRefs=True ResolvedRefs',
      'Programmed=False ProtocolConflict',
    ]
    expect(conditionsOf(world, 'tcp')).toEqual(conflicted)
    expect(conditionsOf(world, 'http')).toEqual(conflicted)
    expect(conditionsOf(world, 'other')).toEqual(GOOD)
  })

  it('do not arise between Passthrough and Terminate on different hosts of a port', () => {
    const world = worldWith(
      gateway(
        `{ name: pass, port: 443, protocol: TLS, hostname: p.example.com, tls: { mode: Passthrough } },
         { name: end, port: 443, protocol: TLS, hostname: a.example.com, tls: { mode: Terminate, certificateRefs: [{ name: cert }] } }`,
      ),
    )
    expect(conditionsOf(world, 'pass')).toEqual(GOOD)
    expect(conditionsOf(world, 'end')).toEqual(GOOD)
  })
})

describe('validation of clients', () => {
  const validation = (...refs: string[]): string => `{ validation: { caCertificateRefs: [${refs.join(', ')}] } }`
  const CA = '{ group: "", kind: ConfigMap, name: ca }'
  const MISSING = '{ group: "", kind: ConfigMap, name: missing }'
  const serving = (frontend: string): TranslationWorld =>
    worldWith(
      configMap('ca', authority),
      configMap('broken', 'hello'),
      gateway(
        `${https('certificateRefs: [{ name: cert }]')}, { name: plain, port: 80, protocol: HTTP }, { name: second, port: 8443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }`,
        `, tls: { frontend: ${frontend} }`,
      ),
    )
  const invalid = (reason: string): readonly string[] => [
    'Accepted=False NoValidCACertificate',
    'Conflicted=False NoConflicts',
    `ResolvedRefs=False ${reason}`,
    'Programmed=False Invalid',
  ]

  it.each([
    { rule: 'a ConfigMap with ca.crt', refs: [CA], want: GOOD },
    { rule: 'a ConfigMap that does not exist', refs: [MISSING], want: invalid('InvalidCACertificateRef') },
    {
      rule: 'a ConfigMap without a certificate',
      refs: ['{ group: "", kind: ConfigMap, name: broken }'],
      want: invalid('InvalidCACertificateRef'),
    },
    { rule: 'a kind that holds none', refs: ['{ group: "", kind: Service, name: x }'], want: invalid('InvalidCACertificateKind') },
    {
      rule: 'a Secret is not where the specification has authorities',
      refs: ['{ group: "", kind: Secret, name: cert }'],
      want: invalid('InvalidCACertificateKind'),
    },
    {
      rule: 'another namespace without a grant',
      refs: ['{ group: "", kind: ConfigMap, name: ca, namespace: other }'],
      want: invalid('RefNotPermitted'),
    },
    {
      rule: 'one usable reference of two serves',
      refs: [MISSING, CA],
      want: unresolved('InvalidCACertificateRef', 'Programmed=True Programmed'),
    },
    {
      rule: 'a ClusterTrustBundle',
      refs: ['{ group: certificates.k8s.io, kind: ClusterTrustBundle, name: bundle }'],
      want: invalid('InvalidCACertificateRef'),
    },
  ])('$rule', ({ refs, want }) => {
    const world = serving(`{ default: ${validation(...refs)} }`)
    expect(conditionsOf(world)).toEqual(want)
    expect(conditionsOf(world, 'plain')).toEqual(GOOD)
  })

  it('takes the authorities of a ClusterTrustBundle once it exists', () => {
    const world = serving(`{ default: ${validation('{ group: certificates.k8s.io, kind: ClusterTrustBundle, name: bundle }')} }`)
    expect(conditionsOf(world)).toEqual(invalid('InvalidCACertificateRef'))
    world.apply(`
apiVersion: certificates.k8s.io/v1beta1
kind: ClusterTrustBundle
metadata: { name: bundle }
spec: { trustBundle: ${JSON.stringify(authority)} }
`)
    expect(conditionsOf(world)).toEqual(GOOD)
  })

  it('of a port replaces the default as a whole', () => {
    const world = serving(`{ default: ${validation(CA)}, perPort: [{ port: 8443, tls: ${validation(MISSING)} }] }`)
    expect(conditionsOf(world)).toEqual([...GOOD, 'OverlappingTLSConfig=True OverlappingCertificates'].slice(0, 4))
    expect(conditionsOf(world, 'second')).toEqual(invalid('InvalidCACertificateRef'))
    const off = serving(`{ default: ${validation(MISSING)}, perPort: [{ port: 8443, tls: {} }] }`)
    expect(conditionsOf(off, 'second')).toEqual(GOOD)
  })
})

describe('overlapping TLS', () => {
  const listener = (name: string, host: string | undefined, secret: string): string =>
    `{ name: ${name}, port: 443, protocol: HTTPS, ${host === undefined ? '' : `hostname: "${host}", `}tls: { certificateRefs: [{ name: ${secret} }] } }`
  const overlaps = (...all: string[]): readonly string[] => {
    const world = worldWith(gateway(all.join(', ')))
    return listeners(world).flatMap(({ name, conditions }) =>
      conditions.flatMap(({ type, reason }) => (type === 'OverlappingTLSConfig' ? [`${name} ${reason}`] : [])),
    )
  }

  it('is told of hostnames, on both listeners, and not on those beside them', () => {
    expect(
      overlaps(
        listener('a', 'foo.example.com', 'cert'),
        listener('b', '*.example.com', 'wildcard'),
        listener('c', 'foo.example.net', 'missing'),
      ),
    ).toEqual(['a OverlappingHostnames', 'b OverlappingHostnames'])
  })

  it('is told of a listener for every host', () => {
    expect(overlaps(listener('a', 'foo.example.com', 'cert'), listener('b', undefined, 'wildcard'))).toHaveLength(2)
  })

  it('is told of certificates, which go before hostnames', () => {
    expect(
      overlaps(listener('a', 'a.example.net', 'cert'), listener('b', 'b.example.net', 'cert'), listener('c', 'c.example.net', 'wildcard')),
    ).toEqual(['a OverlappingCertificates', 'b OverlappingCertificates'])
  })

  it('does not arise between ports', () => {
    expect(overlaps(listener('a', 'a.example.com', 'cert'), listener('b', 'a.example.com', 'cert').replace('443', '8443'))).toEqual([])
  })
})
