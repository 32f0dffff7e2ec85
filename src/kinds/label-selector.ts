/** Selection of objects by their labels. Source: `metav1.LabelSelector`. */
import { list, mapOf, object, optional, required, string } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'

const requirement: ObjectSchema = object('LabelSelectorRequirement', 'One condition on one label.', {
  key: required(string(), 'The label.'),
  operator: required(string(), 'How the label relates to the values: `In`, `NotIn`, `Exists` or `DoesNotExist`.'),
  values: optional(list(string()), 'The values; empty for `Exists` and `DoesNotExist`.'),
})

/** Selects objects that meet all of its parts; an empty selector selects everything. */
export const labelSelector: ObjectSchema = object(
  'LabelSelector',
  'Selects objects that meet all of its parts; an empty selector selects everything.',
  {
    matchLabels: optional(mapOf(string()), 'Labels that must be there with exactly these values.'),
    matchExpressions: optional(list(requirement), 'Further conditions on labels.'),
  },
  { mapType: 'atomic' },
)
