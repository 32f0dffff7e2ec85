/** Turns a parsed YAML document into plain JSON, within bounds: YAML can say more, and much more than it is long. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import type { JsonObject, JsonValue } from '../../schema/json.js'
import { MAX_LEVELS } from '../../util/nesting.js'

/** Values that aliases may add to those that are written out. */
const MAX_VALUES_FROM_ALIASES = 100_000

/** A document says something that JSON cannot hold, or too much of it. */
export class YamlContentError extends Error {
  /** Where in the text, as an offset. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.name = 'YamlContentError'
    this.offset = offset
  }
}

/**
 * The content of a document as JSON. Merge keys (`<<`) and aliases are resolved.
 *
 * @throws YamlContentError for cycles, alias bombs, repeated keys, keys that are no strings, and nesting without end
 */
export function yamlToJson(document: Document): JsonValue {
  const walk: Walk = { document, openAliases: new Set(), valuesFromAliases: 0 }
  return document.contents === null ? null : convert(document.contents as Node, 0, walk)
}

interface Walk {
  readonly document: Document
  /** Anchored nodes that are being converted: meeting one of them again is a cycle. */
  readonly openAliases: Set<Node>
  valuesFromAliases: number
}

function convert(node: Node | null | undefined, depth: number, walk: Walk): JsonValue {
  if (node === null || node === undefined) return null
  if (depth > MAX_LEVELS) throw new YamlContentError(`nested deeper than ${MAX_LEVELS} levels`, offsetOf(node))
  if (walk.openAliases.size > 0 && ++walk.valuesFromAliases > MAX_VALUES_FROM_ALIASES) {
    throw new YamlContentError(`aliases make more than ${MAX_VALUES_FROM_ALIASES} values`, offsetOf(node))
  }
  if (isAlias(node)) return followAlias(node, depth, walk)
  if (isSeq(node)) return node.items.map((item) => convert(item as Node, depth + 1, walk))
  if (isMap(node)) return convertMap(node, depth, walk)
  return isScalar(node) ? scalar(node.value, node.source ?? '') : null
}

function followAlias(node: Node, depth: number, walk: Walk): JsonValue {
  const target = isAlias(node) ? node.resolve(walk.document) : undefined
  if (target === undefined) {
    const name = isAlias(node) ? node.source : ''
    throw new YamlContentError(
      `\`*${name}\` is an alias, and no anchor \`&${name}\` stands before it; a text that begins with * wants quotes`,
      offsetOf(node),
    )
  }
  if (walk.openAliases.has(target) || contains(target, node))
    throw new YamlContentError('the alias refers to what it stands in', offsetOf(node))
  walk.openAliases.add(target)
  const value = convert(target, depth, walk)
  walk.openAliases.delete(target)
  return value
}

function contains(outer: Node, inner: Node): boolean {
  return outer.range != null && inner.range != null && outer.range[0] <= inner.range[0] && inner.range[0] < outer.range[1]
}

function convertMap(map: YAMLMap, depth: number, walk: Walk): JsonObject {
  const merged: [string, JsonValue][] = []
  const own: [string, JsonValue][] = []
  const seen = new Set<string>()
  for (const pair of map.items as readonly Pair<Node, Node | null>[]) {
    const key = keyOf(pair.key)
    if (key === '<<') {
      merged.push(...mergedEntries(convert(pair.value, depth + 1, walk), pair.key))
      continue
    }
    if (seen.has(key)) throw new YamlContentError(`the key ${JSON.stringify(key)} stands here twice`, offsetOf(pair.key))
    seen.add(key)
    own.push([key, convert(pair.value, depth + 1, walk)])
  }
  // Unlike assignment, this takes `__proto__` for the ordinary key that it is in a document.
  return Object.fromEntries([...merged, ...own])
}

function mergedEntries(value: JsonValue, key: Node): readonly [string, JsonValue][] {
  // Earlier maps of a list win over later ones: they come last.
  const maps = Array.isArray(value) ? [...value].reverse() : [value]
  return maps.flatMap((each) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) {
      throw new YamlContentError('`<<` merges objects only', offsetOf(key))
    }
    return Object.entries(each as JsonObject)
  })
}

function keyOf(key: Node | null): string {
  if (isScalar(key)) return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
  throw new YamlContentError('a key must be a string', key === null ? 0 : offsetOf(key))
}

/** What is neither text, number, boolean nor null stays as it was written. */
function scalar(value: unknown, source: string): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : source
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0
}
