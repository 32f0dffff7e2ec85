import { mkdtempSync } from 'node:fs'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { fileFetchCache } from './fetch-cache.js'

const folder = mkdtempSync(join(tmpdir(), 'headgate-fetch-cache-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
const outcome = { content: { kind: 'module', base64: 'AGFzbQ==' }, revision: 'v1' } as const

it('gives back what it was given, to who asks for the same, and believes no file that was changed', async () => {
  const errors: unknown[] = []
  const cache = await fileFetchCache(folder, (error) => errors.push(error))
  expect(await cache.read('a')).toBeUndefined()
  await cache.write('a', outcome)
  expect(await cache.read('a')).toEqual(outcome)
  expect(await cache.read('b')).toBeUndefined()
  const [file = ''] = await readdir(folder)
  expect((await stat(join(folder, file))).mode & 0o077).toBe(0)
  const text = await readFile(join(folder, file), 'utf8')
  for (const changed of [text.replace('AGFz', 'BGFz'), text.slice(0, -9), '']) {
    await writeFile(join(folder, file), changed)
    expect(await cache.read('a')).toBeUndefined()
  }
  await cache.write('a', outcome)
  await cache.remove('a')
  expect(await cache.read('a')).toBeUndefined()
  expect(errors).toEqual([])
})

it('a start removes what was written half, and what nobody asked for in a year', async () => {
  const place = join(folder, 'old')
  const fail = (error: unknown) => expect(error).toBeUndefined()
  const cache = await fileFetchCache(place, fail)
  await cache.write('old', outcome)
  const [old = ''] = await readdir(place)
  const long = new Date(Date.now() - 366 * 24 * 3_600_000)
  await utimes(join(place, old), long, long)
  await cache.write('asked for', outcome)
  const asked = (await readdir(place)).find((name) => name !== old) ?? ''
  await utimes(join(place, asked), long, long)
  expect(await cache.read('asked for')).toEqual(outcome)
  await writeFile(join(place, '.draft'), 'half')
  await fileFetchCache(place, fail)
  expect(await readdir(place)).toEqual([asked])
})

it('a folder that cannot be written is told of, and nothing else', async () => {
  const errors: unknown[] = []
  // No folder can be below a file.
  await writeFile(join(folder, 'file'), '')
  const cache = await fileFetchCache(join(folder, 'file', 'below'), (error) => errors.push(error))
  await cache.write('a', outcome)
  expect(await cache.read('a')).toBeUndefined()
  expect(errors.length).toBeGreaterThan(0)
})
