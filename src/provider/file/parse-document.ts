/** Parses one document of a file, YAML or JSON. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument as parseYaml } from 'yaml'
import type { FieldPath } from '../../schema/field-path.js'
import type { JsonValue } from '../../schema/json.js'
import { MAX_LEVELS } from '../../util/nesting.js'
import { type Position, START } from './position.js'
import { YamlContentError, yamlToJson } from './yaml-to-json.js'

/** What etcd takes of one object. */
export const MAX_OBJECT_BYTES = 1_572_864
/** A `kind: List` may hold many objects. */
const MAX_LIST_BYTES = 32 * 1_048_576

/** A document that was read; positions count from its own start. */
export interface ParsedDocument {
  readonly value: JsonValue
  /** Where a value stands; the nearest one around it where it does not exist. */
  positionOf(path: FieldPath): Position
}

/** Why a document was not read. */
export interface DocumentProblem {
  readonly position: Position
  readonly reason: string
  /** What the author can do. */
  readonly advice: string
}

/** Parses one document. Never throws: whatever is wrong with the text is a problem. */
export function parseDocument(text: string): ParsedDocument | DocumentProblem {
  const parsed = parse(text)
  return isProblem(parsed) && MAY_BE_SECRET.test(text) ? { ...parsed, reason: NOT_SHOWN } : parsed
}

/** What the parsers say quotes the text. */
const MAY_BE_SECRET = /\bkind["']?\s*:\s*["']?Secret\b/
const NOT_SHOWN =
  'this is no YAML that can be read, and what stands here is not shown, as it may be secret; a text that begins with one of * & ! | > @ ` % { [ wants quotes'

function parse(text: string): ParsedDocument | DocumentProblem {
  const limit = /^\s*["']?kind["']?\s*:\s*["']?\w*List\b/m.test(text) ? MAX_LIST_BYTES : MAX_OBJECT_BYTES
  if (text.length > limit) {
    return {
      position: START,
      reason: `the document has ${text.length} characters, more than the ${limit} that one object may have`,
      advice: 'split it into several objects',
    }
  }
  return parseJson(text) ?? parseYamlText(text)
}

/** True for a document that was not read. */
export function isProblem(result: ParsedDocument | DocumentProblem): result is DocumentProblem {
  return 'reason' in result
}

/** JSON is YAML as well, but this is tenfold faster; positions are looked for only when something is wrong. Undefined where YAML has to say what. */
function parseJson(text: string): ParsedDocument | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const value: JsonValue = JSON.parse(text)
    if (isDeeperThan(value, MAX_LEVELS) || keysIn(value) < keysWritten(text)) return undefined
    return {
      value,
      positionOf: (path) => {
        const yaml = parseYamlText(text)
        return isProblem(yaml) ? START : yaml.positionOf(path)
      },
    }
  } catch {
    return undefined
  }
}

function isDeeperThan(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(child, levels - 1))
}

/** Of a key that stands in an object twice the parser of JSON takes the last without a word. */
function keysIn(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  const values = Object.values(value)
  return values.reduce<number>((sum, each) => sum + keysIn(each), Array.isArray(value) ? 0 : values.length)
}

/** Texts, and the colon behind those that are keys. */
const JSON_TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g

function keysWritten(text: string): number {
  let count = 0
  for (const [, colon] of text.matchAll(JSON_TEXT)) if (colon !== undefined) count++
  return count
}

function parseYamlText(text: string): ParsedDocument | DocumentProblem {
  const lines = new LineCounter()
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return line === 0 ? START : { line, column: col }
  }
  try {
    // Repeated keys are looked for in yamlToJson: the parser's own check takes time in the square of the number of keys.
    const document = parseYaml(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
    const error = document.errors[0]
    if (error !== undefined)
      return { position: at(error.pos[0]), reason: firstLine(error.message), advice: unlessTemplate(text, adviceFor(error.code)) }
    const value = yamlToJson(document)
    return { value, positionOf: (path) => at(offsetOfPath(document, path)) }
  } catch (error) {
    if (error instanceof YamlContentError) {
      return { position: at(error.offset), reason: error.message, advice: unlessTemplate(text, 'write out what is meant') }
    }
    if (error instanceof RangeError) return { position: START, reason: 'nested too deeply', advice: 'write out what is meant' }
    throw error
  }
}

function offsetOfPath(document: Document, path: FieldPath): number {
  let node = document.contents as Node | null
  let offset = node?.range?.[0] ?? 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    if (isMap(node)) {
      const pair = (node.items as readonly Pair<Node, Node | null>[]).find((each) => isScalar(each.key) && String(each.key.value) === step)
      if (pair === undefined) return offset
      offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = (node.items[step] as Node | undefined) ?? null
      offset = node?.range?.[0] ?? offset
    } else return offset
  }
  return offset
}

/** What templates of charts begin a line or a value with. */
const TEMPLATE = /^(\s|- )*([^\s"'#]+:\s+)?\{\{/m

function unlessTemplate(text: string, advice: string): string {
  return TEMPLATE.test(text) ? 'it is a template: write what it makes of it, such as `helm template` does' : advice
}

function adviceFor(code: string): string {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces'
  if (code === 'MISSING_CHAR') return 'close the quote or bracket; is the file cut off?'
  if (code === 'RESOURCE_EXHAUSTION') return 'nest less deeply'
  return 'correct the YAML'
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
