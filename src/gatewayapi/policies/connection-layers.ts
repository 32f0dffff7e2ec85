import type { View } from '../../incremental/index.js'
import type { ObjectRef } from '../../util/object-ref.js'
import type { EffectiveListener } from '../model.js'
import { LEVELS, listenerTargets } from './effective-policies.js'
import { layersAbout, type Policies } from './policies.js'
import type { Layer } from './policy.js'

/** The policies about the connections of a route on a listener: those of the Gateway, of what declares the listener, of it and of the route. */
export function connectionLayers<S extends object>(
  view: View,
  policies: Policies<S>,
  listener: EffectiveListener,
  { kind, namespace, name }: Pick<ObjectRef, 'kind' | 'namespace' | 'name'>,
): readonly Layer<S>[] {
  const gateway = { kind: 'Gateway', namespace: listener.gateway.namespace, name: listener.gateway.name, sectionName: undefined }
  return [
    { target: gateway, level: LEVELS.gateway },
    ...listenerTargets(listener),
    { target: { kind, namespace, name, sectionName: undefined }, level: LEVELS.route },
  ].flatMap(({ target, level }) => layersAbout(view, policies, target, level))
}
