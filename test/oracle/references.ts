/** What backendRefs lead to. Source: Gateway API v1.7, `BackendObjectReference` and ReferenceGrant. */
import type { Grant, Ref, Route } from './objects.js'

/** Something that can be referred to: requests come to the backend of this name. */
export interface Target extends Omit<Ref, 'namespace'> {
  readonly namespace: string
  readonly backend: string
}

/** The name of the backend that a reference of a route leads to; undefined where it leads nowhere. */
export function backendOf(targets: readonly Target[], grants: readonly Grant[], route: Route, ref: Ref): string | undefined {
  const { group, kind, name, port, namespace = route.namespace } = ref
  if (namespace !== route.namespace && !grants.some((each) => isGranted(each, route, { ...ref, namespace }))) return undefined
  const isSame = (each: Target): boolean =>
    each.group === group && each.kind === kind && each.namespace === namespace && each.name === name && each.port === port
  return targets.find(isSame)?.backend
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
