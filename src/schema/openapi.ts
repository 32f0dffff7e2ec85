/** Writes schemas as the structural OpenAPI v3 schemas of a CustomResourceDefinition. */

import { compareText } from '../util/compare-text.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'
import type { Channel, Field, ObjectSchema, Rule, Schema } from './schema.js'

/** What is written. */
export interface OpenApiOptions {
  /** Leaves out what only the other channel has; undefined writes everything. */
  readonly channel?: Channel
}

/** The schema of a version of a kind: `spec`, `status` and what every object has. */
export function kindToOpenApi(schema: ObjectSchema, options: OpenApiOptions = {}): JsonObject {
  const own = objectToOpenApi(schema, options)
  return {
    ...own,
    properties: {
      apiVersion: { description: 'Group and version of the API that the object is written in.', type: 'string' },
      kind: { description: 'The kind of the object.', type: 'string' },
      metadata: { type: 'object' },
      ...(isJsonObject(own.properties) ? own.properties : {}),
    },
  }
}

/** One schema, without the description that its field gives it. */
function toOpenApi(schema: Schema, options: OpenApiOptions = {}): JsonObject {
  switch (schema.type) {
    case 'object':
      return objectToOpenApi(schema, options)
    case 'map':
      return {
        type: 'object',
        additionalProperties: toOpenApi(schema.values, options),
        ...present({ minProperties: schema.minProperties, maxProperties: schema.maxProperties }),
        ...validations(schema, options),
      }
    case 'array':
      return {
        type: 'array',
        items: toOpenApi(schema.items, options),
        ...present({ minItems: schema.minItems, maxItems: schema.maxItems }),
        ...present({ 'x-kubernetes-list-type': schema.listType, 'x-kubernetes-list-map-keys': schema.listMapKeys }),
        ...validations(schema, options),
      }
    case 'string': {
      const words = options.channel === 'standard' ? schema.enum?.filter((word) => !schema.experimentalEnum?.includes(word)) : schema.enum
      return {
        type: 'string',
        ...present({ enum: words, format: schema.format }),
        ...present({ pattern: isIn(schema.patternChannel, options) ? schema.pattern : undefined }),
        ...present({ minLength: schema.minLength, maxLength: schema.maxLength }),
        ...validations(schema, options),
      }
    }
    case 'integer':
      return {
        type: 'integer',
        ...present({ enum: schema.enum, format: schema.format, minimum: schema.minimum, maximum: schema.maximum }),
        ...validations(schema, options),
      }
    case 'boolean':
      return { type: 'boolean', ...validations(schema, options) }
    case 'intOrString':
      return { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], ...validations(schema, options) }
    case 'unknown':
      return { 'x-kubernetes-preserve-unknown-fields': true, ...validations(schema, options) }
  }
}

function objectToOpenApi(schema: ObjectSchema, options: OpenApiOptions): JsonObject {
  const fields = Object.entries(schema.fields)
    .filter(([, field]) => isIn(field.channel, options))
    .sort(([a], [b]) => compareText(a, b))
  const required = fields.flatMap(([name, field]) => (field.required === true ? [name] : []))
  return {
    description: schema.description,
    type: 'object',
    properties: Object.fromEntries(fields.map(([name, field]) => [name, fieldToOpenApi(field, options)])),
    ...(required.length === 0 ? {} : { required }),
    ...present({ minProperties: schema.minProperties, oneOf: schema.oneOf?.alternatives, 'x-kubernetes-map-type': schema.mapType }),
    ...validations(schema, options),
  }
}

function fieldToOpenApi(field: Field, options: OpenApiOptions): JsonObject {
  return { ...toOpenApi(field.schema, options), description: field.description, ...present({ default: field.default }) }
}

function validations(schema: { readonly rules?: readonly Rule[] }, options: OpenApiOptions): JsonObject {
  const rules = (schema.rules ?? []).flatMap((each) =>
    each.rule !== undefined && isIn(each.channel, options) ? [{ ...each, rule: each.rule }] : [],
  )
  if (rules.length === 0) return {}
  return {
    'x-kubernetes-validations': rules.map((each) => ({ rule: each.rule, message: each.message, ...present({ reason: each.reason }) })),
  }
}

function isIn(channel: Channel | undefined, options: OpenApiOptions): boolean {
  return channel === undefined || options.channel === undefined || channel === options.channel
}

function present(values: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const there: Record<string, JsonValue> = {}
  for (const [key, value] of Object.entries(values)) if (value !== undefined) there[key] = value
  return there
}
