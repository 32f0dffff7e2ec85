import { readdirSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { buildIfChanged } from '../../scripts/lib/build.js'
import { createSourcePositions } from './source-positions.js'

const DIST = join(import.meta.dirname, '..', '..', 'dist')
const PLACES = 300

describe('positions in a bundle', () => {
  it('are those that Node finds, wherever they are', async () => {
    await buildIfChanged()
    const files = readdirSync(DIST).filter((file) => file.endsWith('.mjs'))
    expect(files.length).toBeGreaterThan(2)
    for (const file of files) {
      const url = pathToFileURL(join(DIST, file)).href
      const lines = readFileSync(join(DIST, file), 'utf8').split('\n')
      const node = new SourceMap(JSON.parse(readFileSync(join(DIST, `${file}.map`), 'utf8')))
      const places = Array.from({ length: PLACES }, (_, n) => {
        const line = (n * 7919) % lines.length
        return { line, column: (n * 104_729) % Math.max(1, lines[line]?.length ?? 1) }
      })
      const stack = places.map(({ line, column }) => `    at f (${url}:${line + 1}:${column + 1})`).join('\n')
      const expected = places.map(({ line, column }) => {
        const entry = node.findEntry(line, column)
        if (!('originalSource' in entry) || entry.originalSource === undefined || entry.generatedLine !== line)
          return `    at f (${url}:${line + 1}:${column + 1})`
        return `    at f (${entry.originalSource.replace(/^(\.\.\/)+/, '')}:${entry.originalLine + 1}:${entry.originalColumn + 1})`
      })
      expect(createSourcePositions()(stack).split('\n')).toEqual(expected)
    }
  }, 120_000)

  it('are looked up once', () => {
    let reads = 0
    const positions = createSourcePositions(() => {
      reads++
      // The first character of the second line is the first of the third line of a.ts.
      return JSON.stringify({ sources: ['../src/a.ts'], mappings: ';AAEA' })
    })
    const line = '{"stack":"Error: x\\n    at file:///app/dist/a.mjs:2:1\\n    at g (file:///app/dist/a.mjs:1:1)"}'
    const expected = '{"stack":"Error: x\\n    at src/a.ts:3:1\\n    at g (file:///app/dist/a.mjs:1:1)"}'
    expect([positions(line), positions(line), reads]).toEqual([expected, expected, 1])
  })

  it('stay as they are where there is no map', () => {
    const text = 'at f (file:///app/dist/nowhere.mjs:1:1)'
    expect(createSourcePositions()(text)).toBe(text)
  })
})
