/** Declares what is known about every backend that an attached route refers to. */
import type { Collection, Graph, Keys, View } from '../../incremental/index.js'
import type { KubeObject } from '../../provider/provider.js'
import { objectKey } from '../../util/object-ref.js'
import { servedVersion } from '../served-version.js'
import { parseBackendKey } from './backend-key.js'
import type { BackendSources } from './backend-world.js'
import { resolveOwnBackend } from './resolve-own-backend.js'
import { resolveService, resolveServiceImport } from './resolve-service.js'
import { resolveXBackend } from './resolve-x-backend.js'
import { type ResolvedBackend, unusable } from './resolved-backend.js'

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
  const quarantine = view.get(inputs.quarantines, `${ref.kind}/${at}`)
  const resolve = <T extends KubeObject>(object: T | undefined, how: (object: T | undefined) => ResolvedBackend): ResolvedBackend => {
    const served = object && servedVersion(object, quarantine)
    return served?.isRefused ? unusable(undefined, `Envoy refused the ${ref.kind} "${at}".`) : how(served?.object)
  }
  switch (ref.kind) {
    case 'Service':
      return resolve(view.get(inputs.kind('Service'), at), (found) => resolveService(world, ref, found))
    case 'ServiceImport':
      return resolve(view.get(inputs.kind('ServiceImport'), at), (found) => resolveServiceImport(world, ref, found))
    case 'Backend':
      return resolve(view.get(inputs.kind('Backend'), at), (found) => resolveOwnBackend(world, ref, found))
    case 'XBackend':
      return resolve(view.get(inputs.kind('XBackend'), at), (found) => resolveXBackend(world, ref, found))
  }
}
