/** Where something stands in a file that was read long ago: its text is kept, and what was parsed of it is not. */
import type { FieldPath } from '../../schema/field-path.js'
import type { ObjectId } from './object-id.js'
import { isProblem, parseDocument } from './parse-document.js'
import { moveDown, type Position } from './position.js'
import type { FileContent } from './read-file.js'
import { splitDocuments } from './split-documents.js'

/** The place of a part of an object, the nearest one around it where there is no such part; of an item of a list, that of the item. */
export function placeOf({ text, objects }: FileContent, id: ObjectId, path: FieldPath): Position | undefined {
  const object = objects.find((each) => each.id === id)
  if (object === undefined) return undefined
  const document = splitDocuments(text).findLast(({ line }) => line <= object.position.line)
  const parsed = document === undefined ? undefined : parseDocument(document.text)
  if (document === undefined || parsed === undefined || isProblem(parsed)) return object.position
  const start = moveDown(parsed.positionOf([]), document.line)
  return start.line === object.position.line ? moveDown(parsed.positionOf(path), document.line) : object.position
}
