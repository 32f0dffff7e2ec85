/**
 * The real Envoy accepts what becomes of any policies that the schemas let through: what it refuses closes routes, and nobody but Envoy says
 * why. `LONG=1 SEED=N npm test -- test/envoy-api/policies` tries more of them.
 */
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { KINDS } from '../../src/kinds/index.js'
import { isJsonObject, type JsonObject } from '../../src/schema/json.js'
import type { ObjectSchema } from '../../src/schema/schema.js'
import { createValidator } from '../../src/schema/validate.js'
import { declareXds } from '../../src/xds/translate/declare.js'
import { arbitrarySettings } from '../support/arbitrary-settings.js'
import { createAuthority } from '../support/certificates.js'
import { repairSettings } from '../support/repair-settings.js'
import { createRouteWorld, gateway, route, service } from '../support/route-world.js'
import { validate } from './static-bootstrap.js'

/** Each costs a start of Envoy, about 100 ms on a quiet machine. */
const RUNS = process.env.LONG === '1' ? 1_500 : 60
const SEED = Number(process.env.SEED ?? 7)

const target = (kind: string, name: string, sectionName?: string): JsonObject => ({
  group: kind === 'Service' ? '' : 'gateway.networking.k8s.io',
  kind,
  name,
  ...(sectionName === undefined ? {} : { sectionName }),
})
const GATEWAYS = [target('Gateway', 'gw'), target('Gateway', 'gw', 'https')] as const
const ROUTES = [target('HTTPRoute', 'r'), target('HTTPRoute', 'r', 'one'), target('GRPCRoute', 'g'), target('TCPRoute', 't')] as const
const STREAMS = [target('TLSRoute', 'l'), target('UDPRoute', 'u')] as const
const OURS = 'headgate.dev/v1alpha1'
const THEIRS = 'gateway.networking.x-k8s.io/v1alpha1'

interface PolicyKind {
  readonly kind: string
  readonly apiVersion: string
  readonly targets: readonly JsonObject[]
}

/** Files that only the machine of an Envoy has, and programs: Envoy alone knows whether they are good. */
const EXCLUDED: ReadonlySet<string> = new Set(['dynamicModule', 'file', 'geoIP', 'lua', 'wasm'])

const POLICIES: readonly PolicyKind[] = [
  { kind: 'ClientTrafficPolicy', apiVersion: OURS, targets: GATEWAYS },
  { kind: 'BackendTrafficPolicy', apiVersion: OURS, targets: [...GATEWAYS, ...ROUTES, ...STREAMS] },
  { kind: 'SecurityPolicy', apiVersion: OURS, targets: [...GATEWAYS, ...ROUTES, ...STREAMS] },
  {
    kind: 'ExtensionPolicy',
    apiVersion: OURS,
    targets: [...GATEWAYS, ...ROUTES],
  },
  { kind: 'BackendTLSPolicy', apiVersion: 'gateway.networking.k8s.io/v1', targets: [target('Service', 'a')] },
  { kind: 'XBackendTrafficPolicy', apiVersion: THEIRS, targets: [target('Service', 'a')] },
]

const secret = { group: '', kind: 'Secret', name: 'a' } as const
const configMap = { group: '', kind: 'ConfigMap', name: 'a' } as const
const backendAt = (port: number): JsonObject => ({ group: '', kind: 'Service', name: 'a', port })

/** Everything that a policy may refer to has the name `a`. */
function referents(field: string): readonly [JsonObject, ...JsonObject[]] {
  if (/secret|credential|users|hmac/i.test(field)) return [secret]
  if (/valueRef/i.test(field)) return [configMap]
  if (/cert|crl/i.test(field)) return [secret, configMap]
  return [backendAt(1), backendAt(3), { group: 'headgate.dev', kind: 'Backend', name: 'a' }]
}

function specOf({ kind }: PolicyKind): ObjectSchema {
  const spec = KINDS.find((each) => each.kind === kind)?.schema.fields.spec?.schema
  if (spec?.type !== 'object') throw new Error(`there is no kind ${kind}`)
  return spec
}

const repair = createValidator()

