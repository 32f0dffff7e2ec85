/** The real Envoy accepts what the translation makes, whatever the IR says. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { Sensitive } from '../../src/ir/sensitive.js'
import type { SecretMaterial } from '../../src/ir/tls.js'
import { createAuthority } from '../support/certificates.js'
import { arbitraryIr } from './arbitrary-ir.js'
import { httpChain, port, route, routeTable, streamChain, translate, virtualHost } from './ir-fixtures.js'
import { validate } from './static-bootstrap.js'

/** Each costs a start of Envoy, about 60 ms. */
const RUNS = 60

let envoy = ''
let secrets: readonly SecretMaterial[] = []
beforeAll(async () => {
  envoy = (await findEnvoy()).path
  const authority = await createAuthority()
  const { certificate, privateKey } = await authority.issue({ dns: ['a.com'] })
  secrets = [
    { kind: 'certificate', name: 'cert', origins: [], chain: certificate, privateKey: new Sensitive(privateKey) },
    { kind: 'trust', name: 'ca', origins: [], authorities: authority.certificate },
  ]
}, 300_000)

describe('the real Envoy', () => {
  it('accepts any IR', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryIr, async (ir) => {
        expect(await validate(envoy, translate({ ...ir, secrets }))).toBe('')
      }),
      { numRuns: RUNS },
    )
  }, 120_000)

  it.each(['TCP', 'UDP'] as const)('accepts %s ports on IPv4 and IPv6 together', async (transport) => {
    const chains = transport === 'TCP' ? [httpChain()] : [streamChain({ clusters: [], invalidWeight: 1 })]
    const both = port({ addresses: ['0.0.0.0', '::'], transport, chains })
    expect(await validate(envoy, translate({ ports: [both], routeTables: [routeTable()], virtualHosts: [] }))).toBe('')
  })

  it('says what is wrong when something is', async () => {
    const bad = route({ match: { path: { kind: 'regex', value: '((' }, headers: [], queryParams: [] } })
    const ir = { ports: [port()], routeTables: [routeTable()], virtualHosts: [virtualHost([bad])] }
    expect(await validate(envoy, translate(ir))).toMatch('missing )')
  })
})
