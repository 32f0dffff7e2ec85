/** ListenerSets whose parent is a Gateway of ours. Source: Gateway API v1.7, ListenerSet (GEP-1713). */
import type { AllowedListeners, ListenerSetSpec, Namespace } from '../../gen/kinds.js'
import type { Collection, Graph, Input, View } from '../../incremental/index.js'
import { type ObjectKey, type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import { GATEWAY_GROUP } from '../conditions.js'
import type { OurGateway } from '../gateways/gateways.js'
import type { Inputs } from '../inputs.js'
import { selectorMatches } from '../label-selector.js'
import { servedVersion } from '../served-version.js'

/** A ListenerSet of ours. */
export interface OurListenerSet {
  readonly object: ObjectVersion
  readonly creationTimestamp: string
  /** The parent. */
  readonly gateway: ObjectKey
  /** What is served of it: its own, or that of its last good version while Envoy refuses this one. */
  readonly spec: ListenerSetSpec
  /** Envoy's own words, where it refuses the ListenerSet and there is no good version: nothing of it is sent to proxies. */
  readonly refused: string | undefined
  /** Whether the parent lets ListenerSets of this namespace attach. */
  readonly allowed: boolean
}

/** Declares our ListenerSets, by their key. */
export function declareListenerSets(graph: Graph, inputs: Inputs, gateways: Collection<OurGateway>): Collection<OurListenerSet> {
  const sets = inputs.kind('ListenerSet')
  const namespaces = inputs.kind('Namespace')
  return graph.collection('listener sets', {
    keys: sets,
    compute: (view, key) => {
      const found = view.get(sets, key)
      if (found === undefined) return undefined
      const { parentRef } = found.spec
      if (parentRef.group !== GATEWAY_GROUP || parentRef.kind !== 'Gateway') return undefined
      const gateway = view.get(gateways, objectKey(parentRef.namespace ?? found.metadata.namespace, parentRef.name))
      if (gateway === undefined) return undefined
      const quarantine = view.get(inputs.quarantines, `ListenerSet/${key}`)
      const served = servedVersion(found, quarantine)
      return {
        object: objectVersion(found),
        creationTimestamp: found.metadata.creationTimestamp,
        gateway: gateway.key,
        spec: served.object.spec,
        refused: served.isRefused ? quarantine?.message : undefined,
        allowed: isAllowed(view, namespaces, gateway.spec.allowedListeners, gateway.object.namespace, found.metadata.namespace),
      }
    },
  })
}

function isAllowed(
  view: View,
  namespaces: Input<Namespace>,
  allowed: AllowedListeners | undefined,
  own: string,
  namespace: string,
): boolean {
  const rule = allowed?.namespaces
  switch (rule?.from) {
    case 'All':
      return true
    case 'Same':
      return own === namespace
    case 'Selector': {
      // Without a selector nothing is selected: to let everybody in, a Gateway says `All`. Nor is a namespace that is not known.
      const found = view.get(namespaces, objectKey('', namespace))
      return rule.selector !== undefined && found !== undefined && selectorMatches(rule.selector, found.metadata.labels)
    }
    default:
      return false
  }
}
