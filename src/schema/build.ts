/** Words to write schemas with. Each returns plain data of `schema.ts`. */
import { sameJson } from './json.js'
import type {
  ArraySchema,
  BooleanSchema,
  Field,
  IntegerSchema,
  IntOrStringSchema,
  MapSchema,
  ObjectSchema,
  Rule,
  Schema,
  StringSchema,
  UnknownSchema,
} from './schema.js'

/** A named object. */
export function object(
  name: string,
  description: string,
  fields: Readonly<Record<string, Field>>,
  options: Omit<ObjectSchema, 'type' | 'name' | 'description' | 'fields'> = {},
): ObjectSchema {
  return { type: 'object', name, description, fields, ...options }
}

/** A field that must be there. */
export function required(schema: Schema, description: string, options: Pick<Field, 'channel' | 'absentInOlderVersions'> = {}): Field {
  return { schema, description, required: true, ...options }
}

/** A field that may be left out; with a `default` it is there anyway. */
export function optional(schema: Schema, description: string, options: Pick<Field, 'channel' | 'default'> = {}): Field {
  return { schema, description, ...options }
}

/** A string. */
export function string(options: Omit<StringSchema, 'type'> = {}): StringSchema {
  return { type: 'string', ...options }
}

/** One of a few words. */
export function oneOf(values: readonly string[], options: Pick<StringSchema, 'name' | 'experimentalEnum'> = {}): StringSchema {
  return { type: 'string', enum: values, ...options }
}

/** A whole number without a format. */
export function integer(options: Omit<IntegerSchema, 'type'> = {}): IntegerSchema {
  return { type: 'integer', ...options }
}

/** A whole number of 32 bits. */
export function int32(options: Omit<IntegerSchema, 'type' | 'format'> = {}): IntegerSchema {
  return { type: 'integer', format: 'int32', ...options }
}

/** A whole number of 64 bits. */
export function int64(options: Omit<IntegerSchema, 'type' | 'format'> = {}): IntegerSchema {
  return { type: 'integer', format: 'int64', ...options }
}

/** True or false. */
export function boolean(): BooleanSchema {
  return { type: 'boolean' }
}

/** A number or a name. */
export function intOrString(): IntOrStringSchema {
  return { type: 'intOrString' }
}

/** Anything, kept as it is. */
export function unknown(): UnknownSchema {
  return { type: 'unknown' }
}

/** A list that server-side apply replaces as a whole. */
export function list(items: Schema, options: Omit<ArraySchema, 'type' | 'items' | 'listType' | 'listMapKeys'> = {}): ArraySchema {
  return { type: 'array', items, listType: 'atomic', ...options }
}

/** A list without equal items. */
export function setOf(items: Schema, options: Omit<ArraySchema, 'type' | 'items' | 'listType' | 'listMapKeys'> = {}): ArraySchema {
  return { type: 'array', items, listType: 'set', ...options }
}

/** A list whose items are told apart by the named fields. */
export function listBy(
  keys: readonly string[],
  items: ObjectSchema,
  options: Omit<ArraySchema, 'type' | 'items' | 'listType' | 'listMapKeys'> = {},
): ArraySchema {
  return { type: 'array', items, listType: 'map', listMapKeys: keys, ...options }
}

/** An object with free keys. */
export function mapOf(values: Schema, options: Omit<MapSchema, 'type' | 'values'> = {}): MapSchema {
  return { type: 'map', values, ...options }
}

/** The same schema with more rules. */
export function withRules<S extends Schema>(schema: S, ...rules: readonly Rule[]): S {
  return { ...schema, rules: [...(schema.rules ?? []), ...rules] }
}

/**
 * A rule: its id, the CEL text of the CRD, the message of a refusal and the function that decides the same.
 *
 * @param check sees defaulted values of the right type; answers false where CEL would end in an error
 */
export function rule<Self>(
  id: string,
  cel: string,
  message: string,
  check: (self: Self, oldSelf: Self) => boolean,
  options: Pick<Rule, 'channel' | 'reason'> = {},
): Rule {
  return { id, rule: cel, message, check, ...options }
}

/** A rule that no CRD has, because the API server checks it by code of its own. */
export function check<Self>(id: string, message: string, holds: (self: Self) => boolean): Rule {
  return { id, message, check: holds }
}

/** A rule that forbids changes: the value of an update must equal the one before. */
export function immutable(id: string, message: string): Rule {
  return { id, rule: 'self == oldSelf', message, check: sameJson }
}
