/** The real Envoy accepts what the translation makes, whatever the IR says. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { xdsCluster } from '../../envoy/xds-cluster.js'
import { Enum } from '../../src/gen/envoy/enums.js'
import type { envoy as api } from '../../src/gen/envoy/types.js'
import { DEFAULT_BACKEND_TRAFFIC } from '../../src/ir/defaults.js'
import { Sensitive } from '../../src/ir/sensitive.js'
import type { SecretMaterial } from '../../src/ir/tls.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { encodeRateLimitCluster } from '../../src/xds/translate/clusters/rate-limit-cluster.js'
import { encodeResource } from '../../src/xds/translate/encoded.js'
import { createAuthority } from '../support/certificates.js'
import { arbitraryIr } from './arbitrary-ir.js'
import {
  cluster,
  endpoints,
  forward,
  httpChain,
  port,
  route,
  routeTable,
  streamChain,
  translate,
  virtualHost,
  weighted,
} from './ir-fixtures.js'
import { judge, validate } from './static-bootstrap.js'

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

function encodeCluster(message: api.config.cluster.v3.Cluster): EncodedResource {
  const { name = '' } = message
  return encodeResource('envoy.config.cluster.v3.Cluster', message, { typeUrl: TYPE_URL.cluster, name, origins: [], references: [] })
}

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

  it('calls no field of any kind of cluster deprecated', async () => {
    const names = { kind: 'dns', hosts: [{ hostname: 'localhost', port: 80, weight: 1 }] } as const
    const clusters = [
      cluster('endpoints'),
      cluster('names', { discovery: names }),
      cluster('settings', {
        discovery: names,
        traffic: { ...DEFAULT_BACKEND_TRAFFIC, dns: { refreshMs: 5_000, respectsTtl: false, family: 'IPv4AndIPv6' } },
      }),
      cluster('hashed', {
        discovery: names,
        traffic: { ...DEFAULT_BACKEND_TRAFFIC, loadBalancing: { kind: 'consistentHash', tableSize: 65_537 }, zoneWeights: { a: 2 } },
      }),
      cluster('dynamic', {
        discovery: { kind: 'dynamic', allowsPrivate: false },
        traffic: { ...DEFAULT_BACKEND_TRAFFIC, dns: { refreshMs: 5_000 } },
      }),
    ]
    const all = route({ action: forward({ clusters: clusters.map(({ name }) => weighted(name)) }) })
    const resources = translate({
      ports: [port()],
      routeTables: [routeTable()],
      virtualHosts: [virtualHost([all])],
      clusters,
      endpoints: [endpoints('endpoints')],
    })
    expect(resources.filter(({ typeUrl }) => typeUrl === TYPE_URL.cluster)).toHaveLength(clusters.length)
    const ofOurs = [
      encodeRateLimitCluster({ host: 'localhost', port: 8081 }),
      encodeCluster(xdsCluster({ host: 'localhost', port: 18_000 })),
    ]
    expect(await judge(envoy, [...resources, ...ofOurs])).toEqual({ problem: '', deprecated: [] })
  })

  it('says which field is deprecated when one is', async () => {
    const { STRICT_DNS } = Enum['envoy.config.cluster.v3.Cluster.DiscoveryType']
    const old = encodeCluster({ name: 'old', type: STRICT_DNS, respectDnsTtl: true })
    expect((await judge(envoy, [old])).deprecated).toContain('envoy.config.cluster.v3.Cluster.respect_dns_ttl')
  })

  it('says what is wrong when something is', async () => {
    const bad = route({ match: { path: { kind: 'regex', value: '((' }, headers: [], queryParams: [] } })
    const ir = { ports: [port()], routeTables: [routeTable()], virtualHosts: [virtualHost([bad])] }
    expect(await validate(envoy, translate(ir))).toMatch('missing )')
  })
})
