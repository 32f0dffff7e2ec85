/** GatewayClass. Source: Gateway API v1.7.0, `apis/v1/gatewayclass_types.go`. */
import { immutable, listBy, object, optional, required, string, withRules } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { conditions, pendingCondition } from './conditions.js'
import { controllerName, group, kind, namespaceName } from './strings.js'

const parametersReference: ObjectSchema = object('ParametersReference', 'Points to the configuration of a class.', {
  group: required(group, 'API group; the empty string is the core group.'),
  kind: required(kind, 'Kind of the object.'),
  name: required(string({ minLength: 1, maxLength: 253 }), 'Name of the object.'),
  namespace: optional(namespaceName, 'Namespace of the object, where its kind has one.'),
})

const spec: ObjectSchema = object('GatewayClassSpec', 'Who serves the Gateways of a class, and how.', {
  controllerName: required(
    withRules(controllerName, immutable('controller-name-immutable', 'field is immutable')),
    'The controller that serves Gateways of this class; never changes.',
  ),
  parametersRef: optional(parametersReference, 'Configuration for all Gateways of this class.'),
  description: optional(string({ maxLength: 64 }), 'What the class is for, in words.'),
})

const supportedFeature: ObjectSchema = object('SupportedFeature', 'A feature of the conformance suite that a class supports.', {
  name: required(string(), 'Name of the feature.'),
})

const status: ObjectSchema = object('GatewayClassStatus', 'What the controller says of the class.', {
  conditions: optional(conditions(), 'What is true about the class.', { default: [pendingCondition('Accepted')] }),
  supportedFeatures: optional(listBy(['name'], supportedFeature, { maxItems: 64 }), 'Features that the class supports.'),
})

/** GatewayClass: a kind of Gateway that a controller serves. */
export const gatewayClass: KindDefinition = {
  kind: 'GatewayClass',
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1beta1'],
  plural: 'gatewayclasses',
  shortNames: ['gc'],
  namespaced: false,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  schema: object('GatewayClass', 'A kind of Gateway that a controller serves.', {
    spec: required(spec, 'What the class is.'),
    status: optional(status, 'What the controller says of it.', { default: { conditions: [pendingCondition('Accepted')] } }),
  }),
}
