/** Where statuses are written: the kinds that report one, in the version in which we speak of them. */
import type { ApiResource } from '../k8s/resource-path.js'
import type { KindDefinition } from '../schema/kind.js'

/**
 * Looks up where the objects of a kind are.
 *
 * @param servedVersion the version of a kind that the cluster serves, where it is known
 */
export function statusResources(
  kinds: readonly KindDefinition[],
  servedVersion: (kind: string) => string | undefined,
): (kind: string) => ApiResource {
  const byKind = new Map(kinds.map((definition) => [definition.kind, definition]))
  return (kind) => {
    const definition = byKind.get(kind)
    if (definition === undefined) throw new Error(`no kind "${kind}": add it to src/kinds`)
    return { group: definition.group, version: servedVersion(kind) ?? definition.versions[0], plural: definition.plural }
  }
}
