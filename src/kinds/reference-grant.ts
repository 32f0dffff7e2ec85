/** ReferenceGrant. Source: Gateway API v1.7.0, `apis/v1/referencegrant_types.go`. */
import { list, object, optional, required } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { group, kind, namespaceName, objectName } from './strings.js'

const from: ObjectSchema = object('ReferenceGrantFrom', 'Objects that may refer to this namespace.', {
  group: required(group, 'API group; the empty string is the core group.'),
  kind: required(kind, 'Kind of the referring objects.'),
  namespace: required(namespaceName, 'Namespace of the referring objects.'),
})

const to: ObjectSchema = object('ReferenceGrantTo', 'Objects of this namespace that may be referred to.', {
  group: required(group, 'API group; the empty string is the core group.'),
  kind: required(kind, 'Kind of the objects.'),
  name: optional(objectName, 'Name of one object; all of the kind when left out.'),
})

const spec: ObjectSchema = object('ReferenceGrantSpec', 'Who may refer to what.', {
  from: required(list(from, { minItems: 1, maxItems: 16 }), 'Who may refer; any entry is enough.'),
  to: required(list(to, { minItems: 1, maxItems: 16 }), 'What may be referred to; any entry is enough.'),
})

/** ReferenceGrant: lets objects of other namespaces refer to objects of this one. */
export const referenceGrant: KindDefinition = {
  kind: 'ReferenceGrant',
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1beta1'],
  storageVersion: 'v1beta1',
  plural: 'referencegrants',
  shortNames: ['refgrant'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: false,
  isOwn: false,
  schema: object('ReferenceGrant', 'Lets objects of other namespaces refer to objects of this one.', {
    spec: required(spec, 'Who may refer to what.'),
  }),
}
