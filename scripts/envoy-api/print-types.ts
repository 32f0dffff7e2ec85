/**
 * TypeScript for the messages: plain object types, members of a oneof exclude each other, enums are unions of numbers.
 *
 * Property names are those that protobufjs encodes: camelCase, except `type_url` of google.protobuf.Any.
 */
import protobuf from 'protobufjs'

const SCALARS: Readonly<Record<string, string>> = {
  double: 'number',
  float: 'number',
  int32: 'number',
  uint32: 'number',
  sint32: 'number',
  fixed32: 'number',
  sfixed32: 'number',
  int64: 'number',
  uint64: 'number',
  sint64: 'number',
  fixed64: 'number',
  sfixed64: 'number',
  bool: 'boolean',
  string: 'string',
  bytes: 'Uint8Array',
}

/** A declaration file: one namespace per package and a map from full message names to their types. */
export function printTypes(root: protobuf.Root): string {
  const lines = [
    '/** At most one of the members. */',
    'export type OneOf<T> = { readonly [K in keyof T]: { readonly [P in K]: T[P] } & { readonly [P in Exclude<keyof T, K>]?: never } }[keyof T] | { readonly [K in keyof T]?: never }',
  ]
  printNamespace(root, lines, 0)
  lines.push('/** Every message by its full name. */', 'export interface EnvoyMessages {')
  for (const type of messages(root)) lines.push(`  '${fullName(type)}': ${fullName(type)}`)
  return `${[...lines, '}'].join('\n')}\n`
}

/** A module with the numbers of every enum: `Enum['envoy.config.core.v3.ApiVersion'].V3`. */
export function printEnums(root: protobuf.Root): string {
  const lines = enums(root).map((found) => {
    const values = Object.entries(found.values).map(([name, number]) => `${name}: ${number}`)
    return `  '${fullName(found)}': { ${values.join(', ')} },`
  })
  return `/** The numbers of every enum, by its full name. */\nexport const Enum = {\n${lines.join('\n')}\n} as const\n`
}

function printNamespace(namespace: protobuf.NamespaceBase, lines: string[], depth: number): void {
  const pad = '  '.repeat(depth)
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Enum) lines.push(`${pad}export type ${child.name} = ${unionOfNumbers(child)}`)
    if (child instanceof protobuf.Type) lines.push(`${pad}export type ${child.name} = ${messageBody(child)}`)
    if (!(child instanceof protobuf.Type || isPlainNamespace(child)) || child.nestedArray.length === 0) continue
    lines.push(`${pad}export namespace ${child.name} {`)
    printNamespace(child, lines, depth + 1)
    lines.push(`${pad}}`)
  }
}

function messageBody(type: protobuf.Type): string {
  // A proto3 `optional` field is a oneof of its own on the wire, and just an optional property here.
  const oneofs = type.oneofsArray.filter((found) => !isSynthetic(found))
  const exclusive = new Set(oneofs.flatMap((found) => found.fieldsArray.map((field) => field.name)))
  const plain = type.fieldsArray
    .filter((field) => !exclusive.has(field.name))
    .map((field) => `readonly '${field.name}'?: ${fieldType(field)}`)
  const parts = oneofs.map((found) => `OneOf<{ ${found.fieldsArray.map((field) => `'${field.name}': ${fieldType(field)}`).join('; ')} }>`)
  return [`{ ${plain.join('; ')} }`, ...parts].join(' & ')
}

function fieldType(field: protobuf.Field): string {
  field.resolve()
  const single = field.resolvedType === null ? (SCALARS[field.type] ?? 'never') : fullName(field.resolvedType)
  if (field instanceof protobuf.MapField) return `Readonly<Record<string, ${single}>>`
  return field.repeated ? `readonly ${single}[]` : single
}

function isSynthetic(oneof: protobuf.OneOf): boolean {
  const [only] = oneof.fieldsArray
  return oneof.fieldsArray.length === 1 && (oneof.name.startsWith('_') || only?.options?.proto3_optional === true)
}

function unionOfNumbers(found: protobuf.Enum): string {
  return [...new Set(Object.values(found.values))].join(' | ')
}

function isPlainNamespace(child: protobuf.ReflectionObject): child is protobuf.Namespace {
  return child instanceof protobuf.Namespace && !(child instanceof protobuf.Service)
}

function messages(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((child) => {
    if (child instanceof protobuf.Type) return [child, ...messages(child)]
    return isPlainNamespace(child) ? messages(child) : []
  })
}

function enums(namespace: protobuf.NamespaceBase): protobuf.Enum[] {
  return namespace.nestedArray.flatMap((child) => {
    if (child instanceof protobuf.Enum) return [child]
    return child instanceof protobuf.Type || isPlainNamespace(child) ? enums(child) : []
  })
}

function fullName(found: protobuf.ReflectionObject): string {
  return found.fullName.slice(1)
}
