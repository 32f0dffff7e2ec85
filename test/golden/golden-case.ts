/** What becomes of the objects of a golden case, as text that people review. */
import { parse, parseAllDocuments, stringify } from 'yaml'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import type { Source } from '../../src/incremental/index.js'
import { DEFAULT_BACKEND_TRAFFIC, DEFAULT_CLIENT_SETTINGS, DEFAULT_SOCKET_SETTINGS } from '../../src/ir/defaults.js'
import { NO_HEADER_CHANGES } from '../../src/ir/headers.js'
import { deepEqual } from '../../src/util/deep-equal.js'
import { describeObject, type ObjectVersion, objectKey } from '../../src/util/object-ref.js'
import { decode, messageName, toProtoJson } from '../../src/xds/message.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { encodeCluster } from '../../src/xds/translate/clusters/cluster.js'
import { declareXds } from '../../src/xds/translate/declare.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../../src/xds/translate/options.js'
import { parseResourceKey } from '../../src/xds/translate/resource-key.js'
import { encodeRouteConfiguration } from '../../src/xds/translate/routes/route-configuration.js'
import { bytesOf, encodeVirtualHost } from '../../src/xds/translate/routes/virtual-host.js'
import { cluster, port, routeTable, virtualHost } from '../envoy-api/ir-fixtures.js'
import { listenerMessage } from '../envoy-api/listener-message.js'
import { createTranslationWorld } from '../support/translation-world.js'

/** The files of a case besides `in.yaml`. */
export const GOLDEN_FILES = ['ir', 'xds', 'status'] as const

/** The texts of a case, and the resources that one of them prints. */
export interface GoldenResult {
  readonly texts: Readonly<Record<(typeof GOLDEN_FILES)[number], string>>
  readonly resources: readonly EncodedResource[]
}

/** The objects of a case, one text each. */
export function splitObjects(text: string): readonly string[] {
  return parseAllDocuments(text)
    .filter((document) => document.contents !== null)
    .map((document) => document.toString())
}

/**
 * Translates the objects in this order.
 *
 * @param flushBetween brings everything up to date after each object, as it happens when they come one by one
 */
export function translateGolden(objects: readonly string[], flushBetween = false): GoldenResult {
  const world = createTranslationWorld({ allowExternalName: true, envoyPatches: true })
  const { graph, gatewayApi } = world.translation
  const xds = declareXds(graph, gatewayApi, { accessLog: 'off', patches: true })
  for (const object of objects) {
    world.apply(object)
    if (flushBetween) world.flush()
  }
  for (const object of objects) {
    const { kind, metadata } = parse(object) as { kind: string; metadata: { name: string; namespace: string } }
    if (kind === 'Gateway') world.place(objectKey(metadata.namespace, metadata.name))
  }
  world.flush()
  const { ports, routeTables, virtualHosts, clusters, endpoints, secrets, statuses } = gatewayApi
  const ir = { ports, routeTables, virtualHosts, clusters, endpoints, secrets }
  const resources = sorted(xds.resources)
  const told = resources.filter(([, resource]) => !isEmptyExtension(resource))
  return {
    texts: {
      ir: print(
        Object.fromEntries(Object.entries(ir).map(([name, source]) => [name, shorten(Object.fromEntries(sorted<unknown>(source)))])),
      ),
      xds: print(Object.fromEntries(told.map(([key, resource]) => [resourceTitle(key), shortenMessage(decoded(resource))]))),
      status: print(Object.fromEntries(sorted(statuses).map(([key, status]) => [key, statusOf(status)]))),
    },
    resources: resources.map(([, resource]) => resource),
  }
}

