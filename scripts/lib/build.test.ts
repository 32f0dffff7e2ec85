import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { buildIfChanged } from './build.js'

const repository = join(import.meta.dirname, '..', '..')
const dist = join(repository, 'dist')

describe('the programs', () => {
  it('bring along what they use, and not the client of the whole Kubernetes API: their text stays in memory while they run', async () => {
    await buildIfChanged()
    const sizes = readdirSync(dist)
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => statSync(join(dist, file)).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8_000_000)
  }, 120_000)

  it('load in a pod neither what reads kubeconfigs nor what only folders need: half of the text', async () => {
    await buildIfChanged()
    const chunks = new Map(readdirSync(dist).map((file) => [file, /\.mjs$/.test(file) ? readFileSync(join(dist, file), 'utf8') : '']))
    const loaded = new Set<string>()
    const load = (file: string): void => {
      if (loaded.has(file)) return
      loaded.add(file)
      // Both spellings of a static import; `import(` is for when it is needed.
      for (const [, imported = ''] of (chunks.get(file) ?? '').matchAll(/\b(?:from|import)\s?"\.\/([^"]+)"/g)) load(imported)
    }
    load('headgate.mjs')
    const start = chunks.get('headgate.mjs') ?? ''
    const [, kubernetes = ''] = /\{runKubernetes\}=await import\("\.\/([^"]+)"\)/.exec(start) ?? []
    load(kubernetes)
    expect(loaded.size).toBeGreaterThan(2)
    const size = [...loaded].reduce((sum, file) => sum + (chunks.get(file)?.length ?? 0), 0)
    expect(size).toBeLessThan(3_200_000)
    expect([...loaded].filter((file) => /undici/.test(chunks.get(file) ?? ''))).toEqual([])
    // Nor the one in Node, which this import would load.
    expect([...loaded].filter((file) => /\bfrom\s?"(node:)?http"/.test(chunks.get(file) ?? ''))).toEqual([])
  }, 120_000)

  it('are started in the cluster of tests as in the image', () => {
    const [, entry = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(repository, 'Dockerfile'), 'utf8')) ?? []
    const images = readFileSync(join(repository, 'conformance', 'images.sh'), 'utf8')
    expect(images).toContain(`--entrypoint "${(JSON.parse(entry) as string[]).join(' ')}"`)
  })
})
