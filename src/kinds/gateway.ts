/** Gateway. Source: Gateway API v1.7.0, `apis/v1/gateway_types.go`. */
import type { Listener } from '../gen/kinds.js'
import { int32, listBy, mapOf, object, oneOf, optional, required, rule, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { MapSchema, ObjectSchema, Schema } from '../schema/schema.js'
import { conditions, pendingCondition } from './conditions.js'
import { gatewaySpecAddresses, gatewayStatusAddresses } from './gateway-address.js'
import { gatewayTls } from './gateway-tls.js'
import { labelSelector } from './label-selector.js'
import {
  FILTERS_NEED_HTTP,
  LISTENER_PROTOCOL_RULES,
  listenerFields,
  listenerStatusFields,
  listenersAreDistinct,
  uniqueListenerNames,
} from './listener.js'
import { annotationValue, gatewayDefaultScope, group, kind, labelValue, objectName } from './strings.js'

const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/
const PENDING = [pendingCondition('Accepted'), pendingCondition('Programmed')]

const listener: ObjectSchema = object('Listener', 'A port of a Gateway and the hosts that it serves there.', listenerFields, {
  rules: [FILTERS_NEED_HTTP],
})

const listenerNamespaces: ObjectSchema = object('ListenerNamespaces', 'Namespaces that ListenerSets may come from.', {
  from: optional(oneOf(['All', 'Selector', 'Same', 'None']), 'Which namespaces.', { default: 'None' }),
  selector: optional(labelSelector, 'Labels of the namespaces, for `from: Selector`.'),
})

const allowedListeners: ObjectSchema = object('AllowedListeners', 'ListenerSets that may attach to a Gateway.', {
  namespaces: optional(listenerNamespaces, 'Namespaces that they may come from.', { default: { from: 'None' } }),
})

const localParametersReference: ObjectSchema = object('LocalParametersReference', 'Points to the configuration of one Gateway.', {
  group: required(group, 'API group; the empty string is the core group.'),
  kind: required(kind, 'Kind of the object.'),
  name: required(string({ minLength: 1, maxLength: 253 }), 'Name of the object, in the namespace of the Gateway.'),
})

const infrastructure: ObjectSchema = object('GatewayInfrastructure', 'How what runs for a Gateway looks.', {
  labels: optional(qualifiedMap('label', labelValue, 8), 'Labels for everything that runs for the Gateway.'),
  annotations: optional(qualifiedMap('annotation', annotationValue, 16), 'Annotations for everything that runs for the Gateway.'),
  parametersRef: optional(localParametersReference, "Configuration of this Gateway; it goes before the class's."),
})

const spec: ObjectSchema = object('GatewaySpec', 'Where a Gateway listens and who may attach.', {
  gatewayClassName: required(objectName, 'The GatewayClass.'),
  listeners: required(
    listBy(['name'], listener, {
      minItems: 1,
      maxItems: 64,
      rules: [
        ...LISTENER_PROTOCOL_RULES,
        uniqueListenerNames('Gateway'),
        rule<readonly Listener[]>(
          'listeners-distinct',
          'self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))',
          'Combination of port, protocol and hostname must be unique for each listener',
          listenersAreDistinct,
        ),
      ],
    }),
    'The ports and hosts that the Gateway serves.',
  ),
  addresses: optional(gatewaySpecAddresses, 'Addresses that the Gateway should get; chosen by the implementation when left out.'),
  infrastructure: optional(infrastructure, 'How what runs for the Gateway looks.'),
  allowedListeners: optional(allowedListeners, 'ListenerSets that may attach; none when left out.'),
  tls: optional(gatewayTls, 'TLS towards clients and backends.'),
  defaultScope: optional(gatewayDefaultScope, 'Whether routes that ask for a default Gateway attach to this one.', {
    channel: 'experimental',
  }),
})

const listenerStatus: ObjectSchema = object('ListenerStatus', 'What the controller says of a listener.', listenerStatusFields)

const status: ObjectSchema = object('GatewayStatus', 'What the controller says of a Gateway.', {
  addresses: optional(gatewayStatusAddresses, 'Addresses under which the Gateway is reachable.'),
  conditions: optional(conditions(), 'What is true about the Gateway.', { default: PENDING }),
  listeners: optional(listBy(['name'], listenerStatus, { maxItems: 64 }), 'What is true about each listener.'),
  attachedListenerSets: optional(int32(), 'How many ListenerSets are attached.'),
})

/** Gateway: where traffic comes in. */
export const gateway: KindDefinition = {
  kind: 'Gateway',
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1beta1'],
  plural: 'gateways',
  shortNames: ['gtw'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  schema: object('Gateway', 'Where traffic comes in: addresses, ports, hosts and certificates.', {
    spec: required(spec, 'Where it listens and who may attach.'),
    status: optional(status, 'What the controller says of it.', { default: { conditions: PENDING } }),
  }),
}

function qualifiedMap(what: 'label' | 'annotation', values: Schema, maxProperties: number): MapSchema {
  const What = what === 'label' ? 'Label' : 'Annotation'
  return mapOf(values, {
    maxProperties,
    rules: [
      rule<Readonly<Record<string, string>>>(
        `${what}-keys-qualified`,
        `self.all(key, key.matches(r"""${QUALIFIED_NAME.source.replaceAll('\\/', '/')}"""))`,
        `${What} keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.`,
        (self) => Object.keys(self).every((key) => QUALIFIED_NAME.test(key)),
      ),
      rule<Readonly<Record<string, string>>>(
        `${what}-key-prefixes-short`,
        'self.all(key, key.split("/")[0].size() < 253)',
        `If specified, the ${what} key's prefix must be a DNS subdomain not longer than 253 characters in total.`,
        (self) => Object.keys(self).every((key) => [...(key.split('/')[0] ?? '')].length < 253),
      ),
    ],
  })
}
