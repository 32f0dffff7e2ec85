/** ConfigMaps that programs of policies come from. */
import { createHash } from 'node:crypto'
import type { ConfigMap, LocalObjectReference } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import { compareText } from '../../util/compare-text.js'
import { type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { Read } from '../materials/pem.js'

/** A ConfigMap in words, and as an origin. */
export interface ProgramConfigMap {
  readonly what: string
  readonly configMap: ConfigMap
  readonly origin: ObjectVersion
}

/**
 * The ConfigMap that a program comes from, or why there is none: one that Envoy has refused counts as none, for an older program might let
 * in whom this one keeps out.
 *
 * @param program what comes from it, such as `a script`
 */
export function findProgramConfigMap(
  view: View,
  inputs: Inputs,
  namespace: string,
  ref: LocalObjectReference | undefined,
  program: string,
): Read<ProgramConfigMap> {
  if (ref === undefined || ref.group !== '' || ref.kind !== 'ConfigMap') {
    return { ok: false, message: `${program} comes from a ConfigMap, and from no other kind.` }
  }
  const key = objectKey(namespace, ref.name)
  const what = `the ConfigMap "${key}"`
  const configMap = view.get(inputs.kind('ConfigMap'), key)
  if (configMap === undefined) return { ok: false, message: `${what} does not exist.` }
  const generation = contentVersion(configMap)
  const quarantine = view.get(inputs.quarantines, `ConfigMap/${key}`)
  if (quarantine !== undefined && quarantine.generation === generation)
    return { ok: false, message: `${what} was refused by Envoy: ${quarantine.message}` }
  return { ok: true, value: { what, configMap, origin: { ...objectVersion(configMap), generation } } }
}

/** The key of content that holds a program: the one of this name, or the only one. */
export function programKey(content: Readonly<Record<string, string>>, name: string): string | undefined {
  if (Object.hasOwn(content, name)) return name
  const [only, ...others] = Object.keys(content)
  return others.length === 0 ? only : undefined
}

/** Nobody counts the generations of a ConfigMap: a number that its content decides, so that a rejection is traced to what changed. */
function contentVersion({ data = {}, binaryData = {} }: ConfigMap): number {
  const entries = [data, binaryData].flatMap((content) => Object.entries(content).sort(([a], [b]) => compareText(a, b)))
  return createHash('sha256').update(JSON.stringify(entries)).digest().readUInt32BE(0)
}
