import type { ObjectVersion } from '../util/object-ref.js'

/** The objects that something was made from: each once, in a total order. */
export function originsOf(objects: readonly ObjectVersion[]): readonly ObjectVersion[] {
  const byName = new Map(objects.map((object) => [`${object.group}/${object.kind}/${object.namespace}/${object.name}`, object]))
  const inOrder = [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
  return inOrder.map(([, { group, kind, namespace, name, generation }]) => ({ group, kind, namespace, name, generation }))
}
