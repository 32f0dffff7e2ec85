/** The checklist in the documentation, the tests and the mutants speak of the same rules. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ADS_MUTANTS } from '../mutants/ads.js'

const repository = join(import.meta.dirname, '../..')
const read = (...path: readonly string[]) => readFileSync(join(repository, ...path), 'utf8')
const tests = [
  ...readdirSync(join(repository, 'test/xds')),
  ...['../../src/xds/server/session.test.ts', '../../src/xds/server/session-rejections.test.ts'],
].filter((file) => file.endsWith('.test.ts'))
const titles = tests.flatMap((file) =>
  [...read('test/xds', file).matchAll(/\bit(?:\.each\([\s\S]*?\n {2}\]\))?\(\s*['`]([^'`]*)/g)].map(([, title = '']) => title),
)
const rules = [...read('docs/reference/xds.md').matchAll(/^\| (A1\.\d\.\d+) /gm)].map(([, rule = '']) => rule)

describe('the checklist of docs/reference/xds.md', () => {
  it('has every rule once', () => {
    expect(rules).toHaveLength(31)
    expect(new Set(rules).size).toBe(rules.length)
  })

  it.each(rules)('%s has a test that cites it', (rule) => {
    expect(titles.some((title) => title.split(/[^\w.]+/).includes(rule))).toBe(true)
  })

  it.each(rules.filter((rule) => rule !== 'A1.2.9'))('%s has a mutant', (rule) => {
    expect(ADS_MUTANTS.map((mutant) => mutant.rule)).toContain(rule)
  })

  it('A1.2.9 is the other side of A1.2.6 and shares its test', () => {
    expect(titles.some((title) => title.startsWith('A1.2.6 and A1.2.9'))).toBe(true)
  })

  it.each(ADS_MUTANTS.map((mutant) => [mutant.rule, mutant] as const))('the mutant of "%s" fits its file', (_rule, { file, find }) => {
    expect(read(file).split(find)).toHaveLength(2)
  })
})
