import type { View } from '../../incremental/index.js'
import type { EffectiveListener } from '../model.js'
import type { AnyRoute } from '../routes/any-route.js'
import { LEVELS, listenerTargets, namesOfRules } from './effective-policies.js'
import { layersAbout, type Policies } from './policies.js'
import type { Layer } from './policy.js'

/**
 * The policies about the connections of a route on a listener: those of the Gateway, of what declares the listener, of it, of the route and of
 * its rules. There is one rule; the several of v1alpha2 share the connections, so what is said of one of them holds for all.
 */
export function connectionLayers<S extends object>(
  view: View,
  policies: Policies<S>,
  listener: EffectiveListener,
  { kind, metadata: { namespace, name }, spec: { rules } }: AnyRoute,
): readonly Layer<S>[] {
  const gateway = { kind: 'Gateway', namespace: listener.gateway.namespace, name: listener.gateway.name, sectionName: undefined }
  return [
    { target: gateway, level: LEVELS.gateway },
    ...listenerTargets(listener),
    { target: { kind, namespace, name, sectionName: undefined }, level: LEVELS.route },
    ...namesOfRules(rules ?? []).map((sectionName) => ({ target: { kind, namespace, name, sectionName }, level: LEVELS.rule })),
  ].flatMap(({ target, level }) => layersAbout(view, policies, target, level))
}
