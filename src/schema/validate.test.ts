import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { arbitraryObject } from '../../test/support/arbitrary-object.js'
import { patience } from '../../test/support/patience.js'
import { spoiled } from '../../test/support/spoil.js'
import { KINDS } from '../kinds/index.js'
import {
  boolean,
  immutable,
  int32,
  int64,
  integer,
  intOrString,
  list,
  listBy,
  mapOf,
  object,
  oneOf,
  optional,
  required,
  rule,
  setOf,
  string,
  unknown,
} from './build.js'
import { formatFieldError } from './field-error.js'
import type { JsonObject, JsonValue } from './json.js'
import type { ObjectSchema, Schema } from './schema.js'
import { createValidator } from './validate.js'

const validate = createValidator()
const item = object('Item', 'An item.', {
  name: required(string({ minLength: 1 }), 'Its name.'),
  size: optional(int32(), 'Its size.', { default: 1 }),
})

function only(schema: Schema): ObjectSchema {
  return object('Root', 'Holds one value.', { value: required(schema, 'The value.') })
}

function errors(schema: ObjectSchema, value: JsonObject, old?: JsonObject): readonly string[] {
  return validate(schema, value, old === undefined ? {} : { old }).errors.map(formatFieldError)
}

describe('a value is refused', () => {
  it.each<{ schema: Schema; value: JsonValue; error: string }>([
    { schema: string(), value: 1, error: 'value: Invalid value: 1: must be of type string' },
    { schema: string(), value: null, error: 'value: Required value' },
    { schema: list(string()), value: [null], error: 'value[0]: Invalid value: null: must be of type string' },
    { schema: oneOf(['A', 'B']), value: 'a', error: 'value: Unsupported value: "a": supported values: "A", "B"' },
    { schema: string({ minLength: 1 }), value: '', error: 'value: Invalid value: "": should be at least 1 chars long' },
    { schema: string({ maxLength: 2 }), value: 'abc', error: 'value: Too long: may not be more than 2 characters' },
    { schema: string({ pattern: '^a$' }), value: 'b', error: 'value: Invalid value: "b": should match \'^a$\'' },
    { schema: string({ format: 'date-time' }), value: 'today', error: 'value: Invalid value: "today": must be of type date-time' },
    { schema: string({ format: 'byte' }), value: 'no base64!', error: 'value: Invalid value: "no base64!": must be of type byte' },
    { schema: integer(), value: 1.5, error: 'value: Invalid value: 1.5: must be of type integer' },
    { schema: integer(), value: '1', error: 'value: Invalid value: "1": must be of type integer' },
    { schema: int64(), value: 2 ** 60, error: 'value: Invalid value: 1152921504606847000: must be of type int64' },
    { schema: int32(), value: 2 ** 31, error: 'value: Invalid value: 2147483648: must be of type int32' },
    { schema: int32({ minimum: 1 }), value: 0, error: 'value: Invalid value: 0: should be greater than or equal to 1' },
    { schema: int32({ maximum: 9 }), value: 10, error: 'value: Invalid value: 10: should be less than or equal to 9' },
    { schema: integer({ enum: [301, 302] }), value: 300, error: 'value: Unsupported value: 300: supported values: 301, 302' },
    { schema: boolean(), value: 'true', error: 'value: Invalid value: "true": must be of type boolean' },
    { schema: intOrString(), value: true, error: 'value: Invalid value: true: must be of type integer or string' },
    { schema: item, value: [], error: 'value: Invalid value: []: must be of type object' },
    { schema: item, value: {}, error: 'value.name: Required value' },
    { schema: list(item), value: {}, error: 'value: Invalid value: {}: must be of type array' },
    { schema: list(item, { minItems: 1 }), value: [], error: 'value: Invalid value: 0: should have at least 1 items' },
    { schema: list(string(), { maxItems: 1 }), value: ['a', 'b'], error: 'value: Too many: 2: must have at most 1 items' },
    {
      schema: list(item),
      value: [{ name: 'a' }, { name: '' }],
      error: 'value[1].name: Invalid value: "": should be at least 1 chars long',
    },
    { schema: setOf(string()), value: ['a', 'b', 'a'], error: 'value[2]: Duplicate value: "a"' },
    { schema: listBy(['name'], item), value: [{ name: 'a' }, { name: 'a', size: 2 }], error: 'value[1]: Duplicate value: {"name":"a"}' },
    {
      schema: listBy(['name', 'size'], item),
      value: [{ name: 'a' }, { name: 'a', size: 1 }],
      error: 'value[1]: Duplicate value: {"name":"a","size":1}',
    },
    { schema: mapOf(string(), { maxProperties: 1 }), value: { a: '', b: '' }, error: 'value: Too many: 2: must have at most 1 items' },
    { schema: mapOf(string(), { minProperties: 1 }), value: {}, error: 'value: Invalid value: 0: should have at least 1 properties' },
    { schema: mapOf(int32()), value: { 'a.b/c': 'x' }, error: 'value[a.b/c]: Invalid value: "x": must be of type integer' },
  ])('$error', ({ schema, value, error }) => {
    expect(errors(only(schema), { value })).toEqual([error])
  })

  it('lengths count code points', () => {
    expect(errors(only(string({ maxLength: 2, minLength: 2 })), { value: '😀😀' })).toEqual([])
  })

  it('a long value is cut in the message', () => {
    const [error] = errors(only(integer()), { value: 'x'.repeat(10_000) })
    expect(error?.length).toBeLessThan(200)
  })

  it('time does not explode where a pattern would make a backtracking engine stop', () => {
    const start = performance.now()
    const schema = only(string({ pattern: '^[!-~]+([\\t ]?[!-~]+)*$', matchInLinearTime: true }))
    expect(errors(schema, { value: `${'a'.repeat(4_000)}\n` })).toHaveLength(1)
    expect(performance.now() - start).toBeLessThan(patience(1_000))
  })
})

