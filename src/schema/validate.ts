/**
 * Defaults, prunes and validates objects as the API server does it with the CRDs that our schemas describe.
 *
 * Order: unknown fields are dropped with a warning, defaults are filled in, values are checked, then rules, which see values of the
 * right type only. Source: Kubernetes, structural schemas of apiextensions.
 */
import { nearWord } from '../util/near-word.js'
import { blocksRules, type FieldError, type FieldWarning, hidden, quoted } from './field-error.js'
import { type FieldPath, formatFieldPath } from './field-path.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'
import { type PatternMatcher, patternMatcher } from './pattern.js'
import { checkRules, hasRules } from './rules.js'
import type { ArraySchema, IntegerSchema, MapSchema, ObjectSchema, Schema, StringSchema } from './schema.js'

/** Of a list or map that is too long, no more than this is looked at: it is refused anyway. */
const MAX_LOOKED_AT = 1_000

/** What became of a value. */
export interface Validation {
  /** The value with defaults and without unknown fields: well formed if there are no errors. */
  readonly value: JsonObject
  readonly errors: readonly FieldError[]
  readonly warnings: readonly FieldWarning[]
}

/** How a value is read. */
export interface ValidationOptions {
  /** The value before an update: transition rules compare with it. */
  readonly old?: JsonObject
  /** Whether messages leave out what stands in the value, for objects that hold secrets. */
  readonly hidesValues?: boolean
}

/** Validates values against schemas. */
export type Validator = (schema: ObjectSchema, value: JsonObject, options?: ValidationOptions) => Validation

/** A validator; it keeps the patterns that it has compiled. */
export function createValidator(): Validator {
  const matchers = new Map<StringSchema, PatternMatcher | undefined>()
  const matcherOf = (schema: StringSchema): PatternMatcher | undefined => {
    if (!matchers.has(schema)) matchers.set(schema, patternMatcher(schema))
    return matchers.get(schema)
  }
  return (schema, value, options = {}) => {
    const quote = options.hidesValues === true ? hidden : quoted
    const walk: Walk = { errors: [], warnings: [], matcherOf, quote }
    const result = readObject(schema, value, [], walk)
    if (!walk.errors.some(blocksRules)) checkRules(schema, result, options.old, [], walk.errors)
    else if (hasRules(schema)) walk.errors.push({ code: 'invalid', path: [], message: RULES_NOT_CHECKED })
    return { value: result, errors: walk.errors, warnings: walk.warnings }
  }
}

/** What the API server says where rules would have asked about what is of the wrong type: beside other errors, never alone. */
export const RULES_NOT_CHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

interface Walk {
  readonly errors: FieldError[]
  readonly warnings: FieldWarning[]
  matcherOf(schema: StringSchema): PatternMatcher | undefined
  /** A value as it stands in messages. */
  quote(value: JsonValue | undefined): string
}

function read(schema: Schema, value: JsonValue, path: FieldPath, walk: Walk): JsonValue {
  switch (schema.type) {
    case 'object':
      return isJsonObject(value) ? readObject(schema, value, path, walk) : wrongType('object', value, path, walk)
    case 'map':
      return isJsonObject(value) ? readMap(schema, value, path, walk) : wrongType('object', value, path, walk)
    case 'array':
      return Array.isArray(value) ? readArray(schema, value, path, walk) : wrongType('array', value, path, walk)
    case 'string':
      return typeof value === 'string' ? readString(schema, value, path, walk) : wrongType('string', value, path, walk)
    case 'integer':
      return Number.isInteger(value) && typeof value === 'number'
        ? readInteger(schema, value, path, walk)
        : wrongType('integer', value, path, walk)
    case 'boolean':
      return typeof value === 'boolean' ? value : wrongType('boolean', value, path, walk)
    case 'intOrString':
      return typeof value === 'string' || Number.isInteger(value) ? value : wrongType('integer or string', value, path, walk)
    case 'unknown':
      return value
  }
}

