/** Reads the .proto files of the dependency and applies the overlay. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'

interface Roots {
  readonly package: string
  readonly include: readonly string[]
  readonly roots: readonly string[]
}

interface OverlayField {
  readonly type: string
  readonly id: number
  readonly rule?: 'repeated'
  readonly keyType?: string
  /** Name of the oneof, existing or new, that the field is a member of. */
  readonly oneof?: string
  /** The Envoy version that brought the field. */
  readonly since: string
}

interface OverlayMessage {
  readonly since: string
  readonly fields: Readonly<Record<string, Omit<OverlayField, 'since'>>>
  readonly enums?: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** One file of `protos/overlay`: fields added to messages of the dependency, and whole messages. */
export interface Overlay {
  readonly fields?: Readonly<Record<string, Readonly<Record<string, OverlayField>>>>
  readonly messages?: Readonly<Record<string, OverlayMessage>>
  readonly enums?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Enum values added to enums of the dependency. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Messages and fields of the dependency that Envoy has no longer. Removed before anything is added. */
  readonly removed?: readonly string[]
}

/** The overlay files in the order of their names. */
export function readOverlays(repository: string): readonly Overlay[] {
  const folder = join(repository, 'protos', 'overlay')
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return files.sort().map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Overlay)
}

/** Every message under the roots, overlay included, resolved. Throws when a file or a type is missing. */
export function loadEnvoyApi(repository: string): protobuf.Root {
  const require = createRequire(join(repository, 'package.json'))
  const { package: name, include, roots } = JSON.parse(readFileSync(join(repository, 'protos', 'envoy.roots.json'), 'utf8')) as Roots
  const base = dirname(require.resolve(`${name}/package.json`))
  const folders = [...include.map((folder) => join(base, folder)), dirname(require.resolve('protobufjs/package.json'))]
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => {
    const found = folders.map((folder) => join(folder, target)).find((path) => existsSync(path))
    // protobufjs brings google/protobuf/*.proto itself.
    return found ?? (protobuf.common.get(target) === null ? null : target)
  }
  root.loadSync([...roots])
  for (const overlay of readOverlays(repository)) applyOverlay(root, overlay)
  root.resolveAll()
  return root
}

function applyOverlay(root: protobuf.Root, overlay: Overlay): void {
  for (const name of overlay.removed ?? []) remove(root, name)
  for (const [name, values] of Object.entries(overlay.enums ?? {})) define(root, name).add(new protobuf.Enum(lastPart(name), { ...values }))
  for (const [name, values] of Object.entries(overlay.values ?? {})) {
    for (const [value, number] of Object.entries(values)) root.lookupEnum(name).add(value, number)
  }
  for (const [name, message] of Object.entries(overlay.messages ?? {})) {
    const type = new protobuf.Type(lastPart(name))
    for (const [enumName, values] of Object.entries(message.enums ?? {})) type.add(new protobuf.Enum(enumName, { ...values }))
    define(root, name).add(type)
    addFields(type, message.fields)
  }
  for (const [name, fields] of Object.entries(overlay.fields ?? {})) addFields(root.lookupType(name), fields)
}

function remove(root: protobuf.Root, name: string): void {
  const scope = root.lookup(name.slice(0, name.lastIndexOf('.')))
  const last = lastPart(name)
  const found = scope instanceof protobuf.Type ? (scope.fields[protobuf.util.camelCase(last)] ?? scope.get(last)) : root.lookup(name)
  if (found?.parent == null) throw new Error(`protos/overlay removes ${name}, which does not exist`)
  found.parent.remove(found)
}

function addFields(type: protobuf.Type, fields: Readonly<Record<string, Omit<OverlayField, 'since'>>>): void {
  for (const [name, field] of Object.entries(fields)) {
    const camel = protobuf.util.camelCase(name)
    if (field.keyType !== undefined) {
      type.add(new protobuf.MapField(camel, field.id, field.keyType, field.type))
      continue
    }
    const made = new protobuf.Field(camel, field.id, field.type, field.rule)
    if (field.oneof === undefined) type.add(made)
    else oneof(type, protobuf.util.camelCase(field.oneof)).add(made)
  }
}

function oneof(type: protobuf.Type, name: string): protobuf.OneOf {
  const known = type.oneofs?.[name]
  if (known !== undefined) return known
  const made = new protobuf.OneOf(name)
  type.add(made)
  return made
}

/** The namespace or message that holds `name`, made where it does not exist. */
function define(root: protobuf.Root, name: string): protobuf.NamespaceBase {
  const path = name.split('.').slice(0, -1)
  return path.reduce<protobuf.NamespaceBase>((scope, part) => {
    const child = scope.get(part)
    return child instanceof protobuf.Namespace || child instanceof protobuf.Type ? child : scope.define(part)
  }, root)
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
