/** Validation of clients by the Gateway: which authorities may be named, and what happens when none can be used. */
import { expect } from '@jest/globals'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { feature } from './feature.js'
import { gateway, httpRoute, namespace, to } from './manifests.js'
import { authorities, gatewayGrant, https, secret } from './tls-manifests.js'
import { featureWorld } from './world.js'

let issuer: TestAuthority
let known: PemPair
let stranger: PemPair
const world = featureWorld(['a'], async () => {
  issuer = await createAuthority('servers')
  const clients = await createAuthority('clients')
  known = await clients.issue({ dns: ['client'] })
  stranger = await (await createAuthority('strangers')).issue({ dns: ['client'] })
  const certificate = await issuer.issue({ dns: ['example.com', 'open.example.com'] })
  const bundle = `
apiVersion: certificates.k8s.io/v1beta1
kind: ClusterTrustBundle
metadata: {name: bundle}
spec: {trustBundle: ${JSON.stringify(clients.certificate)}}
`
  return [
    namespace('vault'),
    secret('cert', certificate),
    secret('clients', certificate),
    authorities('clients', clients.certificate),
    authorities('clients', clients.certificate, 'vault'),
    authorities('empty', 'no certificate'),
    bundle,
  ].join('---')
})

const LISTENERS = `[${[https('strict', undefined), https('port', undefined, 9443), '{name: plain, port: 80, protocol: HTTP}'].join()}]`
const write = (frontend: string, ...more: readonly string[]) =>
  world.write(`${gateway('gw', LISTENERS)}  tls: {frontend: ${frontend}}\n`, httpRoute('r', `[{${to('a')}}]`), ...more)

/** Who answers a client that knows nothing, one of ours, and a stranger. */
function answers(port: number): Promise<readonly (string | number)[]> {
  const pairs = [{}, known, stranger]
  return Promise.all(pairs.map((pair) => world.answerer({ port, tls: { ca: issuer.certificate, ...pair } })))
}

const ONLY_OURS = ['closed', 'a', 'closed']
const EVERYBODY = ['a', 'a', 'a']

feature(
  [
    'Gateway spec.tls.frontend.{default.validation,perPort.tls.validation}.caCertificateRefs.{group,kind,name,namespace}',
    'Gateway spec.tls.frontend.perPort.port',
    'Listener reason InvalidCACertificateRef',
    'Listener reason InvalidCACertificateKind',
    'Listener reason NoValidCACertificate',
    'Listener reason RefNotPermitted',
  ],
  'asks for a certificate of the authorities that it refers to, and serves nobody without any',
  async () => {
    const rows: readonly (readonly [ref: string, condition: string, grant?: string])[] = [
      ['{group: "", kind: ConfigMap, name: clients}', 'ResolvedRefs=True/ResolvedRefs'],
      ['{group: certificates.k8s.io, kind: ClusterTrustBundle, name: bundle}', 'ResolvedRefs=True/ResolvedRefs'],
      [
        '{group: "", kind: ConfigMap, name: clients, namespace: vault}',
        'ResolvedRefs=True/ResolvedRefs',
        gatewayGrant('vault', 'ConfigMap'),
      ],
      ['{group: "", kind: ConfigMap, name: clients, namespace: vault}', 'ResolvedRefs=False/RefNotPermitted'],
      ['{group: "", kind: ConfigMap, name: missing}', 'ResolvedRefs=False/InvalidCACertificateRef'],
      ['{group: "", kind: ConfigMap, name: empty}', 'ResolvedRefs=False/InvalidCACertificateRef'],
      ['{group: "", kind: Secret, name: clients}', 'ResolvedRefs=False/InvalidCACertificateKind'],
      ['{group: example.com, kind: ConfigMap, name: clients}', 'ResolvedRefs=False/InvalidCACertificateKind'],
    ]
    for (const [ref, condition, grant] of rows) {
      const validation = `{validation: {caCertificateRefs: [${ref}]}}`
      const isUsable = condition.startsWith('ResolvedRefs=True')
      const accepted = `Accepted=${isUsable ? 'True/Accepted' : 'False/NoValidCACertificate'}`
      const more = grant === undefined ? [] : [grant]
      // First for all ports but one, then for this one.
      for (const frontend of [
        `{default: ${validation}, perPort: [{port: 9443, tls: {}}]}`,
        `{default: {}, perPort: [{port: 9443, tls: ${validation}}]}`,
      ]) {
        await write(frontend, ...more)
        const [strict, open] = frontend.startsWith('{default: {}') ? (['port', 'strict'] as const) : (['strict', 'port'] as const)
        const portOf = { strict: 443, port: 9443 }
        expect([ref, world.listener('default/gw', strict)]).toEqual([ref, expect.arrayContaining([accepted, condition])])
        expect([ref, world.listener('default/gw', open)]).toEqual([
          ref,
          expect.arrayContaining(['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs']),
        ])
        await eventually(async () => expect([ref, await answers(portOf[open])]).toEqual([ref, EVERYBODY]))
        if (isUsable) await eventually(async () => expect([ref, await answers(portOf[strict])]).toEqual([ref, ONLY_OURS]))
        else expect(() => world.headgate.place('default/gw', portOf[strict])).toThrow('does not listen')
      }
    }
  },
)

feature(
  [
    'Gateway spec.tls.frontend.{default.validation,perPort.tls.validation}.mode',
    'Gateway condition InsecureFrontendValidationMode',
    'Gateway reason ConfigurationChanged',
  ],
  'lets in everybody where a port says so, and warns of it',
  async () => {
    const validation = (mode: string) => `{validation: {mode: ${mode}, caCertificateRefs: [{group: "", kind: ConfigMap, name: clients}]}}`
    const insecure = 'InsecureFrontendValidationMode=True/ConfigurationChanged'
    const rows: readonly (readonly [ofAll: string, ofPort: string])[] = [
      ['AllowValidOnly', 'AllowValidOnly'],
      ['AllowInsecureFallback', 'AllowValidOnly'],
      ['AllowValidOnly', 'AllowInsecureFallback'],
    ]
    for (const [ofAll, ofPort] of rows) {
      await write(`{default: ${validation(ofAll)}, perPort: [{port: 9443, tls: ${validation(ofPort)}}]}`)
      const conditions = world.conditions('Gateway/default/gw')
      expect([ofAll, ofPort, conditions.includes(insecure)]).toEqual([ofAll, ofPort, [ofAll, ofPort].includes('AllowInsecureFallback')])
      const wanted = [ofAll, ofPort].map((mode) => (mode === 'AllowValidOnly' ? ONLY_OURS : EVERYBODY))
      await eventually(async () => expect([ofAll, ofPort, await answers(443), await answers(9443)]).toEqual([ofAll, ofPort, ...wanted]))
    }
  },
)