function readObject(schema: ObjectSchema, value: JsonObject, path: FieldPath, walk: Walk): JsonObject {
  const entries: [string, JsonValue][] = []
  for (const [name, field] of Object.entries(schema.fields)) {
    // Null is the same as nothing: no field of ours is nullable.
    const present = (Object.hasOwn(value, name) ? value[name] : undefined) ?? field.default
    if (present !== undefined) entries.push([name, read(field.schema, present, [...path, name], walk)])
    else if (field.required === true) walk.errors.push({ code: 'required', path: [...path, name], message: 'Required value' })
  }
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(schema.fields, name) || schema.ignored?.includes(name) === true) continue
    const at = [...path, name]
    const meant = nearWord(name, Object.keys(schema.fields))
    walk.warnings.push({
      path: at,
      message: `unknown field ${JSON.stringify(formatFieldPath(at))}`,
      ...(meant === undefined ? {} : { meant }),
    })
  }
  const result = Object.fromEntries(entries)
  if (schema.minProperties !== undefined && entries.length < schema.minProperties) {
    refuse(entries.length, `should have at least ${schema.minProperties} properties`, path, walk)
  }
  if (schema.oneOf !== undefined && !schema.oneOf.check(result as never)) {
    const { field, message } = schema.oneOf
    walk.errors.push({ code: 'type', path: [...path, field], message: `Invalid value: ${walk.quote(result[field])}: ${message}` })
  }
  return result
}

function readMap(schema: MapSchema, value: JsonObject, path: FieldPath, walk: Walk): JsonObject {
  const keys = Object.keys(value).filter((key) => value[key] !== null)
  if (schema.maxProperties !== undefined && keys.length > schema.maxProperties) {
    tooMany(keys.length, schema.maxProperties, path, walk)
  }
  if (schema.minProperties !== undefined && keys.length < schema.minProperties) {
    refuse(keys.length, `should have at least ${schema.minProperties} properties`, path, walk)
  }
  const looked = schema.maxProperties === undefined || keys.length <= schema.maxProperties ? keys : keys.slice(0, MAX_LOOKED_AT)
  return Object.fromEntries(looked.map((key) => [key, read(schema.values, value[key] ?? null, [...path, key], walk)]))
}

function readArray(schema: ArraySchema, value: readonly JsonValue[], path: FieldPath, walk: Walk): readonly JsonValue[] {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    tooMany(value.length, schema.maxItems, path, walk)
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    refuse(value.length, `should have at least ${schema.minItems} items`, path, walk)
  }
  const looked = schema.maxItems === undefined || value.length <= schema.maxItems ? value : value.slice(0, MAX_LOOKED_AT)
  const items = looked.map((item, index) => read(schema.items, item, [...path, index], walk))
  refuseDuplicates(schema, items, path, walk)
  return items
}

function refuseDuplicates(schema: ArraySchema, items: readonly JsonValue[], path: FieldPath, walk: Walk): void {
  const keyOf = identity(schema)
  if (keyOf === undefined) return
  const keys = items.map(keyOf)
  // With an item among them that is no object, the API server does not compare the rest either.
  if (schema.listType === 'map' && keys.includes(undefined)) return
  const counts = new Map<string, number>()
  for (const [index, key] of keys.entries()) {
    if (key === undefined) continue
    const text = JSON.stringify(key)
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    // The third of its kind is not worth another word.
    if (count === 2) walk.errors.push({ code: 'duplicate', path: [...path, index], message: `Duplicate value: ${walk.quote(key)}` })
  }
}

/** What tells items of a list apart; undefined where nothing does. Items of the wrong type have no identity. */
function identity(schema: ArraySchema): ((item: JsonValue) => JsonValue | undefined) | undefined {
  const keys = schema.listMapKeys
  if (schema.listType === 'set') return (item) => (isOfType(schema.items, item) ? item : undefined)
  if (schema.listType !== 'map' || keys === undefined) return undefined
  return (item) => (isJsonObject(item) ? Object.fromEntries(keys.map((key) => [key, item[key] ?? null])) : undefined)
}

