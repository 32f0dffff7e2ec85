/** The certificate that a Gateway shows to backends. */
import { afterAll, expect } from '@jest/globals'
import { createAuthority } from '../support/certificates.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { feature } from './feature.js'
import { gateway, httpRoute, namespace, service } from './manifests.js'
import { authorities, gatewayGrant, secret } from './tls-manifests.js'
import { featureWorld } from './world.js'

let secure: TestBackend | undefined
const world = featureWorld([], async () => {
  const servers = await createAuthority('servers')
  const clients = await createAuthority('clients')
  secure = await startBackend('secure', {
    kind: 'tls',
    certificate: await servers.issue({ dns: ['inner.example.com'] }),
    clientAuthorities: clients.certificate,
  })
  const policy = `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: policy}
spec:
  targetRefs: [{group: "", kind: Service, name: s}]
  validation: {hostname: inner.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: servers}]}
`
  const shown = await clients.issue({ dns: ['gateway.example.com'] })
  const other = await clients.issue({ dns: ['vault.example.com'] })
  return [
    namespace('vault'),
    authorities('servers', servers.certificate),
    secret('shown', shown),
    secret('other', other, 'vault'),
    service('s', [secure]),
    policy,
  ].join('---')
})
afterAll(() => secure?.close())

feature(
  [
    'Gateway spec.tls.backend.clientCertificateRef.{group,kind,name,namespace}',
    'Gateway condition ResolvedRefs',
    'Gateway reason ResolvedRefs',
    'Gateway reason InvalidClientCertificateRef',
    'Gateway reason RefNotPermitted',
  ],
  'shows backends the certificate that it refers to, and none that it may not have',
  async () => {
    const grant = gatewayGrant('vault', 'Secret')
    const rows: readonly (readonly [ref: string, condition: string, subject: string | undefined, grant?: string])[] = [
      ['{name: shown}', 'ResolvedRefs=True/ResolvedRefs', 'CN=gateway.example.com'],
      ['{group: "", kind: Secret, name: other, namespace: vault}', 'ResolvedRefs=True/ResolvedRefs', 'CN=vault.example.com', grant],
      ['{name: other, namespace: vault}', 'ResolvedRefs=False/RefNotPermitted', undefined],
      ['{name: missing}', 'ResolvedRefs=False/InvalidClientCertificateRef', undefined],
      ['{group: "", kind: ConfigMap, name: servers}', 'ResolvedRefs=False/InvalidClientCertificateRef', undefined],
      ['{group: example.com, kind: Secret, name: shown}', 'ResolvedRefs=False/InvalidClientCertificateRef', undefined],
    ]
    for (const [ref, condition, subject, more] of rows) {
      await world.write(
        `${gateway('gw')}  tls: {backend: {clientCertificateRef: ${ref}}}\n`,
        httpRoute('r', '[{backendRefs: [{name: s, port: 8001}]}]'),
        ...(more === undefined ? [] : [more]),
      )
      expect([ref, world.conditions('Gateway/default/gw')]).toEqual([ref, expect.arrayContaining(['Accepted=True/Accepted', condition])])
      const answer = await world.ask()
      expect([ref, answer.echo?.tls?.clientCertificate]).toEqual([ref, subject])
      expect([ref, answer.status]).toEqual([ref, subject === undefined ? 503 : 200])
    }
  },
)
