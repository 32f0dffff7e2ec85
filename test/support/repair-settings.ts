/** Makes settings that break rules of their schema into some that keep them, by leaving out what is complained about. */
import type { FieldError } from '../../src/schema/field-error.js'
import type { FieldPath } from '../../src/schema/field-path.js'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/schema/json.js'
import type { ObjectSchema } from '../../src/schema/schema.js'
import type { Validator } from '../../src/schema/validate.js'

const MOST_REPAIRS = 40

/** What is left of the settings when it keeps all rules; undefined when nothing is. */
export function repairSettings(validate: Validator, schema: ObjectSchema, settings: JsonObject): JsonObject | undefined {
  let value: JsonValue | undefined = settings
  for (let repairs = 0; repairs < MOST_REPAIRS && isJsonObject(value); repairs++) {
    const [error] = validate(schema, value).errors
    if (error === undefined) return value
    value = without(value, culprit(value, error))
  }
  return undefined
}

/** Where something has to go for the error to go. */
function culprit(root: JsonObject, { code, path, message }: FieldError): FieldPath {
  if (code === 'required') return path.slice(0, -1)
  const at = path.reduce<JsonValue | undefined>((value, step) => memberOf(value, step), root)
  // A rule of an object is mostly about what its members are to each other: the last one that it names goes.
  const named = code === 'rule' && isJsonObject(at) ? Object.keys(at).filter((key) => new RegExp(`\\b${key}\\b`).test(message)) : []
  return [...path, ...named.slice(-1)]
}

function memberOf(value: JsonValue | undefined, step: string | number): JsonValue | undefined {
  if (Array.isArray(value)) return value[Number(step)]
  return isJsonObject(value) ? value[step] : undefined
}

/** The value without what stands at the path; undefined when that is all of it. */
function without(value: JsonValue, [step, ...more]: FieldPath): JsonValue | undefined {
  if (step === undefined) return undefined
  const member = memberOf(value, step)
  const left = member === undefined ? undefined : without(member, more)
  if (Array.isArray(value)) return value.flatMap((each, at) => (at !== step ? [each] : left === undefined ? [] : [left]))
  if (!isJsonObject(value)) return undefined
  const { [step]: _, ...others } = value
  return left === undefined ? others : { ...others, [step]: left }
}
