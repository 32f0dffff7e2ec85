import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ENVOY_VERSION, findEnvoy, isSupported } from './find-envoy.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-find-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A program that says that it is Envoy of a version. */
function fakeEnvoy(path: string, version: string): string {
  mkdirSync(join(folder, path), { recursive: true })
  const file = join(folder, path, 'envoy')
  writeFileSync(file, `#!/bin/sh\necho "envoy  version: 0123abc/${version}/Clean/RELEASE/BoringSSL"\n`, { mode: 0o755 })
  return file
}

describe('findEnvoy', () => {
  it('finds or fetches the real one', async () => {
    expect((await findEnvoy({ version: ENVOY_VERSION })).version).toBe(ENVOY_VERSION)
  }, 120_000)

  it('prefers what the user names, then ENVOY_BIN, then the cache', async () => {
    const [flag, variable, cached] = [
      fakeEnvoy('flag', '1.41.2'),
      fakeEnvoy('variable', '1.40.2'),
      fakeEnvoy('cache/envoy-1.40.0', '1.40.0'),
    ]
    const environment = { ENVOY_BIN: variable, HEADGATE_CACHE: join(folder, 'cache') }
    expect(await findEnvoy({ path: flag, environment })).toEqual({ path: flag, version: '1.41.2' })
    expect(await findEnvoy({ environment })).toEqual({ path: variable, version: '1.40.2' })
    expect(await findEnvoy({ environment: { ...environment, ENVOY_BIN: '' } })).toEqual({ path: cached, version: '1.40.0' })
    // A version of its own is not what ENVOY_BIN is for.
    expect(await findEnvoy({ environment, version: '1.40.0' })).toEqual({ path: cached, version: '1.40.0' })
  })

  it.each([
    { problem: 'a file that is not there', path: () => join(folder, 'nothing'), says: /--envoy names .*nothing, which does not exist/ },
    {
      problem: 'an Envoy that is too old',
      path: () => fakeEnvoy('old', '1.20.0'),
      says: /names Envoy 1.20.0; Headgate needs 1.40.0 or newer/,
    },
    { problem: 'another program', path: () => '/bin/true', says: /\/bin\/true is not an Envoy/ },
    { problem: 'a file that does not run', path: () => join(import.meta.dirname, 'find-envoy.ts'), says: /does not run/ },
  ])('refuses $problem', async ({ path, says }) => {
    await expect(findEnvoy({ path: path() })).rejects.toThrow(says)
  })

  it('takes the one on the PATH when nothing can be downloaded, and leaves no part of a download', async () => {
    const installed = fakeEnvoy('path', '1.40.1')
    const environment = { HEADGATE_CACHE: join(folder, 'empty'), PATH: join(folder, 'path') }
    expect(await findEnvoy({ environment })).toEqual({ path: installed, version: '1.40.1' })
    await expect(findEnvoy({ environment: { ...environment, PATH: folder } })).rejects.toThrow(
      /python3 with pip is needed for it[\s\S]*name it with --envoy PATH or ENVOY_BIN=PATH/,
    )
    expect(readdirSync(join(folder, 'empty', 'envoy-1.40.0'))).toEqual([])
  })
})

it.each([
  ['1.39.9', false],
  ['1.40.0', true],
  ['2.0.0', true],
])('%s is supported: %s', (version, want) => {
  expect(isSupported(version)).toBe(want)
})
