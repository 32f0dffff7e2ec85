import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { buildIfChanged } from './build.js'

const dist = join(import.meta.dirname, '..', '..', 'dist')

describe('the programs', () => {
  it('bring along what they use, and not the client of the whole Kubernetes API: their text stays in memory while they run', async () => {
    await buildIfChanged()
    const sizes = readdirSync(dist)
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => statSync(join(dist, file)).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8_000_000)
  }, 120_000)
})
