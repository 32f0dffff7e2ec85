/** Writes the TypeScript types of kinds: what an object looks like after defaults were filled in. */
import type { KindDefinition } from './kind.js'
import type { Field, ObjectSchema, Schema, StringSchema } from './schema.js'

/**
 * The text of a declaration file with one type per kind, named object and named enum.
 *
 * @param objectMetaImport module that exports `ObjectMeta`
 * @throws Error if two different schemas have the same name
 */
export function typeDeclarations(kinds: readonly KindDefinition[], objectMetaImport: string): string {
  const declarations = new Map<string, string>()
  for (const kind of kinds) {
    declare(declarations, kind.kind, kindDeclaration(kind))
    for (const field of Object.values(kind.schema.fields)) collect(declarations, field.schema)
  }
  const names = [...declarations.keys()].sort()
  const byKind = kinds.map((kind) => `  readonly ${kind.kind}: ${kind.kind}`)
  return [
    '// Generated from src/kinds by scripts/generate-kinds.ts: do not edit.',
    `import type { ObjectMeta } from '${objectMetaImport}'`,
    '',
    ...names.map((name) => declarations.get(name) ?? ''),
    '/** The type of the objects of each kind. */',
    'export interface KindTypes {',
    ...byKind,
    '}',
    '',
    '/** The name of a kind that is read. */',
    'export type KindName = keyof KindTypes',
    '',
  ].join('\n')
}

function kindDeclaration(kind: KindDefinition): string {
  return [
    comment(kind.schema.description, ''),
    `export interface ${kind.kind} {`,
    '  readonly apiVersion: string',
    `  readonly kind: '${kind.kind}'`,
    '  readonly metadata: ObjectMeta',
    // A status is what a controller writes: readers never count on it, whatever the API server fills in.
    ...Object.entries(kind.schema.fields).map(([name, field]) => property(name, field, name !== 'status' && isAlwaysThere(field))),
    '}',
    '',
  ].join('\n')
}

function collect(declarations: Map<string, string>, schema: Schema): void {
  if (schema.type === 'array') collect(declarations, schema.items)
  if (schema.type === 'map') collect(declarations, schema.values)
  if (schema.type === 'string' && schema.name !== undefined) {
    declare(declarations, schema.name, `/** One of the words that the API knows here. */\nexport type ${schema.name} = ${union(schema)}\n`)
  }
  if (schema.type === 'object') {
    declare(declarations, schema.name, objectDeclaration(schema))
    for (const field of Object.values(schema.fields)) collect(declarations, field.schema)
  }
}

function declare(declarations: Map<string, string>, name: string, text: string): void {
  const known = declarations.get(name)
  if (known !== undefined && known !== text) throw new Error(`two different schemas have the name ${name}; rename one of them`)
  declarations.set(name, text)
}

function objectDeclaration(schema: ObjectSchema): string {
  const fields = Object.entries(schema.fields).map(([name, field]) => property(name, field, isAlwaysThere(field)))
  const head = comment(schema.description, '')
  if (fields.length === 0) return `${head}\nexport type ${schema.name} = Readonly<Record<string, never>>\n`
  return [head, `export interface ${schema.name} {`, ...fields, '}', ''].join('\n')
}

function property(name: string, field: Field, always: boolean): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
  return `${comment(field.description, '  ')}\n  readonly ${key}${always ? '' : '?'}: ${typeOf(field.schema)}`
}

function isAlwaysThere(field: Field): boolean {
  return (field.required === true && field.absentInOlderVersions !== true) || field.default !== undefined
}

function typeOf(schema: Schema): string {
  switch (schema.type) {
    case 'object':
      return schema.name
    case 'map':
      return `Readonly<Record<string, ${typeOf(schema.values)}>>`
    case 'array': {
      const items = typeOf(schema.items)
      return items.includes('|') ? `readonly (${items})[]` : `readonly ${items}[]`
    }
    case 'string':
      return schema.name ?? union(schema)
    case 'integer':
      return schema.enum === undefined ? 'number' : schema.enum.join(' | ')
    case 'boolean':
      return 'boolean'
    case 'intOrString':
      return 'number | string'
    case 'unknown':
      return 'unknown'
  }
}

function union(schema: StringSchema): string {
  return schema.enum === undefined ? 'string' : schema.enum.map((word) => `'${word}'`).join(' | ')
}

function comment(text: string, indent: string): string {
  return `${indent}/** ${text.replaceAll('*/', '*\\/')} */`
}
