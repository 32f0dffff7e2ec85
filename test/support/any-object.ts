/** Any objects of a kind that keep its rules and count in the world of `any-object-world.ts`. */
import fc from 'fast-check'
import { KINDS } from '../../src/kinds/index.js'
import { isJsonObject, type JsonObject } from '../../src/schema/json.js'
import type { KindDefinition } from '../../src/schema/kind.js'
import type { ObjectSchema } from '../../src/schema/schema.js'
import { createValidator } from '../../src/schema/validate.js'
import { referentsOf } from './any-object-world.js'
import { arbitrarySettings, type Surroundings } from './arbitrary-settings.js'
import { repairSettings } from './repair-settings.js'

/** Fields of GatewayConfigs that proxies are told by a controller; the rest is about pods and what they start with. */
const TOLD: readonly string[] = ['accessLogs', 'metrics', 'tracing', 'mergeType', 'maxConnections', 'useListenerPortAsContainerPort']

/** Files that only the machine of an Envoy has, and programs: Envoy alone knows whether they are good. */
const EXCLUDED: ReadonlySet<string> = new Set(['dynamicModule', 'file', 'geoIP', 'lua', 'wasm'])

const target = (kind: string, name: string, sectionName?: string): JsonObject => ({
  targetRefs: [{ group: kind === 'Service' ? '' : 'gateway.networking.k8s.io', kind, name, ...(sectionName && { sectionName }) }],
})
const parent = (sectionName?: string): JsonObject => ({ parentRefs: [{ name: 'gw', ...(sectionName && { sectionName }) }] })

const GATEWAYS = [target('Gateway', 'gw'), target('Gateway', 'gw', 'https')] as const
const ROUTES = [target('HTTPRoute', 'r'), target('HTTPRoute', 'r', 'one'), target('GRPCRoute', 'g'), target('TCPRoute', 't')] as const
const STREAMS = [target('TLSRoute', 'l'), target('UDPRoute', 'u')] as const
const SERVICE = [target('Service', 'a')] as const

/** By kind what makes its objects count: one of these parts of their specs is what it is, everything else is arbitrary. */
const FIXED: Readonly<Record<string, readonly JsonObject[]>> = {
  ClientTrafficPolicy: GATEWAYS,
  BackendTrafficPolicy: [...GATEWAYS, ...ROUTES, ...STREAMS],
  SecurityPolicy: [...GATEWAYS, ...ROUTES, ...STREAMS],
  ExtensionPolicy: [...GATEWAYS, ...ROUTES],
  BackendTLSPolicy: SERVICE,
  XBackendTrafficPolicy: SERVICE,
  XTelemetryPolicy: GATEWAYS,
  HTTPRoute: [parent(), parent('https')],
  GRPCRoute: [parent(), parent('https')],
  TLSRoute: [parent('pass'), parent('end')],
  TCPRoute: [parent('tcp'), parent('end')],
  UDPRoute: [parent('udp')],
  HTTPRouteFilter: [{}],
  Backend: [{}],
  GatewayConfig: [{}],
  Gateway: [{ gatewayClassName: 'headgate' }],
  ListenerSet: [{ parentRef: { name: 'gw' } }],
}

/** Protocols are open to extensions. What access logs write and when is for Envoy to read: it is held back when an Envoy refuses it. */
const FORMATS = ['a %PROTOCOL%', '%%', '%REQ(x)%'] as const
const WORDS: NonNullable<Surroundings['words']> = {
  protocol: ['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP'],
  expressions: ['response.code >= 400', 'request.path.startsWith("/a")'],
  text: FORMATS,
  json: FORMATS,
}

/** Fields that say to what an object belongs. */
const OF_PLACES: ReadonlySet<string> = new Set(['targetRefs', 'targetSelectors', 'parentRefs', 'parentRef', 'gatewayClassName'])

/** Names of objects that the world has already: something refers to them. */
const NAMES: Readonly<Record<string, string>> = { HTTPRouteFilter: 'a', Backend: 'a', GatewayConfig: 'a', Gateway: 'gw' }

/** The kinds that there can be any object of. */
export const ANY_KINDS: readonly KindDefinition[] = KINDS.filter(({ kind }) => kind in FIXED)

const repair = createValidator()

/** Objects of a kind that keep its rules; undefined where nothing is left of one. */
export function anyObject({ kind, group, versions, schema }: KindDefinition): fc.Arbitrary<JsonObject | undefined> {
  const spec = schema.fields.spec?.schema
  if (spec?.type !== 'object') throw new Error(`${kind} has no spec`)
  const fixed = fc.constantFrom(...(FIXED[kind] ?? []))
  const isArbitrary = (field: string): boolean => !OF_PLACES.has(field) && (kind !== 'GatewayConfig' || TOLD.includes(field))
  const settings = arbitrarySettings(only(spec, isArbitrary), {
    referents: referentsOf,
    words: WORDS,
    excluded: EXCLUDED,
  })
  return fc.tuple(settings, fixed).map(([some, part]) => {
    if (!isJsonObject(some)) return undefined
    const kept = repairSettings(repair, spec, { ...some, ...part })
    const saysMore = kept !== undefined && Object.keys(kept).some((field) => !(field in part) && field !== 'mergeType')
    if (!saysMore) return undefined
    return { apiVersion: `${group}/${versions[0]}`, kind, metadata: { name: NAMES[kind] ?? 'p', namespace: 'infra' }, spec: kept }
  })
}

function only(schema: ObjectSchema, isWanted: (field: string) => boolean): ObjectSchema {
  return { ...schema, fields: Object.fromEntries(Object.entries(schema.fields).filter(([name]) => isWanted(name))) }
}
