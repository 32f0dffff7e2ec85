/** Objects of the API as the store takes them. */
import type { RawObject } from '../../k8s/kube-json.js'
import { type KindDefinition, preferredApiVersion } from '../../schema/kind.js'
import type { KubeObject, ObjectMeta } from '../provider.js'

/** Groups whose statuses are reports of controllers such as we; elsewhere a status may be content, as that of a ServiceImport is. */
const REPORTING_GROUPS: ReadonlySet<string> = new Set(['gateway.networking.k8s.io', 'gateway.networking.x-k8s.io', 'headgate.dev'])

/**
 * True for the kinds whose status we and others write while their content stays: their objects come without `status` and only when
 * their content changed, so that a status never causes a translation.
 */
export function hasReportedStatus(kind: Pick<KindDefinition, 'group' | 'hasGeneration' | 'hasStatus'>): boolean {
  return kind.hasGeneration && kind.hasStatus && REPORTING_GROUPS.has(kind.group)
}

/**
 * The object with the names of its kind (items of lists have none), whole metadata, and without a status that is only reported.
 *
 * @param apiVersion that of the kind: whoever makes many objects makes this text once
 */
export function toKubeObject(kind: KindDefinition, raw: RawObject, apiVersion: string = preferredApiVersion(kind)): KubeObject {
  const { metadata, status, ...content } = raw
  const rest = hasReportedStatus(kind) || status === undefined ? content : { ...content, status }
  return { ...rest, apiVersion, kind: kind.kind, metadata: toMeta(metadata) }
}

/** Equal for two versions of an object of which only the status, or metadata that nobody reads, differs. */
export function contentMark({ metadata }: KubeObject): string {
  const { uid, generation, deletionTimestamp, finalizers, labels, annotations } = metadata
  return JSON.stringify([uid, generation, deletionTimestamp, finalizers, labels, annotations])
}

function toMeta(raw: RawObject['metadata']): ObjectMeta {
  const { name, namespace, uid, generation, resourceVersion, creationTimestamp, deletionTimestamp, finalizers, labels, annotations } = raw
  return {
    name,
    namespace: namespace ?? '',
    generation: generation ?? 0,
    creationTimestamp: creationTimestamp ?? '1970-01-01T00:00:00Z',
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}
