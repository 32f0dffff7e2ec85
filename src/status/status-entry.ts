/** What a status writer knows of one object. */
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { StoredStatus } from '../k8s/stored-status.js'
import type { OwnEntry } from './merge-entries.js'

/** Times are milliseconds of the monotonic clock. */
export interface StatusEntry {
  /** `<Kind>/<namespace>/<name>`. */
  readonly name: string
  /** What the translation says; undefined where it says nothing. */
  desired: ObjectStatus | undefined
  /** What the cluster says; undefined where it has to be read first. */
  stored: StoredStatus | undefined
  /** What was last said of a Gateway or a ListenerSet that is not ours any more; undefined when it was taken back. */
  left: ObjectStatus | undefined
  /** What was last brought into the cluster. */
  settledOn: ObjectStatus | undefined
  /** What others leave no room for. */
  unsaid: readonly OwnEntry[]
  /** When it was last written. */
  writtenMs: number | undefined
  /** When what waits began to wait, and last changed; undefined while nothing waits. */
  sinceMs: number | undefined
  changedMs: number
  /** It is not looked at earlier. */
  notBeforeMs: number
  /** In a row. */
  failures: number
  /** How often others changed back what the translation says now. */
  repairs: number
  place: 'idle' | 'waiting' | 'ready' | 'busy'
}

/** An object of which nothing is known yet. */
export function newEntry(name: string): StatusEntry {
  return {
    name,
    desired: undefined,
    stored: undefined,
    left: undefined,
    settledOn: undefined,
    unsaid: [],
    writtenMs: undefined,
    sinceMs: undefined,
    changedMs: 0,
    notBeforeMs: 0,
    failures: 0,
    repairs: 0,
    place: 'idle',
  }
}

/** True for statuses that sum up those of other objects. */
export function isShared(status: ObjectStatus | undefined): boolean {
  return status?.shape === 'gateway' || status?.shape === 'listenerSet'
}
