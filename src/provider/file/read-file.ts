/** Reads the text of one file: its documents, the objects in them and what is wrong with each. */
import type { FieldPath } from '../../schema/field-path.js'
import { isJsonObject, type JsonValue } from '../../schema/json.js'
import type { InParts } from '../../util/in-parts.js'
import type { Interpretation, Interpreter } from './interpret-object.js'
import { type ObjectId, objectId } from './object-id.js'
import { type DocumentProblem, isProblem, parseDocument } from './parse-document.js'
import { moveDown, type Position, START } from './position.js'
import { splitDocuments } from './split-documents.js'

/** An object of a file. */
export interface FileObject {
  readonly interpretation: Interpretation
  /** Which object it is, where that can be told. */
  readonly id: ObjectId | undefined
  /** Where the object starts in the file. */
  readonly position: Position
  /** Where a part of it stands in the file. */
  positionOf(path: FieldPath): Position
}

/** What a file holds. */
export interface FileContent {
  readonly text: string
  readonly objects: readonly FileObject[]
  /** Documents that could not be read at all; positions count from the start of the file. */
  readonly unreadable: readonly DocumentProblem[]
  /** What each document turned out to be, by its text: the same text is not read twice. */
  readonly documents: ReadonlyMap<string, DocumentContent>
}

/** What a document holds; positions count from its own start. */
interface DocumentContent {
  readonly problem?: DocumentProblem
  readonly objects: readonly FileObject[]
}

/**
 * Reads a file, one document at a time.
 *
 * @param before what was read of an earlier version: documents that stayed the same are taken from it, with the same objects
 */
export function* readFileText(text: string, interpret: Interpreter, before?: FileContent): InParts<FileContent> {
  const documents = new Map<string, DocumentContent>()
  const objects: FileObject[] = []
  const unreadable: DocumentProblem[] = []
  for (const document of splitDocuments(text)) {
    const content = before?.documents.get(document.text) ?? readDocument(document.text, interpret)
    documents.set(document.text, content)
    const { line } = document
    if (content.problem !== undefined) unreadable.push({ ...content.problem, position: moveDown(content.problem.position, line) })
    for (const each of content.objects) objects.push(movedDown(each, line))
    yield
  }
  return { text, objects, unreadable, documents }
}

function movedDown(object: FileObject, firstLine: number): FileObject {
  const positionOf = (path: FieldPath): Position => moveDown(object.positionOf(path), firstLine)
  return { ...object, position: moveDown(object.position, firstLine), positionOf }
}

/** A file of which nothing can be read. */
export function unreadableFile(reason: string, advice: string): FileContent {
  return { text: '', objects: [], unreadable: [{ position: START, reason, advice }], documents: new Map() }
}

function readDocument(text: string, interpret: Interpreter): DocumentContent {
  const parsed = parseDocument(text)
  if (isProblem(parsed)) return { problem: parsed, objects: [] }
  const parts = listItems(parsed.value) ?? [{ value: parsed.value, path: [] }]
  return {
    objects: parts
      .filter((part) => part.value !== null)
      .map(({ value, path }) => {
        const interpretation = interpret(value)
        const positionOf = positionLookup(knownPositions(interpretation, (at) => parsed.positionOf([...path, ...at])))
        const id = 'ref' in interpretation ? objectId(interpretation.ref) : undefined
        return { interpretation, id, position: positionOf([]), positionOf }
      }),
  }
}

/** The items of a `kind: List`; undefined for any other object. */
function listItems(value: JsonValue): readonly { readonly value: JsonValue; readonly path: FieldPath }[] | undefined {
  if (!isJsonObject(value) || typeof value.kind !== 'string' || !value.kind.endsWith('List') || !Array.isArray(value.items))
    return undefined
  return value.items.map((item, index) => ({ value: item, path: ['items', index] }))
}

/** The places of every path that a message may name, looked up while the parsed document is at hand. */
function knownPositions(interpretation: Interpretation, look: (path: FieldPath) => Position): ReadonlyMap<string, Position> {
  const findings = [
    ...('errors' in interpretation ? interpretation.errors : []),
    ...('warnings' in interpretation ? interpretation.warnings : []),
  ]
  return new Map([[] as FieldPath, ...findings.map((finding) => finding.path)].map((path) => [JSON.stringify(path), look(path)]))
}

/** Made apart from `knownPositions`, so that it holds on to nothing but the positions: parsed documents are many times their text. */
function positionLookup(known: ReadonlyMap<string, Position>): (path: FieldPath) => Position {
  return (path) => known.get(JSON.stringify(path)) ?? known.get('[]') ?? START
}
