/** Declares what is known about every backend that an attached route refers to. */
import type { Collection, Graph, Keys, View } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import { parseBackendKey } from './backend-key.js'
import type { BackendSources } from './backend-world.js'
import { resolveOwnBackend } from './resolve-own-backend.js'
import { resolveService, resolveServiceImport } from './resolve-service.js'
import { resolveXBackend } from './resolve-x-backend.js'
import type { ResolvedBackend } from './resolved-backend.js'

/**
 * Declares the backends, by their `BackendKey`. Whether a route may refer to one is the route's matter.
 *
 * @param keys who refers to backends
 */
export function declareBackends(graph: Graph, sources: BackendSources, keys: readonly Keys[]): Collection<ResolvedBackend> {
  return graph.collection('backends', { keys, compute: (view, key) => resolveBackend(view, sources, key) })
}

function resolveBackend(view: View, sources: BackendSources, key: string): ResolvedBackend | undefined {
  const ref = parseBackendKey(key)
  if (ref === undefined) return undefined
  const { inputs } = sources
  const world = { ...sources, view }
  const at = objectKey(ref.namespace, ref.name)
  switch (ref.kind) {
    case 'Service':
      return resolveService(world, ref, view.get(inputs.kind('Service'), at))
    case 'ServiceImport':
      return resolveServiceImport(world, ref, view.get(inputs.kind('ServiceImport'), at))
    case 'Backend':
      return resolveOwnBackend(world, ref, view.get(inputs.kind('Backend'), at))
    case 'XBackend':
      return resolveXBackend(world, ref, view.get(inputs.kind('XBackend'), at))
  }
}
