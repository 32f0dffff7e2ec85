/**
 * Positions of a bundled program as positions in its sources, for stacks in the log. Node does the same with `--enable-source-maps`, but
 * keeps every map in memory from the start on: 12 MB, for stacks that nobody may ever see. Here a map is read when a stack is written.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A frame's position in a file of the bundle: `file:///app/dist/headgate.mjs:1:2345`. */
const POSITION = /file:\/\/[^\s():"]+\.mjs:\d+:\d+/g
/** So many positions are remembered: the same error is logged again and again while the API server is away. */
const MAX_KNOWN = 1_000

/** The text with each position that a source map knows as `src/main.ts:12:3`; others stay as they are. */
export type SourcePositions = (text: string) => string

/** @param readMap the text of the source map of a file URL; throws where there is none */
export function createSourcePositions(readMap: (url: string) => string = readMapOf): SourcePositions {
  const known = new Map<string, string>()
  return (text) => {
    if (!text.includes('.mjs:')) return text
    const found = text.match(POSITION) ?? []
    const unknown = found.filter((position) => !known.has(position))
    if (known.size + unknown.length > MAX_KNOWN) known.clear()
    const byFile = Map.groupBy(new Set(found), (position) => /^.*\.mjs/.exec(position)?.[0] ?? '')
    for (const [url, positions] of byFile) {
      if (positions.some((position) => !known.has(position))) look(url, positions, readMap, known)
    }
    return text.replace(POSITION, (position) => known.get(position) ?? position)
  }
}

function readMapOf(url: string): string {
  return readFileSync(fileURLToPath(`${url}.map`), 'utf8')
}

interface SourceMap {
  readonly sources: readonly string[]
  readonly mappings: string
}

function look(url: string, positions: readonly string[], readMap: (url: string) => string, known: Map<string, string>): void {
  for (const position of positions) known.set(position, position)
  let map: SourceMap
  try {
    map = JSON.parse(readMap(url)) as SourceMap
  } catch {
    // The files of a bundle may be shipped without their maps: then the log says where in the bundle it was.
    return
  }
  const wanted = positions.map((position) => {
    const [line = 0, column = 0] = position
      .slice(url.length + 1)
      .split(':')
      .map(Number)
    return { position, line: line - 1, column: column - 1 }
  })
  wanted.sort((a, b) => a.line - b.line || a.column - b.column)
  const originals = originalsOf(map.mappings, wanted)
  for (const [at, { position }] of wanted.entries()) {
    const original = originals[at]
    const source = map.sources[original?.source ?? -1]
    // Sources are named from the folder of the bundle.
    if (original && source !== undefined)
      known.set(position, `${source.replace(/^(\.\.\/)+/, '')}:${original.line + 1}:${original.column + 1}`)
  }
}

interface Original {
  readonly source: number
  readonly line: number
  readonly column: number
}

/** The last mapping at or before each place, which are in order; one pass over the text, which holds half a million mappings. */
function originalsOf(
  mappings: string,
  wanted: readonly { readonly line: number; readonly column: number }[],
): readonly (Original | undefined)[] {
  const found: (Original | undefined)[] = []
  let [at, line, column, source, originalLine, originalColumn] = [0, 0, 0, 0, 0, 0]
  let last: Original | undefined
  const next = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 5) {
      const digit = DIGITS[mappings.charCodeAt(at++)] ?? 0
      value |= (digit & 31) << shift
      if (digit < 32) return value & 1 ? -(value >> 1) : value >> 1
    }
  }
  const isPast = (): boolean => {
    const place = wanted[found.length]
    return place !== undefined && (line > place.line || (line === place.line && column > place.column))
  }
  while (at < mappings.length && found.length < wanted.length) {
    const character = mappings[at]
    if (character === ';' || character === ',') {
      at++
      if (character === ',') continue
      // What a line does not map, nothing does.
      line++
      column = 0
      while (isPast()) found.push(last)
      last = undefined
      continue
    }
    column += next()
    while (isPast()) found.push(last)
    if (isEnd(mappings, at)) {
      last = undefined
      continue
    }
    source += next()
    originalLine += next()
    originalColumn += next()
    if (!isEnd(mappings, at)) next()
    last = { source, line: originalLine, column: originalColumn }
  }
  while (found.length < wanted.length) found.push(wanted[found.length]?.line === line ? last : undefined)
  return found
}

function isEnd(mappings: string, at: number): boolean {
  const character = mappings[at]
  return character === undefined || character === ',' || character === ';'
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** The digits of base 64 by the code of their character. */
const DIGITS: readonly number[] = Array.from({ length: 128 }, (_, code) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))))
