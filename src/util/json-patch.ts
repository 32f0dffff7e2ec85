/** Changes of a JSON document. Source: RFC 6902. Documents are not changed: every operation makes a new one. */
import { deepEqual } from './deep-equal.js'
import { findPlaces } from './json-path.js'
import { formatPointer, keyOf, parsePointer, valueAt } from './json-pointer.js'

/** One operation of JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  /** A JSON Pointer (RFC 6901), from the root or from each place of `jsonPath`. */
  readonly path: string
  readonly jsonPath?: string
  readonly from?: string
  readonly value?: unknown
}

/**
 * The document after the operations, one after the other. Throws where one cannot be done, with the place in the message.
 *
 * @param mostMiB what all of them may put in, about as JSON text: each that copies may double a document, and two dozen fit into no memory
 */
export function applyOperations(document: unknown, operations: readonly PatchOperation[], mostMiB: number): unknown {
  const room = new Room(mostMiB)
  return operations.reduce((changed, operation) => applyOperation(changed, operation, room), document)
}

function applyOperation(document: unknown, operation: PatchOperation, room: Room): unknown {
  const relative = parsePointer(operation.path)
  if (operation.jsonPath === undefined) return applyAt(document, relative, operation, room)
  const places = findPlaces(document, operation.jsonPath)
  if (places.length === 0) throw new Error(`jsonPath ${operation.jsonPath} finds nothing`)
  // From behind, so that what is removed or added moves no place that is still to come.
  return places.toReversed().reduce((changed, place) => applyAt(changed, [...place, ...relative], operation, room), document)
}

function applyAt(document: unknown, path: readonly string[], { op, from = '', value }: PatchOperation, room: Room): unknown {
  switch (op) {
    case 'add':
      return put(document, path, room.take(value), 'add')
    case 'replace':
      valueAt(document, path)
      return put(document, path, room.take(value), 'replace')
    case 'remove':
      valueAt(document, path)
      return remove(document, path)
    case 'copy':
      return put(document, path, room.take(valueAt(document, parsePointer(from))), 'add')
    case 'move': {
      const source = parsePointer(from)
      const moved = valueAt(document, source)
      if (path.length > source.length && source.every((name, at) => path[at] === name)) throw new Error(`${from} cannot move into itself`)
      return put(remove(document, source), path, moved, 'add')
    }
    case 'test':
      if (!deepEqual(valueAt(document, path), value))
        throw new Error(`test: the value at ${formatPointer(path) || 'the root'} is another one`)
      return document
  }
}

/** What may still be put into a document, about as long as its JSON text. */
class Room {
  readonly #mostMiB: number
  #left: number

  constructor(mostMiB: number) {
    this.#mostMiB = mostMiB
    this.#left = mostMiB * 1024 * 1024
  }

  /** The same value. Throws where there is no room for it. */
  take(value: unknown): unknown {
    this.#count(value)
    return value
  }

  #count(value: unknown): void {
    this.#left -= typeof value === 'string' ? value.length + PUNCTUATION : PUNCTUATION
    if (this.#left < 0) throw new Error(`the operations would add more than ${this.#mostMiB} MiB`)
    if (typeof value !== 'object' || value === null) return
    for (const [name, child] of Object.entries(value)) {
      if (!Array.isArray(value)) this.#left -= name.length + PUNCTUATION
      this.#count(child)
    }
  }
}

/** Quotes, commas and the like of one value. */
const PUNCTUATION = 3

function put(document: unknown, path: readonly string[], value: unknown, how: 'add' | 'replace'): unknown {
  return change(document, path, value, (list, at) => (how === 'add' ? list.toSpliced(at, 0, value) : list.with(at, value)))
}

function remove(document: unknown, path: readonly string[]): unknown {
  return change(document, path, undefined, (list, at) => list.toSpliced(at, 1))
}

/** Changes the last name of a path: a member of an object becomes the value (undefined: goes away), a list is changed by the function. */
function change(
  document: unknown,
  path: readonly string[],
  value: unknown,
  inList: (list: readonly unknown[], at: number) => readonly unknown[],
  walked: readonly string[] = [],
): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  const here = [...walked, name]
  if (Array.isArray(document)) {
    const list: readonly unknown[] = document
    const isLast = rest.length === 0
    const at = name === '-' && isLast ? list.length : /^(0|[1-9][0-9]*)$/.test(name) ? Number(name) : Number.NaN
    if (!(at <= (isLast ? list.length : list.length - 1))) throw new Error(`there is no place ${formatPointer(here)}`)
    return isLast ? inList(list, at) : list.with(at, change(list[at], rest, value, inList, here))
  }
  if (typeof document !== 'object' || document === null) throw new Error(`there is nothing at ${formatPointer(walked)}`)
  const members = document as Readonly<Record<string, unknown>>
  const key = keyOf(document, name)
  if (rest.length > 0) {
    if (!Object.hasOwn(members, key)) throw new Error(`there is nothing at ${formatPointer(here)}`)
    return { ...members, [key]: change(members[key], rest, value, inList, here) }
  }
  if (value !== undefined) return { ...members, [key]: value }
  const { [key]: _gone, ...others } = members
  return others
}
