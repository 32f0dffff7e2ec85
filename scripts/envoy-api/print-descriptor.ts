/** The text of the descriptor: one line for each message and enum of a package, so that a program reads those that it uses. */
import protobuf from 'protobufjs'

/**
 * Lines of a full name, a space, and what protobufjs reads as JSON, with what is nested in it. Types of fields are named in full from the
 * root, and every message says its edition: each line can be read without the others. Options and extensions that only generators read
 * are left out.
 */
export function printDescriptor(root: protobuf.Root): string {
  return linesOf(root).toSorted().join('\n')
}

function linesOf(namespace: protobuf.NamespaceBase): readonly string[] {
  return namespace.nestedArray.flatMap((child) => {
    const name = child.fullName.slice(1)
    if (child instanceof protobuf.Type) return [`${name} ${JSON.stringify(messageJson(child, undefined))}`]
    if (child instanceof protobuf.Enum) return [`${name} ${JSON.stringify(enumJson(child))}`]
    return child instanceof protobuf.Namespace ? linesOf(child) : []
  })
}

function messageJson(message: protobuf.Type, outerEdition: string | undefined): object {
  const { oneofs, edition = outerEdition ?? 'proto3' } = message.toJSON({ keepComments: false }) as protobuf.IType & { edition?: string }
  const fields = message.fieldsArray.map((field) => [field.name, fieldJson(field)])
  const nested = message.nestedArray.flatMap((child): [string, object][] => {
    if (child instanceof protobuf.Type) return [[child.name, messageJson(child, edition)]]
    return child instanceof protobuf.Enum ? [[child.name, enumJson(child)]] : []
  })
  return {
    edition,
    ...(oneofs === undefined ? {} : { oneofs: Object.fromEntries(Object.entries(oneofs).map(([name, { oneof }]) => [name, { oneof }])) }),
    fields: Object.fromEntries(fields),
    ...(nested.length === 0 ? {} : { nested: Object.fromEntries(nested) }),
  }
}

/** `packed` and presence change the bytes; everything else is documentation. */
function fieldJson(field: protobuf.Field): object {
  const { resolvedType } = field.resolve()
  const { options, ...json } = field.toJSON({ keepComments: false })
  const kept = Object.entries(options ?? {}).filter(([key]) => key === 'packed' || key === 'proto3_optional')
  return {
    ...json,
    ...(resolvedType === null ? {} : { type: resolvedType.fullName }),
    // Said here, nobody has to read the type to know.
    ...(resolvedType instanceof protobuf.Enum ? { isEnum: true } : {}),
    ...(kept.length === 0 ? {} : { options: Object.fromEntries(kept) }),
  }
}

function enumJson({ values }: protobuf.Enum): object {
  return { values }
}
