/** ListenerSet. Source: Gateway API v1.7.0, `apis/v1/listenerset_types.go` (GEP-1713). */
import type { Listener } from '../gen/kinds.js'
import { listBy, object, optional, required, rule } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { conditions, pendingCondition } from './conditions.js'
import { LISTENER_PROTOCOL_RULES, listenerFields, listenerStatusFields, listenersAreDistinct, uniqueListenerNames } from './listener.js'
import { group, kind, namespaceName, objectName } from './strings.js'

const PENDING = [pendingCondition('Accepted'), pendingCondition('Programmed')]

const parentGateway: ObjectSchema = object('ParentGatewayReference', 'Points to the Gateway that gets the listeners.', {
  group: optional(group, 'API group of the parent.', { default: 'gateway.networking.k8s.io' }),
  kind: optional(kind, 'Kind of the parent.', { default: 'Gateway' }),
  name: required(objectName, 'Name of the Gateway.'),
  namespace: optional(namespaceName, "Namespace of the Gateway; the set's own when left out."),
})

const entry: ObjectSchema = object('ListenerEntry', 'A port of the parent Gateway and the hosts that it serves there.', listenerFields)

const spec: ObjectSchema = object('ListenerSetSpec', 'Listeners and the Gateway that gets them.', {
  parentRef: required(parentGateway, 'The Gateway that gets the listeners.'),
  listeners: required(
    listBy(['name'], entry, {
      minItems: 1,
      maxItems: 64,
      rules: [
        ...LISTENER_PROTOCOL_RULES,
        uniqueListenerNames('Gateway'),
        rule<readonly Listener[]>(
          'listeners-distinct',
          'self.all(l1, !has(l1.port) || self.exists_one(l2, has(l2.port) && l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))',
          'Combination of port, protocol and hostname must be unique for each listener',
          listenersAreDistinct,
        ),
      ],
    }),
    'The listeners.',
  ),
})

const entryStatus: ObjectSchema = object('ListenerEntryStatus', 'What the controller says of a listener.', listenerStatusFields)

const status: ObjectSchema = object('ListenerSetStatus', 'What the controller says of a ListenerSet.', {
  conditions: optional(conditions(), 'What is true about the ListenerSet.', { default: PENDING }),
  listeners: optional(listBy(['name'], entryStatus, { maxItems: 64 }), 'What is true about each listener.'),
})

/** ListenerSet: listeners that someone else adds to a Gateway. */
export const listenerSet: KindDefinition = {
  kind: 'ListenerSet',
  group: 'gateway.networking.k8s.io',
  versions: ['v1'],
  plural: 'listenersets',
  shortNames: ['lset'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  schema: object('ListenerSet', 'Listeners that are added to a Gateway by others than its owner.', {
    spec: required(spec, 'Listeners and the Gateway that gets them.'),
    status: optional(status, 'What the controller says of it.', { default: { conditions: PENDING } }),
  }),
}
