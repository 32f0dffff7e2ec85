import { expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import { authorityConfigMap, certificateSecret, createRouteWorld, gateway } from '../../../test/support/route-world.js'

const authority = await createAuthority()
const CA = authorityConfigMap('ca', authority.certificate)
const CERTIFICATE = certificateSecret('cert', await authority.issue({ dns: ['a.b'] }))

const HTTP = '{ name: http, port: 80, protocol: HTTP }'
const HTTPS = '{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }'
const ENDED = '{ name: ended, port: 9443, protocol: TLS, tls: { certificateRefs: [{ name: cert }] } }'
const PASSED = '{ name: passed, port: 8443, protocol: TLS, tls: { mode: Passthrough } }'
const TCP = '{ name: tcp, port: 900, protocol: TCP }'
const UDP = '{ name: udp, port: 53, protocol: UDP }'
const VALIDATION = 'tls: { clientValidation: { caCertificateRefs: [{ kind: ConfigMap, name: ca }] } }'
const HOPS = 'clientIPDetection: { xForwardedFor: { numTrustedHops: 1 } }'

/** What the policy says is wrong with parts of it. */
function said(listeners: readonly string[], spec: string, target = ''): string | undefined {
  const policy = `
---
apiVersion: headgate.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: p, namespace: infra }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw${target} }], ${spec} }
`
  const status = createRouteWorld([gateway(listeners.join(', ')), CA, CERTIFICATE, policy]).status('ClientTrafficPolicy/infra/p')
  const conditions = status?.shape === 'policy' ? (status.ancestors[0]?.conditions ?? []) : []
  return conditions.find(({ type }) => type === 'PartiallyInvalid')?.message
}

it.each([
  {
    what: 'certificates of clients where no TLS ends',
    listeners: [HTTP, PASSED],
    spec: VALIDATION,
    want: 'tls.clientValidation: .* ends TLS',
  },
  { what: 'HTTP/3 without HTTPS', listeners: [HTTP, ENDED], spec: 'http3: {}', want: 'http3: .* takes requests over HTTPS' },
  { what: 'x-forwarded-for of connections', listeners: [TCP, ENDED], spec: HOPS, want: 'clientIPDetection: .* takes requests of HTTP' },
  { what: 'the PROXY protocol of datagrams', listeners: [UDP], spec: 'proxyProtocol: {}', want: 'proxyProtocol: .* takes connections' },
  { what: 'one of several settings', listeners: [HTTP], spec: `${HOPS}, tls: { minVersion: "1.3" }`, want: '^tls.minVersion: [^:]*$' },
])('tells of $what', ({ listeners, spec, want }) => {
  expect(said(listeners, spec)).toMatch(new RegExp(want))
})

it.each([
  { what: 'another listener of the Gateway can have it', listeners: [HTTP, HTTPS, UDP], spec: `${VALIDATION}, ${HOPS}, http3: {}` },
  { what: 'TLS ends for bytes', listeners: [ENDED], spec: 'tls: { minVersion: "1.3" }' },
  { what: 'fingerprints of TLS that passes', listeners: [PASSED], spec: 'tls: { fingerprints: [JA4] }' },
  { what: 'the PROXY protocol of connections', listeners: [TCP], spec: 'proxyProtocol: {}' },
])('says nothing where $what', ({ listeners, spec }) => {
  const problem = said(listeners, spec)
  expect(problem === undefined || !problem.includes('does nothing here')).toBe(true)
})

it('asks of a policy about one listener for that one alone', () => {
  expect(said([HTTP, HTTPS], 'tls: { minVersion: "1.3" }', ', sectionName: http')).toMatch(/^tls\.minVersion: /)
  expect(said([HTTP, HTTPS], 'tls: { minVersion: "1.3" }', ', sectionName: https')).toBeUndefined()
})
