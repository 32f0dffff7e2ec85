/** The real Envoy accepts what becomes of any routes that the schemas let through. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { regularExpressionProblem } from '../../src/gatewayapi/regular-expressions.js'
import { KINDS } from '../../src/kinds/index.js'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/schema/json.js'
import type { EncodedResource } from '../../src/xds/resource.js'
import { declareXds } from '../../src/xds/translate/declare.js'
import { arbitraryValue } from '../support/arbitrary-object.js'
import { createAuthority } from '../support/certificates.js'
import { certificateSecret, createRouteWorld, gateway, service } from '../support/route-world.js'
import type { TranslationWorld } from '../support/translation-world.js'
import { validate } from './static-bootstrap.js'

/** Each costs a start of Envoy, about 100 ms. */
const RUNS = 60
const ROUTES_PER_RUN = 12
const ROUTE_KINDS = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'] as const

let envoy = ''
let certificate = ''
beforeAll(async () => {
  envoy = (await findEnvoy()).path
  certificate = certificateSecret('cert', await (await createAuthority()).issue({ dns: ['*.example.com'] }))
}, 300_000)

const LISTENERS = [
  '{ name: http, port: 80, protocol: HTTP }',
  '{ name: wild, port: 80, protocol: HTTP, hostname: "*.example.com" }',
  '{ name: https, port: 443, protocol: HTTPS, hostname: "*.example.com", tls: { certificateRefs: [{ name: cert }] } }',
  '{ name: any, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }',
  '{ name: pass, port: 8443, protocol: TLS, tls: { mode: Passthrough } }',
  '{ name: end, port: 8443, protocol: TLS, hostname: "*.example.com", tls: { mode: Terminate, certificateRefs: [{ name: cert }] } }',
  '{ name: tcp, port: 9000, protocol: TCP }',
  '{ name: udp, port: 9000, protocol: UDP }',
].join(', ')

const SERVICES =
  service('a', '{ name: a, port: 1, appProtocol: kubernetes.io/h2c }, { name: b, port: 2, protocol: UDP }, { name: c, port: 2 }') +
  service('b', '{ name: a, port: 1, appProtocol: https }, { name: b, port: 2 }')

/** Specs of a kind of route that hang on the Gateway. */
function arbitraryRoute(kind: (typeof ROUTE_KINDS)[number], at: number): fc.Arbitrary<string> {
  const spec = KINDS.find((each) => each.kind === kind)?.schema.fields.spec?.schema
  if (spec === undefined) throw new Error(`there is no kind ${kind}`)
  return arbitraryValue(spec).map((value) =>
    JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind,
      metadata: { name: `r${at}`, namespace: 'infra' },
      spec: { ...(isJsonObject(value) ? objectHere(value) : {}), parentRefs: [{ name: 'gw' }] },
    }),
  )
}

function keepHere(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(keepHere).filter((each) => !isJsonObject(each) || isFilled(each))
  return isJsonObject(value) ? objectHere(value) : value
}

/** References stay in the namespace and lead to Services, and unions have one member, so that most objects are let through and resolve. */
function objectHere(value: JsonObject): JsonObject {
  const { namespace: _, ...rest } = value
  const copy = Object.fromEntries(Object.entries(rest).map(([key, child]) => [key, keepHere(child)]))
  if ('percent' in copy && 'fraction' in copy) delete copy.fraction
  if ('request' in copy && 'backendRequest' in copy) delete copy.backendRequest
  if (copy.protocol === 'GRPC') delete copy.http
  if (copy.protocol === 'HTTP') delete copy.grpc
  if (typeof copy.type === 'string' && (copy.type in MEMBERS || copy.type === 'Exact')) {
    for (const member of Object.values(MEMBERS)) if (member !== MEMBERS[copy.type]) delete copy[member]
  }
  if (isLiteralPath(copy)) copy.value = '/a/b'
  if ('service' in copy) copy.service = 'a.B'
  if ('service' in copy && 'method' in copy) copy.method = 'M'
  return 'port' in copy && 'name' in copy ? { ...copy, group: '', kind: 'Service' } : copy
}

