/** Objects without the parts that nobody here reads: a third of the memory of a big cluster is `managedFields`. */
import type { RawObject } from './kube-json.js'

/** kubectl keeps a copy of the whole object under this annotation. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** The object without `managedFields` and without the copy that kubectl leaves in the annotations. The input is not changed. */
export function trimObject(object: RawObject): RawObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata
  if (metadata.annotations?.[LAST_APPLIED] === undefined) return { ...object, metadata }
  const { [LAST_APPLIED]: _lastApplied, ...annotations } = metadata.annotations
  return { ...object, metadata: { ...metadata, annotations } }
}
