/** What is served of an object whose configuration a proxy has refused. */
import type { KubeObject } from '../provider/provider.js'
import type { Quarantine } from './inputs.js'

/** The version of an object that counts. */
export interface ServedVersion<T extends KubeObject> {
  readonly object: T
  /** True if no good version is known: then the object must answer with errors and send nothing to proxies. */
  readonly isRefused: boolean
}

/** The object itself, its last good version while a proxy refuses this one, or the object marked as refused. A quarantine ends when the object changes. */
export function servedVersion<T extends KubeObject>(object: T, quarantine: Quarantine | undefined): ServedVersion<T> {
  if (quarantine === undefined || quarantine.generation !== object.metadata.generation) return { object, isRefused: false }
  const { lastGood } = quarantine
  return lastGood !== undefined && isSameKind(object, lastGood) ? { object: lastGood, isRefused: false } : { object, isRefused: true }
}

function isSameKind<T extends KubeObject>(object: T, other: KubeObject): other is T {
  return object.kind === other.kind
}
