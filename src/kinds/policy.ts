/**
 * What policies share: their targets and their status.
 *
 * Source: Gateway API v1.7.0, `apis/v1/policy_types.go` (GEP-713).
 */
import { list, object, optional, required } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { conditions } from './conditions.js'
import { parentReference } from './references.js'
import { controllerName, group, kind, objectName, sectionName } from './strings.js'

/** Points to what a policy is about, in its own namespace. */
export const localPolicyTargetReference: ObjectSchema = object(
  'LocalPolicyTargetReference',
  'Points to what a policy is about, in its own namespace.',
  {
    group: required(group, 'API group; the empty string is the core group.'),
    kind: required(kind, 'Kind of the target.'),
    name: required(objectName, 'Name of the target.'),
  },
)

/** Points to what a policy is about, or to a part of it. */
export const localPolicyTargetReferenceWithSectionName: ObjectSchema = object(
  'LocalPolicyTargetReferenceWithSectionName',
  'Points to what a policy is about, in its own namespace, or to a part of it.',
  {
    ...localPolicyTargetReference.fields,
    sectionName: optional(sectionName, 'Name of the part: a listener, a rule or a port; the whole object when left out.'),
  },
)

const ancestorStatus: ObjectSchema = object('PolicyAncestorStatus', 'What one controller says of a policy below one ancestor.', {
  ancestorRef: required(parentReference, 'The ancestor: mostly a Gateway.'),
  controllerName: required(controllerName, 'Who says it.'),
  conditions: required(conditions({ minItems: 1, maxItems: 8 }), 'What is true about the policy there.'),
})

/** The status of every policy. */
export const policyStatus: ObjectSchema = object('PolicyStatus', 'What controllers say of a policy.', {
  ancestors: required(list(ancestorStatus, { maxItems: 16 }), 'One entry per ancestor and controller.'),
})
