import { compareText } from '../util/compare-text.js'
import { exactly } from '../util/exactly.js'
import type { ObjectVersion } from '../util/object-ref.js'

/** The objects that something was made from: each once, in a total order. */
export function originsOf(objects: readonly ObjectVersion[]): readonly ObjectVersion[] {
  const [only] = objects
  if (objects.length <= 1) return only === undefined ? exactly([]) : isPlain(only) ? exactly(objects) : [plain(only)]
  const names = objects.map(({ group, kind, namespace, name }) => `${group}/${kind}/${namespace}/${name}`)
  // Nearly always there are two, which are in order.
  if (names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name)) return objects.map(plainly)
  const byName = new Map(objects.map((object, at) => [names[at] ?? '', object]))
  const inOrder = [...byName].sort(([a], [b]) => compareText(a, b))
  return inOrder.map(([, object]) => plainly(object))
}

function plainly(object: ObjectVersion): ObjectVersion {
  return isPlain(object) ? object : plain(object)
}

/** What is an `ObjectVersion` and nothing else stays itself: there are several origins for each object of a cluster. */
function isPlain(object: ObjectVersion): boolean {
  return Object.keys(object).length === FIELDS
}

function plain({ group, kind, namespace, name, generation }: ObjectVersion): ObjectVersion {
  return { group, kind, namespace, name, generation }
}

const FIELDS = 5
