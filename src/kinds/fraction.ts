/** A share of the requests. Source: Gateway API v1.7.0, `Fraction`. */
import type { Fraction } from '../gen/kinds.js'
import { int32, object, optional, required, rule } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'

/** A share of the requests. */
export const fraction: ObjectSchema = object(
  'Fraction',
  'A share of the requests.',
  {
    numerator: required(int32({ minimum: 0 }), 'How many.'),
    denominator: optional(int32({ minimum: 1 }), 'Out of how many.', { default: 100 }),
  },
  {
    rules: [
      rule<Fraction>(
        'fraction-at-most-one',
        'self.numerator <= self.denominator',
        'numerator must be less than or equal to denominator',
        (self) => self.numerator <= self.denominator,
      ),
    ],
  },
)