/** Policies of a kind that keep its rules; undefined where nothing is left of one. */
function policies(of: PolicyKind): fc.Arbitrary<JsonObject | undefined> {
  const schema = specOf(of)
  const some = fc.constantFrom(...of.targets)
  return fc.tuple(arbitrarySettings(schema, { referents, excluded: EXCLUDED }), some).map(([settings, about]) => {
    if (!isJsonObject(settings)) return undefined
    const { targetSelectors: _, ...rest } = settings
    const spec = repairSettings(repair, schema, { ...rest, targetRefs: [about] })
    const saysMore = spec !== undefined && Object.keys(spec).some((field) => field !== 'targetRefs' && field !== 'mergeType')
    return saysMore ? { apiVersion: of.apiVersion, kind: of.kind, metadata: { name: 'p', namespace: 'infra' }, spec } : undefined
  })
}

const LISTENERS = [
  '{ name: http, port: 80, protocol: HTTP }',
  '{ name: https, port: 443, protocol: HTTPS, hostname: "*.example.com", tls: { certificateRefs: [{ name: a }] } }',
  '{ name: pass, port: 8443, protocol: TLS, tls: { mode: Passthrough } }',
  '{ name: end, port: 8443, protocol: TLS, hostname: "*.example.com", tls: { mode: Terminate, certificateRefs: [{ name: a }] } }',
  '{ name: tcp, port: 9000, protocol: TCP }',
  '{ name: udp, port: 9000, protocol: UDP }',
].join(', ')

const PORTS = '{ name: a, port: 1, appProtocol: kubernetes.io/h2c }, { name: u, port: 2, protocol: UDP }, { name: c, port: 3 }'

/** A world with every kind of route, and something of each kind that policies refer to. */
async function world(): Promise<readonly string[]> {
  const { certificate, privateKey } = await (await createAuthority()).issue({ dns: ['*.example.com'] })
  const data = {
    'tls.crt': certificate,
    'tls.key': privateKey,
    'ca.crt': certificate,
    '.htpasswd': 'user:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    'client-secret': 'secret',
    client: 'key',
  }
  const stringData = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
  const named = { metadata: { name: 'a', namespace: 'infra' } }
  const to = (port: number): string => `backendRefs: [{ name: a, port: ${port} }]`
  return [
    gateway(LISTENERS),
    service('a', PORTS),
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', ...named, type: 'kubernetes.io/tls', data: stringData }),
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...named, data: { 'ca.crt': certificate, 'response.body': 'hi' } }),
    JSON.stringify({
      apiVersion: OURS,
      kind: 'Backend',
      ...named,
      spec: { endpoints: [{ fqdn: { hostname: 'a.example.com', port: 80 } }] },
    }),
    route(
      'r',
      `rules: [{ name: one, matches: [{ path: { type: RegularExpression, value: "/x.*" } }], ${to(3)} }, { name: two, ${to(1)} }]`,
    ),
    route('g', `hostnames: [g.example.com], rules: [{ ${to(1)} }]`, { kind: 'GRPCRoute' }),
    route('t', `rules: [{ ${to(3)} }]`, { kind: 'TCPRoute', parents: '[{ name: gw, sectionName: tcp }]' }),
    route('l', `hostnames: [l.example.com], rules: [{ ${to(3)} }]`, { kind: 'TLSRoute' }),
    route('u', `rules: [{ ${to(2)} }]`, { kind: 'UDPRoute', parents: '[{ name: gw, sectionName: udp }]' }),
  ]
}

let envoy = ''
let objects: readonly string[] = []
beforeAll(async () => {
  envoy = (await findEnvoy()).path
  objects = await world()
}, 300_000)

/** What Envoy has against the objects with the policy; the empty string when it accepts them. */
function verdict(policy: JsonObject): Promise<string> {
  const { translation, apply, flush } = createRouteWorld(objects)
  const { resources } = declareXds(translation.graph, translation.gatewayApi)
  apply(JSON.stringify(policy))
  flush()
  return validate(
    envoy,
    [...resources.entries()].map(([, resource]) => resource),
  )
}

describe.each(POLICIES)('the real Envoy', (of) => {
  it(`accepts what becomes of any ${of.kind}`, async () => {
    let tried = 0
    await fc.assert(
      fc.asyncProperty(policies(of), async (policy) => {
        fc.pre(policy !== undefined)
        tried++
        expect(await verdict(policy)).toBe('')
      }),
      { numRuns: RUNS / POLICIES.length, seed: SEED, maxSkipsPerRun: 1_000 },
    )
    expect(tried).toBeGreaterThan(0)
  }, 600_000)
})
