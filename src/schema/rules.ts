/** Checks the rules of a schema on a value of the right type. */
import type { FieldError } from './field-error.js'
import type { FieldPath } from './field-path.js'
import { isJsonObject, type JsonValue } from './json.js'
import { type ArraySchema, isTransitionRule, type Schema } from './schema.js'

/**
 * Adds an error for each rule that the value breaks, from the outside in.
 *
 * @param old the value before an update; transition rules are checked only where it is known
 */
export function checkRules(schema: Schema, value: JsonValue, old: JsonValue | undefined, path: FieldPath, errors: FieldError[]): void {
  for (const rule of schema.rules ?? []) {
    if (isTransitionRule(rule) && old === undefined) continue
    // The schema says what type the rule's own function takes, and the value was checked against it.
    if (!rule.check(value as never, old as never)) {
      errors.push({ code: 'rule', rule: rule.id, path, message: `Invalid value: ${rule.message}` })
    }
  }
  if (schema.type === 'object' && isJsonObject(value)) {
    const before = isJsonObject(old) ? old : {}
    for (const [name, field] of Object.entries(schema.fields)) {
      const child = value[name]
      if (child !== undefined) checkRules(field.schema, child, before[name], [...path, name], errors)
    }
  } else if (schema.type === 'map' && isJsonObject(value)) {
    const before = isJsonObject(old) ? old : {}
    for (const [key, child] of Object.entries(value))
      checkRules(schema.values, child, Object.hasOwn(before, key) ? before[key] : undefined, [...path, key], errors)
  } else if (schema.type === 'array' && Array.isArray(value)) {
    for (const [index, child] of value.entries()) {
      checkRules(schema.items, child, itemBefore(schema, child, old), [...path, index], errors)
    }
  }
}

/** The item with the same keys; items of other lists cannot be told apart over time. */
function itemBefore(list: ArraySchema, item: JsonValue, old: JsonValue | undefined): JsonValue | undefined {
  const keys = list.listType === 'map' ? list.listMapKeys : undefined
  if (keys === undefined || !Array.isArray(old) || !isJsonObject(item)) return undefined
  return old.find((each) => isJsonObject(each) && keys.every((key) => each[key] === item[key]))
}

/** True if the schema or any part of it has rules. */
export function hasRules(schema: Schema): boolean {
  if ((schema.rules ?? []).length > 0) return true
  if (schema.type === 'object') return Object.values(schema.fields).some((field) => hasRules(field.schema))
  if (schema.type === 'array') return hasRules(schema.items)
  return schema.type === 'map' && hasRules(schema.values)
}
