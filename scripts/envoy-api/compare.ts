/** Compares our messages with those of an Envoy binary. */
import protobuf from 'protobufjs'
import { Enum } from '../../src/gen/envoy/enums.js'
import type { google } from '../../src/gen/envoy/types.js'

type FileDescriptorProto = google.protobuf.FileDescriptorProto
type DescriptorProto = google.protobuf.DescriptorProto
type FieldDescriptorProto = google.protobuf.FieldDescriptorProto

/** Something that the binary sees differently, or does not see at all. */
export interface Difference {
  /** Full name of the message, field, enum or value. */
  readonly name: string
  readonly kind: 'unknown message' | 'unknown field' | 'unknown enum' | 'unknown value' | 'another definition'
  readonly ours: string
  /** Undefined when the binary does not know it. */
  readonly theirs: string | undefined
}

const { LABEL_REPEATED } = Enum['google.protobuf.FieldDescriptorProto.Label']
const TYPE_NAMES = new Map<number, string>(
  Object.entries(Enum['google.protobuf.FieldDescriptorProto.Type']).map(([name, number]) => [
    number,
    name.slice('TYPE_'.length).toLowerCase(),
  ]),
)

/**
 * Every message and enum of `ours`, compared. Names, numbers, types, repetition and the values of enums count. Protobuf's own package is
 * left out: it comes with our library and is not part of the API.
 */
export function compareApi(ours: protobuf.NamespaceBase, theirs: Iterable<FileDescriptorProto>): readonly Difference[] {
  const known = readTypes(theirs)
  const differences = [
    ...messagesOf(ours).flatMap((message) => compareMessage(message, known)),
    ...enumsOf(ours).flatMap((found) => compareEnum(found, known)),
  ]
  return differences.filter(({ name }) => !name.startsWith('google.protobuf.'))
}

interface Types {
  /** For each message its fields, as `describe` writes them, by JSON name. */
  readonly messages: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, number>>
}

function compareMessage(message: protobuf.Type, { messages }: Types): readonly Difference[] {
  const name = fullName(message)
  const fields = messages.get(name)
  if (fields === undefined) return [{ name, kind: 'unknown message', ours: 'message', theirs: undefined }]
  return message.fieldsArray.flatMap((field): Difference[] => {
    const ours = describe(field)
    const theirs = fields.get(field.name)
    if (ours === theirs) return []
    return [{ name: `${name}.${field.name}`, kind: theirs === undefined ? 'unknown field' : 'another definition', ours, theirs }]
  })
}

function compareEnum(found: protobuf.Enum, { enums }: Types): readonly Difference[] {
  const name = fullName(found)
  const values = enums.get(name)
  if (values === undefined) return [{ name, kind: 'unknown enum', ours: 'enum', theirs: undefined }]
  return Object.entries(found.values).flatMap(([value, number]): Difference[] => {
    const theirs = values.get(value)
    if (theirs === number) return []
    const kind = theirs === undefined ? 'unknown value' : 'another definition'
    return [{ name: `${name}.${value}`, kind, ours: String(number), theirs: theirs?.toString() }]
  })
}

/** `<number> [repeated] <type>`, or `<number> map<key, value>`. */
function describe(field: protobuf.Field): string {
  const type = field.resolvedType === null ? field.type : fullName(field.resolvedType)
  if (field instanceof protobuf.MapField) return `${field.id} map<${field.keyType}, ${type}>`
  return `${field.id} ${field.repeated ? 'repeated ' : ''}${type}`
}

function readTypes(files: Iterable<FileDescriptorProto>): Types {
  const messages = new Map<string, ReadonlyMap<string, string>>()
  const enums = new Map<string, ReadonlyMap<string, number>>()
  const addEnum = (scope: string, { name = '', value = [] }: google.protobuf.EnumDescriptorProto): void => {
    enums.set(`${scope}.${name}`, new Map(value.map((one) => [one.name ?? '', one.number ?? 0])))
  }
  const addMessage = (scope: string, message: DescriptorProto): void => {
    const name = `${scope}.${message.name ?? ''}`
    const entries = new Map((message.nestedType ?? []).filter(isMapEntry).map((entry) => [`${name}.${entry.name ?? ''}`, entry]))
    messages.set(name, new Map((message.field ?? []).map((field) => [jsonName(field), describeProto(field, entries)])))
    for (const nested of message.nestedType ?? []) if (!isMapEntry(nested)) addMessage(name, nested)
    for (const nested of message.enumType ?? []) addEnum(name, nested)
  }
  for (const file of files) {
    for (const message of file.messageType ?? []) addMessage(file.package ?? '', message)
    for (const found of file.enumType ?? []) addEnum(file.package ?? '', found)
  }
  return { messages, enums }
}

function describeProto(field: FieldDescriptorProto, mapEntries: ReadonlyMap<string, DescriptorProto>): string {
  const type = typeOf(field)
  const [key, value] = mapEntries.get(type)?.field ?? []
  if (key !== undefined && value !== undefined) return `${field.number} map<${typeOf(key)}, ${typeOf(value)}>`
  return `${field.number} ${field.label === LABEL_REPEATED ? 'repeated ' : ''}${type}`
}

function typeOf({ type, typeName }: FieldDescriptorProto): string {
  return typeName?.slice(1) ?? TYPE_NAMES.get(type ?? 0) ?? String(type)
}

function isMapEntry({ options }: DescriptorProto): boolean {
  return options?.mapEntry === true
}

/** As protobufjs names the field, whatever the file says. */
function jsonName({ name = '' }: FieldDescriptorProto): string {
  return protobuf.util.camelCase(name)
}

function messagesOf(namespace: protobuf.NamespaceBase): readonly protobuf.Type[] {
  return namespace.nestedArray.flatMap((child) => {
    const nested = child instanceof protobuf.Namespace ? messagesOf(child) : []
    return child instanceof protobuf.Type ? [child, ...nested] : nested
  })
}

function enumsOf(namespace: protobuf.NamespaceBase): readonly protobuf.Enum[] {
  return namespace.nestedArray.flatMap((child) => {
    if (child instanceof protobuf.Enum) return [child]
    return child instanceof protobuf.Namespace ? enumsOf(child) : []
  })
}

function fullName(found: protobuf.ReflectionObject): string {
  return found.fullName.slice(1)
}
