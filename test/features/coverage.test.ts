/** Every row of the feature table has a test or a reason why there is none, and the docs show the table. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { gatewayApiModuleFolder } from '../support/gateway-api-module.js'
import { expandBraces, featureTests } from './coverage.js'
import { EXCEPTIONS } from './exceptions.js'
import { featuresPage } from './features-page.js'
import { featureRows } from './rows.js'

const rows = featureRows(gatewayApiModuleFolder())
const tests = featureTests(import.meta.dirname)
const names = new Set(rows.map(({ name }) => name))
const proven = new Set(tests.flatMap((test) => test.rows))
const excepted = EXCEPTIONS.flatMap(({ row }) => expandBraces(row))

it('reads rows and tests', () => {
  expect(rows.length).toBeGreaterThan(400)
  expect(tests.length).toBeGreaterThan(50)
})

it('has a test or an exception for every row', () => {
  expect([...names].filter((name) => !proven.has(name) && !excepted.includes(name))).toEqual([])
})

it('proves only rows that exist', () => {
  const unknown = tests.flatMap(({ file, title, rows: claimed }) =>
    claimed.filter((name) => !names.has(name)).map((name) => `${file} "${title}": ${name}`),
  )
  expect(unknown).toEqual([])
})

it('excepts only rows that exist', () => {
  expect(excepted.filter((name) => !names.has(name))).toEqual([])
})

it('has an up-to-date docs/reference/features.md (`npx tsx scripts/generate-features.ts` writes it)', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'features.md'), 'utf8')
  expect(page).toBe(featuresPage(rows, tests, EXCEPTIONS))
})
