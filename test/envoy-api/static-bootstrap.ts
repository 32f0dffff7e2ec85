/** Resources of ours as a bootstrap that needs no control plane: for asking the real Envoy what it thinks of them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { MAX_REGEX_PROGRAM_SIZE } from '../../envoy/bootstrap.js'
import { messageName, toProtoJson } from '../../src/xds/message.js'
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../../src/xds/resource.js'

type Json = { readonly [key: string]: unknown }

/**
 * The bootstrap as ProtoJSON. What would be fetched is put where it is named: routes into connection managers, configuration into filters,
 * endpoints into clusters, secrets among the static ones.
 */
export function staticBootstrap(resources: Iterable<EncodedResource>, adminSocketPath: string): Json {
  const byType = new Map<TypeUrl, Map<string, Json>>()
  for (const resource of resources) {
    const name = messageName(resource.typeUrl)
    if (name === undefined) throw new Error(`no message for ${resource.typeUrl}`)
    const ofType = byType.get(resource.typeUrl) ?? new Map<string, Json>()
    byType.set(resource.typeUrl, ofType.set(resource.name, toProtoJson(name, resource.value) as Json))
  }
  const all = (typeUrl: TypeUrl): readonly Json[] => [...(byType.get(typeUrl)?.values() ?? [])]
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline)
    if (!isJson(value)) return value
    const { rds, sdsConfig: _fetched, configDiscovery, ...rest } = value
    const copy = Object.fromEntries(Object.entries(rest).map(([key, child]) => [key, inline(child)]))
    if (configDiscovery !== undefined)
      return { ...copy, typedConfig: byType.get(TYPE_URL.extensionConfig)?.get(String(rest.name))?.typedConfig }
    if (!isJson(rds)) return copy
    return { ...copy, routeConfig: byType.get(TYPE_URL.routeConfiguration)?.get(String(rds.routeConfigName)) }
  }
  const withEndpoints = (cluster: Json): Json => {
    if (cluster.type !== 'EDS') return cluster
    const { edsClusterConfig: _fetched, ...rest } = cluster
    return { ...rest, type: 'STATIC', loadAssignment: byType.get(TYPE_URL.clusterLoadAssignment)?.get(String(cluster.name)) }
  }
  return {
    node: { id: 'test', cluster: 'test' },
    admin: { address: { pipe: { path: adminSocketPath } } },
    staticResources: {
      listeners: all(TYPE_URL.listener).map(inline),
      clusters: all(TYPE_URL.cluster).map(withEndpoints).map(inline),
      secrets: all(TYPE_URL.secret),
    },
    layeredRuntime: {
      layers: [{ name: 'static', staticLayer: { 're2.max_program_size.error_level': MAX_REGEX_PROGRAM_SIZE } }],
    },
  }
}

/** What Envoy says of resources. */
export interface Verdict {
  /** What it has against them; the empty string when it accepts them. */
  readonly problem: string
  /** The full names of the fields in use that it calls deprecated: those that it counts as `runtime.deprecated_feature_use`. */
  readonly deprecated: readonly string[]
}

/** What Envoy has against the resources; the empty string when it accepts them. */
export async function validate(envoy: string, resources: Iterable<EncodedResource>): Promise<string> {
  return (await judge(envoy, resources)).problem
}

/** The same, and what of them it is about to take no more. */
export async function judge(envoy: string, resources: Iterable<EncodedResource>): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'envoy-validate-'))
  try {
    const file = join(folder, 'bootstrap.json')
    await writeFile(file, JSON.stringify(staticBootstrap(resources, join(folder, 'admin.sock'))))
    const args = ['--mode', 'validate', '-c', file, '--log-level', 'warning', '--disable-hot-restart']
    // It opens its standard output where configuration says `/dev/stdout`, which fails for what Node makes as a pipe.
    const child = spawn(envoy, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 })
    const ended = once(child, 'close')
    const log = await text(child.stderr)
    const [exitCode] = (await ended) as [number | null]
    return { problem: exitCode === 0 ? '' : log, deprecated: deprecatedFields(log) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function deprecatedFields(log: string): readonly string[] {
  const found = log.matchAll(/Using deprecated option '([^']+)'/g)
  return [...new Set(Array.from(found, ([, field = '']) => field))].toSorted()
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
