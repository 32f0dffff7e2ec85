/** Entries in the lists that controllers share: those of ours that nothing is said about any more, and lists without any of ours. */
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { listAt } from '../k8s/kube-json.js'
import type { StoredStatus } from '../k8s/stored-status.js'
import { ownEntries } from './merge-entries.js'

/** The generation of what holds for an object whichever generation it has. */
export const EVERY_GENERATION: number = Number.MAX_SAFE_INTEGER

/**
 * What to say about an object that carries our entries although we have nothing to say: nothing. Undefined for one without any.
 *
 * @param name `<Kind>/<namespace>/<name>`
 */
export function orphanStatus(name: string, stored: StoredStatus | undefined, controllerName: string): ObjectStatus | undefined {
  const [kind = '', namespace = '', objectName = ''] = name.split('/')
  // Whatever was said under our name is not true any more.
  const object = { group: '', kind, namespace, name: objectName, generation: EVERY_GENERATION }
  if (ownEntries(listAt(stored?.status, 'parents'), controllerName).length > 0) return { shape: 'route', object, parents: [] }
  if (ownEntries(listAt(stored?.status, 'ancestors'), controllerName).length > 0) return { shape: 'policy', object, ancestors: [] }
  return undefined
}

/** True if the lists that controllers share have entries, and none is ours. */
export function isForeign({ status }: StoredStatus, controllerName: string): boolean {
  const entries = [...listAt(status, 'parents'), ...listAt(status, 'ancestors')]
  return entries.length > 0 && ownEntries(entries, controllerName).length === 0
}
