/** Writes the reference pages of kinds: every field with its type, its bounds and what it means. */
import { type KindDefinition, preferredApiVersion } from './kind.js'
import type { ArraySchema, Field, IntegerSchema, ObjectSchema, Schema, StringSchema } from './schema.js'

/** A section in Markdown for a kind and every object in it; headings start at the given level. */
export function kindReference(kind: KindDefinition, level: number): string {
  const objects = new Map<string, ObjectSchema>()
  collect(kind.schema, objects)
  objects.delete(kind.schema.name)
  const heading = '#'.repeat(level)
  return [
    `${heading} ${kind.kind}`,
    '',
    kind.schema.description,
    '',
    `\`apiVersion: ${preferredApiVersion(kind)}\`, \`kind: ${kind.kind}\`, ${kind.namespaced ? 'in a namespace' : 'for the whole cluster'}.`,
    '',
    fieldTable(kind.schema),
    ...[...objects.values()].flatMap((each) => [`${heading}# ${each.name}`, '', each.description, '', ...ruleList(each), fieldTable(each)]),
  ].join('\n')
}

function collect(schema: Schema, objects: Map<string, ObjectSchema>): void {
  if (schema.type === 'array') collect(schema.items, objects)
  if (schema.type === 'map') collect(schema.values, objects)
  if (schema.type !== 'object' || objects.has(schema.name)) return
  objects.set(schema.name, schema)
  for (const field of Object.values(schema.fields)) collect(field.schema, objects)
}

function fieldTable(schema: ObjectSchema): string {
  const rows = Object.entries(schema.fields).map(
    ([name, field]) => `| \`${name}\` | ${typeName(field.schema)} | ${cell([field.description, ...bounds(field)].join(' '))} |`,
  )
  return rows.length === 0 ? '' : ['| Field | Type | Meaning |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function ruleList(schema: ObjectSchema): readonly string[] {
  const rules = schema.rules ?? []
  return rules.length === 0 ? [] : [...rules.map((rule) => `- ${upperFirst(rule.message)}.`), '']
}

function typeName(schema: Schema): string {
  switch (schema.type) {
    case 'object':
      return `[${schema.name}](#${schema.name.toLowerCase()})`
    case 'array':
      return `list of ${typeName(schema.items)}`
    case 'map':
      return `map of ${typeName(schema.values)}`
    case 'string':
      return schema.enum === undefined ? 'string' : 'word'
    case 'integer':
      return 'integer'
    case 'boolean':
      return 'boolean'
    case 'intOrString':
      return 'integer or string'
    case 'unknown':
      return 'anything'
  }
}

/** What a value of the field must keep, as short sentences. */
function bounds(field: Field): readonly string[] {
  const sentences = [...schemaBounds(field.schema), ...(field.schema.type === 'object' ? [] : rulesOf(field.schema))]
  if (field.required === true) sentences.unshift('Required.')
  if (field.default !== undefined) sentences.push(`Default: \`${JSON.stringify(field.default)}\`.`)
  return sentences
}

function rulesOf(schema: Schema): readonly string[] {
  return (schema.rules ?? []).map((rule) => `${upperFirst(rule.message)}.`)
}

function schemaBounds(schema: Schema): readonly string[] {
  switch (schema.type) {
    case 'string':
      return stringBounds(schema)
    case 'integer':
      return integerBounds(schema)
    case 'array':
      return arrayBounds(schema)
    case 'map':
      return [...range('entries', schema.minProperties, schema.maxProperties), ...schemaBounds(schema.values)]
    default:
      return []
  }
}

function stringBounds(schema: StringSchema): readonly string[] {
  if (schema.enum !== undefined) return [`One of ${schema.enum.map((word) => `\`${word}\``).join(', ')}.`]
  const matches = schema.pattern === undefined ? [] : [`Matches \`${schema.pattern}\`.`]
  return [...range('characters', schema.minLength, schema.maxLength), ...matches]
}

function integerBounds(schema: IntegerSchema): readonly string[] {
  if (schema.enum !== undefined) return [`One of ${schema.enum.join(', ')}.`]
  return range('', schema.minimum, schema.maximum)
}

function arrayBounds(schema: ArraySchema): readonly string[] {
  const keys = schema.listType === 'map' ? [`Told apart by ${(schema.listMapKeys ?? []).map((key) => `\`${key}\``).join(' and ')}.`] : []
  const distinct = schema.listType === 'set' ? ['No entry twice.'] : []
  return [...range('entries', schema.minItems, schema.maxItems), ...keys, ...distinct, ...schemaBounds(schema.items)]
}

function range(unit: string, least: number | undefined, most: number | undefined): readonly string[] {
  const what = unit === '' ? '' : ` ${unit}`
  if (least !== undefined && most !== undefined) return [`${least} to ${most}${what}.`]
  if (least !== undefined) return [`At least ${least}${what}.`]
  return most === undefined ? [] : [`At most ${most}${what}.`]
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
