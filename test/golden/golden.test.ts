/**
 * One folder per case: `in.yaml` holds the objects, the other files what becomes of them. Review them like code.
 *
 * `UPDATE_GOLDEN=1 npm test -- golden` writes them anew.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { judge } from '../envoy-api/static-bootstrap.js'
import { GOLDEN_FILES, splitObjects, translateGolden } from './golden-case.js'

const cases = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
/** Fields in use that Envoy is about to take no more. None may come to them. */
const STILL_DEPRECATED: readonly string[] = ['envoy.extensions.filters.http.compressor.v3.Compressor.CommonDirectionConfig.content_type']

const isUpdate = process.env.UPDATE_GOLDEN === '1'

let envoy = ''
beforeAll(async () => {
  envoy = (await findEnvoy()).path
}, 300_000)

it('there are cases', () => {
  expect(cases.length).toBeGreaterThan(10)
})

describe.each(cases)('%s', (name) => {
  const folder = join(import.meta.dirname, name)
  const objects = splitObjects(readFileSync(join(folder, 'in.yaml'), 'utf8'))
  const result = translateGolden(objects)

  it.each(GOLDEN_FILES)('%s', (file) => {
    const path = join(folder, `${file}.yaml`)
    if (isUpdate) writeFileSync(path, result.texts[file])
    expect(result.texts[file]).toBe(existsSync(path) ? readFileSync(path, 'utf8') : 'UPDATE_GOLDEN=1 writes this file')
  })

  it('is the same in any order, and one by one', () => {
    const { texts, resources } = translateGolden([...objects].reverse(), true)
    expect(texts).toEqual(result.texts)
    expect(resources.map(({ version }) => version)).toEqual(result.resources.map(({ version }) => version))
  })

  it('is accepted by the real Envoy', async () => {
    const { problem, deprecated } = await judge(envoy, result.resources)
    expect([problem, deprecated.filter((field) => !STILL_DEPRECATED.includes(field))]).toEqual(['', []])
  })
})