function sorted<V>(source: Source<V>): readonly (readonly [string, V])[] {
  return [...source.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
}

function print(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** The configuration of a filter that no route uses is there from the start, and says nothing. */
function isEmptyExtension(resource: EncodedResource): boolean {
  if (resource.typeUrl !== TYPE_URL.extensionConfig) return false
  const { typedConfig } = decode('envoy.config.core.v3.TypedExtensionConfig', resource.value)
  return (typedConfig?.value?.length ?? 0) === 0
}

/** `<group> <message> <name>`. */
function resourceTitle(key: string): string {
  const parsed = parseResourceKey(key)
  if (parsed === undefined) throw new Error(`${key} is no key of a resource`)
  const { group, reference } = parsed
  return `${group} ${reference.typeUrl.slice(reference.typeUrl.lastIndexOf('.') + 1)} ${reference.name}`
}

function decoded({ typeUrl, value }: EncodedResource): unknown {
  const name = messageName(typeUrl)
  return name === undefined ? undefined : toProtoJson(name, value)
}

/** Objects by their names; without what is as it always is. */
function shorten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shorten)
  if (value instanceof Object && 'reveal' in value) return '[redacted]'
  if (typeof value !== 'object' || value === null) return value
  if (isObjectVersion(value)) return `${describeObject(value)}@${value.generation}`
  const entries = Object.entries(value).filter(([, child]) => !COMMON.some((common) => deepEqual(child, common)))
  return Object.fromEntries(entries.map(([key, child]) => [key, shorten(child)]))
}

const COMMON: readonly unknown[] = [DEFAULT_CLIENT_SETTINGS, DEFAULT_SOCKET_SETTINGS, DEFAULT_BACKEND_TRAFFIC, NO_HEADER_CHANGES]

function isObjectVersion(value: object): value is ObjectVersion {
  return 'kind' in value && 'generation' in value && 'namespace' in value
}

const HTTP_CONNECTION_MANAGER = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/** Fields that say what they always say. docs/reference/defaults.md and its test hold them. */
const DEFAULTS: readonly object[] = [
  toProtoJson('envoy.config.cluster.v3.Cluster', encodeCluster(cluster(''), DEFAULT_TRANSLATE_OPTIONS).value),
  toProtoJson('envoy.config.route.v3.RouteConfiguration', encodeRouteConfiguration(routeTable({ name: '' }), [], []).value),
  toProtoJson('envoy.config.route.v3.VirtualHost', bytesOf(encodeVirtualHost(virtualHost([]), { group: 'g', inTable: true }))),
].map((message) => ({ ...(message instanceof Object ? message : {}), name: undefined, domains: undefined }))

function isDefault(key: string, value: unknown): boolean {
  return DEFAULTS.some((message) => deepEqual(new Map(Object.entries(message)).get(key), value))
}

/** Without what is said by default; of a connection manager only whose routes it serves, and what it tells of them. */
function shortenMessage(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortenMessage)
  if (typeof value !== 'object' || value === null) return value
  const fields = new Map(Object.entries(value))
  if (fields.get('@type') === HTTP_CONNECTION_MANAGER) return shortenManager(fields)
  const told = [...fields].filter(([key, child]) => !isDefault(key, child))
  return Object.fromEntries(told.map(([key, child]) => [key, key === 'privateKey' ? '[redacted]' : shortenMessage(child)]))
}

/** What is always there of a connection manager. */
const MANAGER: ReadonlyMap<string, unknown> = managerOf(listenerMessage(port(), DEFAULT_TRANSLATE_OPTIONS))

function managerOf(listener: ReturnType<typeof listenerMessage>): ReadonlyMap<string, unknown> {
  const packed = listener?.filterChains?.[0]?.filters?.[0]?.typedConfig?.value ?? new Uint8Array()
  const json = toProtoJson('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', packed)
  return new Map(Object.entries(json instanceof Object ? json : {}))
}

/** Of a connection manager: whose routes it serves, and what it does in another way than always. */
function shortenManager(fields: ReadonlyMap<string, unknown>): unknown {
  const told = [...fields].filter(([key, value]) => key !== 'statPrefix' && key !== 'httpFilters' && !deepEqual(MANAGER.get(key), value))
  const usual = MANAGER.get('httpFilters')
  const filters = fields.get('httpFilters')
  const more =
    Array.isArray(filters) && Array.isArray(usual) ? filters.filter((filter) => !usual.some((each) => deepEqual(each, filter))) : []
  return Object.fromEntries([...told, ...(more.length === 0 ? [] : [['httpFilters', more] as const])])
}

function statusOf({ object: _object, shape: _shape, ...status }: ObjectStatus): unknown {
  const { supportedFeatures: _features, ...rest } = { supportedFeatures: undefined, ...status }
  return rest
}
