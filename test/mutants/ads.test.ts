/** Whether mutants can be tried; `npm run mutants` does it, which takes minutes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ADS_MUTANTS } from './ads.js'

const repository = join(import.meta.dirname, '../..')
const text = (path: string): string => readFileSync(join(repository, path), 'utf8')

describe.each(ADS_MUTANTS)('the mutant for "$rule" in $file', ({ rule, file, find, test }) => {
  it('fits one place of its file', () => {
    expect(text(file).split(find)).toHaveLength(2)
  })

  it('names tests that exist', () => {
    expect(text(test)).toContain(rule)
  })
})
