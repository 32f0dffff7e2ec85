/** Every backend that a route names: where requests go, where copies go, and who is asked. */
import { inOrder } from '../../util/in-order.js'
import { type BackendKey, type BackendRef, backendKey, backendKind, hasPorts } from '../backends/backend-key.js'
import type { AnyRoute } from './any-route.js'

/** A reference as objects write it. */
export interface BackendReference {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly port?: number
}

/** A filter as far as it refers to backends. */
interface ReferringFilter {
  readonly requestMirror?: { readonly backendRef: BackendReference }
  readonly externalAuth?: { readonly backendRef: BackendReference }
}

/**
 * The backend that a reference means.
 *
 * @param namespace of the referring object
 * @returns undefined for a kind that we do not know
 */
export function toBackendRef(reference: BackendReference, namespace: string, transport: 'TCP' | 'UDP'): BackendRef | undefined {
  const kind = backendKind(reference.group, reference.kind)
  if (kind === undefined) return undefined
  return {
    kind,
    namespace: reference.namespace ?? namespace,
    name: reference.name,
    port: hasPorts(kind) ? reference.port : undefined,
    transport,
  }
}

/** The keys of the backends that a route names anywhere, each once, in ascending order. */
export function referencedBackends(route: AnyRoute): readonly BackendKey[] {
  const transport = route.kind === 'UDPRoute' ? 'UDP' : 'TCP'
  const keys = references(route).flatMap((reference) => {
    const ref = toBackendRef(reference, route.metadata.namespace, transport)
    return ref === undefined ? [] : [backendKey(ref)]
  })
  return inOrder(keys)
}

function references(route: AnyRoute): readonly BackendReference[] {
  switch (route.kind) {
    case 'HTTPRoute':
    case 'GRPCRoute':
      return (route.spec.rules ?? []).flatMap((rule) => [
        ...(rule.filters ?? []).flatMap(filterReferences),
        ...(rule.backendRefs ?? []).flatMap((ref) => [ref, ...(ref.filters ?? []).flatMap(filterReferences)]),
      ])
    case 'TLSRoute':
    case 'TCPRoute':
    case 'UDPRoute':
      return route.spec.rules.flatMap((rule) => rule.backendRefs)
  }
}

function filterReferences(filter: ReferringFilter): readonly BackendReference[] {
  return [filter.requestMirror, filter.externalAuth].flatMap((each) => (each === undefined ? [] : [each.backendRef]))
}
