/** Texts that match, as our own kinds write them. */
import { object, oneOf, optional, required, string } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'

/** How a text is compared, and with what. */
export const stringMatch: ObjectSchema = object('StringMatch', 'Texts that match.', {
  type: optional(oneOf(['Exact', 'Prefix', 'Suffix', 'RegularExpression'], { name: 'StringMatchType' }), 'How to compare.', {
    default: 'Exact',
  }),
  value: required(string({ minLength: 1, maxLength: 1024 }), 'What to compare with; a regular expression (RE2) matches whole texts.'),
})
