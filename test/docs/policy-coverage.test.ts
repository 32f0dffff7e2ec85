/** Every field that a table claims is in our schemas and has a test, exceptions are few, and the docs show the tables. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { featureTests } from '../features/coverage.js'
import { coveragePage, proofsOf } from '../policies/coverage/coverage-page.js'
import { coverageRows } from '../policies/coverage/field-table.js'
import { FIELD_TABLES } from '../policies/coverage/index.js'
import { ownFields } from '../policies/coverage/own-fields.js'

const rows = FIELD_TABLES.flatMap(coverageRows)
const tests = featureTests(join(import.meta.dirname, '..', 'policies'), 'policyField')
const own = ownFields()
const claimed = [...new Set(rows.flatMap(({ ours }) => ours ?? []))]

it('reads fields and tests', () => {
  expect(rows.length).toBeGreaterThan(600)
  expect(own.size).toBeGreaterThan(100)
  expect(tests.length).toBeGreaterThan(10)
})

it('claims only fields that we have', () => {
  expect(claimed.filter((field) => !own.has(field))).toEqual([])
})

it('has a test for every field that it claims', () => {
  expect(claimed.filter((field) => proofsOf(field, tests).length === 0)).toEqual([])
})

it('proves only fields that we have', () => {
  const unknown = tests.flatMap(({ file, title, rows: said }) =>
    said.filter((field) => !own.has(field)).map((field) => `${file} "${title}": ${field}`),
  )
  expect(unknown).toEqual([])
})

it('excepts at most one field of twenty', () => {
  const excepted = rows.filter(({ exception }) => exception !== undefined)
  expect(excepted.length).toBeLessThanOrEqual(rows.length / 20)
})

it('has an up-to-date docs/reference/policy-coverage.md (`npx tsx scripts/generate-features.ts` writes it)', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'policy-coverage.md'), 'utf8')
  expect(page).toBe(coveragePage(FIELD_TABLES, tests))
})