/** The member of a union for each value of its `type`. */
const MEMBERS: Readonly<Record<string, string>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExternalAuth: 'externalAuth',
  ExtensionRef: 'extensionRef',
  ReplaceFullPath: 'replaceFullPath',
  ReplacePrefixMatch: 'replacePrefixMatch',
  Cookie: 'cookie',
  Header: 'header',
}

/** A path that must be written plainly, and is not. */
function isLiteralPath({ type, value, name }: JsonObject): boolean {
  const isLiteral = type === 'PathPrefix' || type === 'Exact' || type === undefined
  return name === undefined && typeof value === 'string' && isLiteral && !/^(\/[-\w]+)+$|^\/$/.test(value)
}

function isFilled(filter: JsonObject): boolean {
  const member = typeof filter.type === 'string' ? MEMBERS[filter.type] : undefined
  return member === undefined || member in filter
}

const routes = fc.tuple(
  ...Array.from({ length: ROUTES_PER_RUN }, (_, at) =>
    fc.constantFrom(...ROUTE_KINDS, 'HTTPRoute' as const, 'HTTPRoute' as const).chain((kind) => arbitraryRoute(kind, at)),
  ),
)

function resources(world: TranslationWorld): readonly EncodedResource[] {
  const { resources: all } = declareXds(world.translation.graph, world.translation.gatewayApi)
  world.flush()
  return [...all.entries()].map(([, resource]) => resource)
}

describe('the real Envoy', () => {
  it('accepts what becomes of any routes', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(routes, async (objects) => {
        const world = createRouteWorld([gateway(LISTENERS), SERVICES, certificate])
        for (const object of objects) accepted += applies(world, object) ? 1 : 0
        expect(await validate(envoy, resources(world))).toBe('')
      }),
      { numRuns: RUNS },
    )
    // Rules of the schemas refuse many; enough must be left for the test to mean something.
    expect(accepted).toBeGreaterThan(RUNS)
  }, 240_000)

  it('accepts every regular expression that we let through', async () => {
    const pieces = [
      'a',
      'é',
      '😀',
      '/',
      '\\d',
      '\\D',
      '\\w',
      '\\S',
      '.',
      '[a-z]',
      '[^/]',
      '[é-ü]',
      '[[:alpha:]]',
      '\\pL',
      '\\p{Greek}',
      '\\P{Latin}',
      '\\b',
      '^',
      '$',
      '\\A',
      '\\z',
      '\\C',
      '\\x41',
      '\\x{ff}',
      '\\x{100}',
      '[\\x{80}-\\x{10ffff}]',
      '\\123',
      '\\Qa.b\\E',
      '(?:a|b)',
      '(a)',
      '(?P<n>a)',
      '(?<m>a)',
      '(?i)k',
      '(?s).',
      '(?U)a+',
      '(?=a)',
      '\\1',
      '[',
      '[]a]',
      '(',
      ')',
      '{',
      'a{2}',
      'a{1001}',
      '\\_',
      '\\e',
      '||',
      '()',
      '[^\\D]',
      '\\v',
      '\\X',
    ] as const
    const piece = fc
      .tuple(fc.constantFrom(...pieces), fc.constantFrom('', '', '*', '+', '?', '*?', '{1,3}', '{1,200}'))
      .map((parts) => parts.join(''))
    const pattern = fc.array(piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(fc.array(pattern, { minLength: 64, maxLength: 64 }), async (patterns) => {
        const world = createRouteWorld([gateway(LISTENERS), SERVICES, certificate])
        const usable = patterns.filter((each) => regularExpressionProblem(each) === undefined)
        for (const [at, value] of usable.entries()) {
          const rule = { matches: [{ path: { type: 'RegularExpression', value } }], backendRefs: [{ name: 'b', port: 2 }] }
          const metadata = { name: `r${at}`, namespace: 'infra' }
          world.apply(
            JSON.stringify({
              apiVersion: 'gateway.networking.k8s.io/v1',
              kind: 'HTTPRoute',
              metadata,
              spec: { parentRefs: [{ name: 'gw' }], rules: [rule] },
            }),
          )
        }
        expect(usable.length).toBeGreaterThan(0)
        expect(await validate(envoy, resources(world))).toBe('')
      }),
      { numRuns: 20 },
    )
  }, 120_000)
})

function applies(world: TranslationWorld, object: string): boolean {
  try {
    world.apply(object)
    return true
  } catch {
    return false
  }
}