describe('defaults', () => {
  const schema = object('Root', 'A root.', {
    items: optional(list(item), 'Items.', { default: [{ name: 'first' }] }),
    inner: optional(item, 'An inner object.'),
  })

  it('come with their own defaults, and only where their object is', () => {
    expect(validate(schema, {}).value).toEqual({ items: [{ name: 'first', size: 1 }] })
    expect(validate(schema, { items: [], inner: { name: 'a' } }).value).toEqual({ items: [], inner: { name: 'a', size: 1 } })
  })

  it('stand in for null, which is nothing everywhere else', () => {
    expect(validate(schema, { items: null, inner: null }).value).toEqual({ items: [{ name: 'first', size: 1 }] })
    expect(validate(only(mapOf(string())), { value: { a: null, b: '' } })).toMatchObject({ value: { value: { b: '' } }, errors: [] })
  })

  it('filling them in twice is filling them in once, for every kind', () => {
    for (const kind of KINDS) {
      fc.assert(
        fc.property(arbitraryObject(kind.schema), (value) => {
          const once = validate(kind.schema, value).value
          expect(validate(kind.schema, once).value).toEqual(once)
        }),
        { numRuns: 20 },
      )
    }
  })
})

describe('unknown fields', () => {
  const schema = object(
    'Root',
    'A root.',
    { items: optional(list(item), 'Items.'), free: optional(unknown(), 'Free.') },
    { ignored: ['other'] },
  )

  it('are dropped, and named once each', () => {
    const { value, warnings } = validate(schema, { itmes: [], items: [{ name: 'a', colour: 'red' }], other: 1, free: { any: [1] } })
    expect(value).toEqual({ items: [{ name: 'a', size: 1 }], free: { any: [1] } })
    expect(warnings.map((warning) => warning.message)).toEqual(['unknown field "items[0].colour"', 'unknown field "itmes"'])
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a field like any other', (name) => {
    const input: JsonObject = JSON.parse(`{"${name}": {"polluted": true}, "items": [{"name": "a", "${name}": 1}]}`)
    const { value, warnings, errors: found } = validate(schema, input)
    expect(found).toEqual([])
    expect(warnings).toHaveLength(2)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(['items'])
    expect('polluted' in {}).toBe(false)
  })

  it('the names of inherited properties are no values of a field', () => {
    const odd = object('Root', 'A root.', { toString: optional(string(), 'A field of this name.') })
    expect(validate(odd, {})).toEqual({ value: {}, errors: [], warnings: [] })
  })
})

describe('rules', () => {
  const ruled = object(
    'Ruled',
    'A ruled object.',
    { low: required(int32(), 'Low.'), high: required(int32(), 'High.') },
    {
      rules: [
        rule<{ low: number; high: number }>(
          'order',
          'self.low <= self.high',
          'low must not be above high',
          (self) => self.low <= self.high,
        ),
      ],
    },
  )

  it('are checked with the place of the object', () => {
    expect(
      validate(only(list(ruled)), {
        value: [
          { low: 1, high: 1 },
          { low: 2, high: 1 },
        ],
      }).errors,
    ).toEqual([{ code: 'rule', rule: 'order', path: ['value', 1], message: 'Invalid value: low must not be above high' }])
  })

  it('see values of the right type only; the refusal says that they were not checked', () => {
    expect(errors(only(ruled), { value: { low: 'x' } })).toEqual([
      'value.low: Invalid value: "x": must be of type integer',
      'value.high: Required value',
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ])
  })

  it('are checked beside errors that leave types alone', () => {
    const schema = object('Root', 'A root.', { ruled: required(ruled, 'Ruled.'), name: required(string({ pattern: '^a$' }), 'A name.') })
    expect(errors(schema, { ruled: { low: 2, high: 1 }, name: 'b' })).toHaveLength(2)
  })

  describe('about changes', () => {
    const fixed = object('Fixed', 'Fixed.', {
      key: required(string(), 'Its key.'),
      value: required(mapOf(string(), { rules: [immutable('fixed', 'field is immutable')] }), 'Its value.'),
    })
    const schema = object('Root', 'A root.', { byKey: required(listBy(['key'], fixed), 'By key.'), plain: optional(list(fixed), 'Plain.') })
    const before = { byKey: [{ key: 'a', value: { x: '1', y: '2' } }], plain: [{ key: 'a', value: { x: '1' } }] }

    it('do not count when an object is new', () => expect(errors(schema, before)).toEqual([]))

    it('take equal content for equal, in any order', () => {
      expect(errors(schema, { byKey: [{ key: 'a', value: { y: '2', x: '1' } }] }, before)).toEqual([])
    })

    it('follow items of a list by their keys', () => {
      const after = {
        byKey: [
          { key: 'new', value: {} },
          { key: 'a', value: { x: '3' } },
        ],
      }
      expect(errors(schema, after, before)).toEqual(['byKey[1].value: Invalid value: field is immutable'])
    })

    it('do not follow items of lists without keys', () => {
      expect(errors(schema, { byKey: [], plain: [{ key: 'a', value: { x: '9' } }] }, before)).toEqual([])
    })
  })
})

it('never throws, and never touches its input, whatever it gets', () => {
  for (const kind of KINDS) {
    fc.assert(
      fc.property(spoiled(arbitraryObject(kind.schema), 3), (input) => {
        const value: JsonObject = JSON.parse(JSON.stringify(input))
        const copy = structuredClone(value)
        validate(kind.schema, value)
        expect(value).toEqual(copy)
      }),
    )
  }
})
