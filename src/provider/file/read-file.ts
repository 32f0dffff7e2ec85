/** Reads the text of one file: its documents, the objects in them and what is wrong with each. */
import type { FieldPath } from '../../schema/field-path.js'
import { isJsonObject, type JsonValue } from '../../schema/json.js'
import type { Interpretation, Interpreter } from './interpret-object.js'
import { type DocumentProblem, isProblem, parseDocument } from './parse-document.js'
import { moveDown, type Position, START } from './position.js'
import { splitDocuments } from './split-documents.js'

/** An object of a file. */
export interface FileObject {
  readonly interpretation: Interpretation
  /** What the document says, for another look at it. */
  readonly value: JsonValue
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
 * Reads a file.
 *
 * @param before what was read of an earlier version: documents that stayed the same are taken from it, with the same objects
 */
export function readFileText(text: string, interpret: Interpreter, before?: FileContent): FileContent {
  const documents = new Map<string, DocumentContent>()
  const objects: FileObject[] = []
  const unreadable: DocumentProblem[] = []
  for (const document of splitDocuments(text)) {
    const content = before?.documents.get(document.text) ?? readDocument(document.text, interpret)
    documents.set(document.text, content)
    const move = (position: Position) => moveDown(position, document.line)
    if (content.problem !== undefined) unreadable.push({ ...content.problem, position: move(content.problem.position) })
    for (const each of content.objects) {
      objects.push({ ...each, position: move(each.position), positionOf: (path) => move(each.positionOf(path)) })
    }
  }
  return { text, objects, unreadable, documents }
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
        const positionOf = positions(interpretation, (at) => parsed.positionOf([...path, ...at]))
        return { interpretation, value, position: positionOf([]), positionOf }
      }),
  }
}

/** The items of a `kind: List`; undefined for any other object. */
function listItems(value: JsonValue): readonly { readonly value: JsonValue; readonly path: FieldPath }[] | undefined {
  if (!isJsonObject(value) || typeof value.kind !== 'string' || !value.kind.endsWith('List') || !Array.isArray(value.items))
    return undefined
  return value.items.map((item, index) => ({ value: item, path: ['items', index] }))
}

/** Looks positions up now, while the parsed document is at hand, for every path that a message may name. */
function positions(interpretation: Interpretation, look: (path: FieldPath) => Position): (path: FieldPath) => Position {
  const findings = [
    ...('errors' in interpretation ? interpretation.errors : []),
    ...('warnings' in interpretation ? interpretation.warnings : []),
  ]
  const known = new Map([[] as FieldPath, ...findings.map((finding) => finding.path)].map((path) => [JSON.stringify(path), look(path)]))
  const start = known.get('[]') ?? START
  return (path) => known.get(JSON.stringify(path)) ?? start
}
