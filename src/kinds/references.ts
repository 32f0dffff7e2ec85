/**
 * References from one object to another.
 *
 * Source: Gateway API v1.7.0, `apis/v1/object_reference_types.go` and `shared_types.go`.
 */
import type { BackendObjectReference } from '../gen/kinds.js'
import { object, optional, required, rule } from '../schema/build.js'
import type { Field, ObjectSchema, Rule } from '../schema/schema.js'
import { group, kind, namespaceName, objectName, portNumber, sectionName } from './strings.js'

const GATEWAY_GROUP = 'gateway.networking.k8s.io'

/** Points to what a route attaches to. */
export const parentReference: ObjectSchema = object(
  'ParentReference',
  'Points to what a route attaches to: a Gateway, a ListenerSet or a part of one.',
  {
    group: optional(group, 'API group of the parent.', { default: GATEWAY_GROUP }),
    kind: optional(kind, 'Kind of the parent.', { default: 'Gateway' }),
    namespace: optional(namespaceName, "Namespace of the parent; the route's own when left out."),
    name: required(objectName, 'Name of the parent.'),
    sectionName: optional(sectionName, 'Name of a listener; all listeners when left out.'),
    port: optional(portNumber, 'Port of the listeners to attach to; all ports when left out.'),
  },
)

/** Points to an object of the same namespace. */
export const localObjectReference: ObjectSchema = object('LocalObjectReference', 'Points to an object of the same namespace.', {
  group: required(group, 'API group; the empty string is the core group.'),
  kind: required(kind, 'Kind of the object.'),
  name: required(objectName, 'Name of the object.'),
})

/** Points to an object of any namespace. */
export const objectReference: ObjectSchema = object('ObjectReference', 'Points to an object; another namespace must grant it.', {
  group: required(group, 'API group; the empty string is the core group.'),
  kind: required(kind, 'Kind of the object.'),
  name: required(objectName, 'Name of the object.'),
  namespace: optional(namespaceName, 'Namespace of the object; the own one when left out.'),
})

/** Points to a Secret or to what an implementation takes instead. */
export const secretObjectReference: ObjectSchema = object('SecretObjectReference', 'Points to a Secret; another namespace must grant it.', {
  group: optional(group, 'API group; the empty string is the core group.', { default: '' }),
  kind: optional(kind, 'Kind of the object.', { default: 'Secret' }),
  name: required(objectName, 'Name of the Secret.'),
  namespace: optional(namespaceName, 'Namespace of the Secret; the own one when left out.'),
})

/** The fields of a reference to a backend, for objects that add more to it. */
export const backendReferenceFields: Readonly<Record<string, Field>> = {
  group: optional(group, 'API group; the empty string is the core group.', { default: '' }),
  kind: optional(kind, 'Kind of the backend.', { default: 'Service' }),
  name: required(objectName, 'Name of the backend.'),
  namespace: optional(namespaceName, 'Namespace of the backend; the own one when left out, another one must grant it.'),
  port: optional(portNumber, 'Port of the Service, not of its pods; needed for a Service.'),
}

/** What every reference to a backend must keep. */
export const backendReferenceRules: readonly Rule[] = [
  rule<BackendObjectReference>(
    'service-backend-has-port',
    "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
    'Must have port for Service reference',
    (ref) => !(ref.group === '' && ref.kind === 'Service') || ref.port !== undefined,
  ),
  rule<BackendObjectReference>(
    'xbackend-has-no-port',
    "(self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend') ? !has(self.port) : true",
    'Must not have port for Backend reference',
    (ref) => !(ref.group === 'gateway.networking.x-k8s.io' && ref.kind === 'XBackend') || ref.port === undefined,
    { channel: 'experimental' },
  ),
]

/** Points to a backend. */
export const backendObjectReference: ObjectSchema = object(
  'BackendObjectReference',
  'Points to a backend that requests go to.',
  backendReferenceFields,
  { rules: backendReferenceRules },
)
