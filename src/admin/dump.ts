/** The translated configuration as people read it: canonical ProtoJSON, by group of proxies, without private keys. */
import { setImmediate as yieldToSockets } from 'node:timers/promises'
import { compareText } from '../util/compare-text.js'
import { errorText } from '../util/error-text.js'
import { describeObject } from '../util/object-ref.js'
import { messageName, toProtoJson } from '../xds/message.js'
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../xds/resource.js'
import { redactResource } from './redact-resource.js'
import type { AdminSources, SnapshotSource } from './sources.js'

/** What can be dumped, and the types behind it. */
export const DUMPED_TYPES: { readonly [Section in DumpSection]: readonly TypeUrl[] } = {
  listeners: [TYPE_URL.listener],
  routes: [TYPE_URL.routeConfiguration, TYPE_URL.scopedRouteConfiguration, TYPE_URL.virtualHost],
  clusters: [TYPE_URL.cluster],
  endpoints: [TYPE_URL.clusterLoadAssignment],
  secrets: [TYPE_URL.secret],
  extensions: [TYPE_URL.extensionConfig],
}

/** A part of the configuration. */
export type DumpSection = 'listeners' | 'routes' | 'clusters' | 'endpoints' | 'secrets' | 'extensions'

/** One resource in a dump. */
export interface DumpedResource {
  readonly group: string
  readonly type: string
  readonly name: string
  readonly version: string
  /** `Kind/namespace/name` of the objects that it was made from. */
  readonly origins: readonly string[]
  /** The message as ProtoJSON; `{ unprintable: WHY }` for one that cannot be printed. */
  readonly value: unknown
}

/** How many resources are printed before sockets get their turn. */
const SLICE = 100

/** Parts of the JSON text of `DumpedResource[]`, sorted by group, type and name. */
export async function* dumpSections(snapshots: SnapshotSource, sections: readonly DumpSection[]): AsyncGenerator<string> {
  yield '['
  let count = 0
  for (const group of [...snapshots.groups()].sort()) {
    for (const typeUrl of sections.flatMap((section) => DUMPED_TYPES[section])) {
      const resources = [...snapshots.resources(group, typeUrl).values()]
      for (const resource of resources.sort((a, b) => compareText(a.name, b.name))) {
        yield `${count === 0 ? '' : ','}\n${JSON.stringify(dumpResource(group, resource))}`
        if (++count % SLICE === 0) await yieldToSockets()
      }
    }
  }
  yield '\n]\n'
}

/** The bootstraps of all groups, without secrets. */
export function dumpBootstraps(sources: AdminSources): readonly unknown[] {
  return sources.bootstraps().map(({ group, bootstrap }) => ({ group, bootstrap: redactResource(bootstrap) }))
}

function dumpResource(group: string, { typeUrl, name, version, origins, value }: EncodedResource): DumpedResource {
  return {
    group,
    type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1),
    name,
    version,
    origins: origins.map(describeObject),
    value: printed(typeUrl, value),
  }
}

/** What an extension server made may hold messages that only the proxies know: why one cannot be printed stands where it would be. */
function printed(typeUrl: TypeUrl, value: Buffer): unknown {
  const message = messageName(typeUrl)
  if (message === undefined) return value.toString('base64')
  try {
    return redactResource(toProtoJson(message, value))
  } catch (error) {
    return { unprintable: errorText(error) }
  }
}
