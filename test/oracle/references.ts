/** What backendRefs lead to. Source: Gateway API v1.7, `BackendObjectReference`, GEP-1911 and ReferenceGrant. */
import type { Grant, Ref, Route } from './objects.js'

/** Something that can be referred to. */
export interface Target extends Omit<Ref, 'namespace'> {
  readonly namespace: string
  /** Where requests come to; undefined: it has no endpoints. */
  readonly backend: string | undefined
  /** Of a Service: what it speaks, where that is no HTTP. */
  readonly otherProtocol?: string
}

/** What a reference of a route leads to; undefined where requests cannot go. */
export function targetOf(targets: readonly Target[], grants: readonly Grant[], route: Route, ref: Ref): Target | undefined {
  const { group, kind, name, port, namespace = route.namespace } = ref
  if (namespace !== route.namespace && !grants.some((each) => isGranted(each, route, { ...ref, namespace }))) return undefined
  const isSame = (each: Target): boolean =>
    each.group === group && each.kind === kind && each.namespace === namespace && each.name === name && each.port === port
  const found = targets.find(isSame)
  return found?.otherProtocol === undefined ? found : undefined
}

function isGranted({ namespace, from, to }: Grant, route: Route, ref: Ref): boolean {
  return (
    namespace === ref.namespace &&
    from.kind === route.kind &&
    from.namespace === route.namespace &&
    to.group === ref.group &&
    to.kind === ref.kind &&
    (to.name === undefined || to.name === ref.name)
  )
}