/** Sets hold plain values only. */
function isOfType(schema: Schema, value: JsonValue): boolean {
  return schema.type === 'integer' ? typeof value === 'number' : typeof value === schema.type
}

function readString(schema: StringSchema, value: string, path: FieldPath, walk: Walk): string {
  const problem = stringProblem(schema, value, walk)
  if (problem !== undefined) walk.errors.push({ ...problem, path })
  return value
}

function stringProblem(schema: StringSchema, value: string, walk: Walk): Pick<FieldError, 'code' | 'message'> | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    const supported = schema.enum.map((word) => JSON.stringify(word)).join(', ')
    return { code: 'enum', message: `Unsupported value: ${walk.quote(value)}: supported values: ${supported}` }
  }
  // Counting code points costs a copy: only where the cheap bound does not decide.
  if (schema.maxLength !== undefined && value.length > schema.maxLength && codePoints(value) > schema.maxLength) {
    return { code: 'tooLong', message: `Too long: may not be more than ${schema.maxLength} characters` }
  }
  if (schema.minLength !== undefined && codePoints(value) < schema.minLength) {
    return { code: 'invalid', message: `Invalid value: ${walk.quote(value)}: should be at least ${schema.minLength} chars long` }
  }
  if (walk.matcherOf(schema)?.(value) === false) {
    return { code: 'invalid', message: `Invalid value: ${walk.quote(value)}: should match '${schema.pattern}'` }
  }
  if (schema.format !== undefined && !hasFormat(schema.format, value)) {
    return { code: 'type', message: `Invalid value: ${walk.quote(value)}: must be of type ${schema.format}` }
  }
  return undefined
}

function hasFormat(format: 'date-time' | 'byte', value: string): boolean {
  if (format === 'byte') return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value) && value.replace(/\s/g, '').length % 4 === 0
  return /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(value) && !Number.isNaN(Date.parse(value))
}

function readInteger(schema: IntegerSchema, value: number, path: FieldPath, walk: Walk): number {
  const problem = integerProblem(schema, value)
  if (problem !== undefined) walk.errors.push({ ...problem, path })
  return value
}

function integerProblem(schema: IntegerSchema, value: number): Pick<FieldError, 'code' | 'message'> | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return { code: 'enum', message: `Unsupported value: ${value}: supported values: ${schema.enum.join(', ')}` }
  }
  if (schema.minimum !== undefined && value < schema.minimum) {
    return { code: 'invalid', message: `Invalid value: ${value}: should be greater than or equal to ${schema.minimum}` }
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    return { code: 'invalid', message: `Invalid value: ${value}: should be less than or equal to ${schema.maximum}` }
  }
  // The API server takes any whole number of 64 bits where no format says 32.
  if (schema.format === 'int32' && !isInt32(value)) return { code: 'invalid', message: `Invalid value: ${value}: must be of type int32` }
  // Beyond these bounds numbers are not exact here.
  if (!Number.isSafeInteger(value))
    return { code: 'type', message: `Invalid value: ${value}: must be of type ${schema.format ?? 'integer'}` }
  return undefined
}

function isInt32(value: number): boolean {
  return value >= -(2 ** 31) && value < 2 ** 31
}

function codePoints(text: string): number {
  return [...text].length
}

function wrongType(wanted: string, value: JsonValue, path: FieldPath, walk: Walk): JsonValue {
  walk.errors.push({ code: 'type', path, message: `Invalid value: ${walk.quote(value)}: must be of type ${wanted}` })
  return value
}

function tooMany(count: number, most: number, path: FieldPath, walk: Walk): void {
  walk.errors.push({ code: 'tooMany', path, message: `Too many: ${count}: must have at most ${most} items` })
}

function refuse(value: JsonValue, what: string, path: FieldPath, walk: Walk): void {
  walk.errors.push({ code: 'invalid', path, message: `Invalid value: ${walk.quote(value)}: ${what}` })
}
