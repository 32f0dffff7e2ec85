import { describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import { createTranslationWorld } from '../../../test/support/translation-world.js'
import { unfitCertificates } from './unfit-certificates.js'

const authority = await createAuthority()
const NOW = new Date('2026-06-01T00:00:00Z')

/** What is told about an HTTPS listener with a certificate for these names. */
async function told(hostname: string | undefined, dns: readonly string[], validTo = '2026-07-01T00:00:00Z'): Promise<readonly string[]> {
  const { certificate, privateKey } = await authority.issue({ dns, validFrom: new Date('2026-01-01'), validTo: new Date(validTo) })
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const world = createTranslationWorld()
  world.apply(`
apiVersion: v1
kind: Secret
metadata: {name: cert}
type: kubernetes.io/tls
data: {tls.crt: ${base64(certificate)}, tls.key: ${base64(privateKey)}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: headgate
  listeners:
    - {name: plain, port: 80, protocol: HTTP, hostname: plain.example.com}
    - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}${hostname === undefined ? '' : `, hostname: "${hostname}"`}}
`)
  world.place('default/gw')
  world.flush()
  return unfitCertificates(world.translation.gatewayApi, NOW).map(({ severity, where, message }) => `${severity} ${where} ${message}`)
}

describe('certificates that clients refuse', () => {
  it('are told when they have expired', async () => {
    expect(await told('a.example.com', ['a.example.com'], '2026-05-31T00:00:00Z')).toEqual([
      'warning Secret/default/cert tls.crt: the certificate expired at 2026-05-31T00:00:00.000Z, and clients refuse it: renew it',
    ])
    expect(await told('a.example.com', ['a.example.com'], '2026-06-02T00:00:00Z')).toEqual([])
  })

  it.each([
    { hostname: 'a.example.com', dns: ['b.example.com', 'example.com'], whose: '"b.example.com", "example.com"' },
    { hostname: 'a.b.example.com', dns: ['*.example.com'], whose: '"*.example.com"' },
    { hostname: '*.example.com', dns: ['example.com'], whose: '"example.com"' },
    { hostname: 'a.example.com', dns: [], whose: 'no DNS name' },
  ])('are told when they are for others: $whose for $hostname', async ({ hostname, dns, whose }) => {
    expect(await told(hostname, dns)).toEqual([
      `warning Gateway/default/gw listener "https": its certificates are for ${whose}, and clients of "${hostname}" refuse them: name one for that host in tls.certificateRefs`,
    ])
  })

  it.each([
    { hostname: 'a.example.com', dns: ['b.example.com', 'A.example.com'] },
    { hostname: 'a.example.com', dns: ['*.example.com'] },
    { hostname: '*.example.com', dns: ['*.example.com'] },
    { hostname: '*.example.com', dns: ['a.example.com'] },
    { hostname: undefined, dns: ['a.example.com'] },
  ])('are not those for $dns at $hostname', async ({ hostname, dns }) => {
    expect(await told(hostname, dns)).toEqual([])
  })
})
