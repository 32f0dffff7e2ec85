/**
 * Conditions of a status, and the ones that the API server fills in before a controller came by.
 *
 * Source: `metav1.Condition`; defaults of Gateway API v1.7.0.
 */
import { int64, listBy, object, oneOf, optional, required, string } from '../schema/build.js'
import type { JsonObject } from '../schema/json.js'
import type { ArraySchema, ObjectSchema } from '../schema/schema.js'

/** One condition of a status. */
export const condition: ObjectSchema = object('Condition', 'What is currently true about an object, and since when.', {
  type: required(
    string({
      maxLength: 316,
      pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
    }),
    'What the condition is about.',
  ),
  status: required(oneOf(['True', 'False', 'Unknown'], { name: 'ConditionStatus' }), 'Whether it holds.'),
  observedGeneration: optional(int64({ minimum: 0 }), 'The generation of the object that this is said of.'),
  lastTransitionTime: required(string({ format: 'date-time' }), 'When `status` changed last.'),
  reason: required(
    string({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' }),
    'Why, in one word for programs.',
  ),
  message: required(string({ maxLength: 32768 }), 'Why, in a sentence for people.'),
})

/** A list of conditions, one per type. */
export function conditions(options: { readonly minItems?: number; readonly maxItems?: number } = { maxItems: 8 }): ArraySchema {
  return listBy(['type'], condition, options)
}

/** The condition that stands until a controller has looked at the object. */
export function pendingCondition(type: string): JsonObject {
  return {
    type,
    status: 'Unknown',
    reason: 'Pending',
    message: 'Waiting for controller',
    lastTransitionTime: '1970-01-01T00:00:00Z',
  }
}
