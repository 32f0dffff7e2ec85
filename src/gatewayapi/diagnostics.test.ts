import { describe, expect, it } from '@jest/globals'
import { createTranslationWorld } from '../../test/support/translation-world.js'
import { DIAGNOSTIC_CODES, diagnosticsOf } from './diagnostics.js'

const gateway = (listeners: string, more = ''): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: infra }
spec: { gatewayClassName: headgate, listeners: [${listeners}]${more} }
`

function diagnose(...objects: string[]): readonly string[] {
  const world = createTranslationWorld()
  for (const object of objects) world.apply(object)
  world.place('infra/gw')
  world.flush()
  const found = world.translation.gatewayApi.diagnostics.get('Gateway/infra/gw') ?? []
  return found.map(({ code, severity, path, condition }) => `${code} ${severity} ${path} ${condition.type}/${condition.reason}`)
}

describe('diagnostics', () => {
  it('are none for an object without mistakes', () => {
    expect(diagnose(gateway('{ name: http, port: 80, protocol: HTTP }'))).toEqual([])
  })

  it('tell each mistake once, where it was made', () => {
    expect(
      diagnose(
        gateway(
          '{ name: a, port: 80, protocol: HTTP }, { name: b, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: x }] } }, { name: c, port: 1, protocol: ODD }',
        ),
      ),
    ).toEqual([
      'HG1309 error spec.listeners[name=b] ResolvedRefs/InvalidCertificateRef',
      'HG1301 error spec.listeners[name=c] Accepted/UnsupportedProtocol',
    ])
  })

  it('warn of what serves, but not as safely as it seems', () => {
    const frontend =
      '{ default: { validation: { mode: AllowInsecureFallback, caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }] } } }'
    expect(diagnose(gateway('{ name: http, port: 80, protocol: HTTP }', `, tls: { frontend: ${frontend} }`))).toEqual([
      'HG1111 warning  InsecureFrontendValidationMode/ConfigurationChanged',
    ])
  })

  it('tell of a refusal by Envoy, which no other condition tells', () => {
    const world = createTranslationWorld()
    world.apply(gateway('{ name: http, port: 80, protocol: HTTP }'))
    world.place('infra/gw')
    world.translation.inputs.quarantines.set('Gateway/infra/gw', { generation: 1, state: 'rejected', message: 'no' })
    world.flush()
    expect(world.translation.gatewayApi.diagnostics.get('Gateway/infra/gw')?.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'HG1103 Envoy refused the configuration: no',
      'HG1313 Envoy refused the configuration: no',
    ])
  })

  it('have a code for a reason that is not in the table', () => {
    const object = { group: 'g', kind: 'K', namespace: 'n', name: 'x', generation: 1 }
    const condition = { type: 'Accepted', status: 'False', reason: 'Strange', message: 'm', observedGeneration: 1 } as const
    const ancestorRef = { group: 'g', kind: 'Gateway', name: 'gw' }
    expect(diagnosticsOf({ shape: 'policy', object, ancestors: [{ ancestorRef, conditions: [condition] }] })).toMatchObject([
      { code: 'HG1000' },
    ])
  })

  it('have codes of their own', () => {
    const codes = Object.values(DIAGNOSTIC_CODES)
    expect(new Set(codes).size).toBe(codes.length)
    for (const code of codes) expect(code).toMatch(/^HG\d{4}$/)
  })
})
