import type { ObjectVersion } from '../util/object-ref.js'

/** The objects that something was made from: each once, in a total order. */
export function originsOf(objects: readonly ObjectVersion[]): readonly ObjectVersion[] {
  const byName = new Map(objects.map((object) => [`${object.group}/${object.kind}/${object.namespace}/${object.name}`, object]))
  return [...byName.keys()].sort().flatMap((name) => {
    const found = byName.get(name)
    if (found === undefined) return []
    const { group, kind, namespace, generation } = found
    return [{ group, kind, namespace, name: found.name, generation }]
  })
}
