/** Who wins where two objects of a kind want different things. Source: Gateway API v1.7, GEP-713 and the conflict rules of routes. */
import { compareText } from '../util/compare-text.js'
import type { ObjectRef } from '../util/object-ref.js'

/** The older object first, then the one whose `namespace/name` comes first. */
export function byAge(
  a: { readonly creationTimestamp: string; readonly object: ObjectRef },
  b: { readonly creationTimestamp: string; readonly object: ObjectRef },
): number {
  return compareText(a.creationTimestamp, b.creationTimestamp) || compareText(fullName(a.object), fullName(b.object))
}

function fullName(object: ObjectRef): string {
  return `${object.namespace}/${object.name}`
}
