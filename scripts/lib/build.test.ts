import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { freePort } from '../../test/support/free-port.js'
import { buildIfChanged } from './build.js'
import { imageEntry } from './image-entry.js'

const repository = join(import.meta.dirname, '..', '..')
const dist = join(repository, 'dist')

/** Says at the end, as JSON, which modules of Node came compiled, and which flags V8 was given meanwhile. */
const HOW_NODE_LOADED_ITS_MODULES = `
  const { internalBinding } = require('internal/test/binding')
  const v8 = require('node:v8')
  const { setFlagsFromString } = v8
  const flags = []
  v8.setFlagsFromString = (flag) => { flags.push(flag); setFlagsFromString(flag) }
  process.on('exit', () => {
    const { compiledWithCache } = internalBinding('builtins').getCacheUsage()
    console.log(JSON.stringify({ asCompiled: [...compiledWithCache], flags }))
  })`

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
    for (const name of ['runProgram', 'runKubernetes']) {
      const text = [...loaded].map((file) => chunks.get(file)).join('\n')
      load(new RegExp(`\\{${name}\\}=await import\\("\\./([^"]+)"\\)`).exec(text)?.[1] ?? `the chunk of ${name}`)
    }
    expect([...loaded].filter((file) => !chunks.has(file))).toEqual([])
    expect(loaded.size).toBeGreaterThan(2)
    const size = [...loaded].reduce((sum, file) => sum + (chunks.get(file)?.length ?? 0), 0)
    expect(size).toBeLessThan(3_200_000)
    expect([...loaded].filter((file) => /undici/.test(chunks.get(file) ?? ''))).toEqual([])
    // Nor the one in Node, which this import would load.
    expect([...loaded].filter((file) => /\bfrom\s?"(node:)?http"/.test(chunks.get(file) ?? ''))).toEqual([])
  }, 120_000)

  it('take the modules of Node as they were compiled with it, though the image has flags of V8, which hold when all is loaded', async () => {
    await buildIfChanged()
    const folder = mkdtempSync(join(tmpdir(), 'built-ins-'))
    const hook = join(folder, 'hook.cjs')
    const port = await freePort()
    const cluster = { name: 'closed', cluster: { server: `https://127.0.0.1:${port}` } }
    const context = { name: 'closed', context: { cluster: 'closed', user: 'nobody' } }
    const kubeconfig = { clusters: [cluster], contexts: [context], users: [{ name: 'nobody', user: {} }], 'current-context': 'closed' }
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig))
    writeFileSync(hook, HOW_NODE_LOADED_ITS_MODULES)
    try {
      const [, ...flags] = imageEntry().command.slice(0, -1)
      const args = [
        ...flags,
        '--expose-internals',
        '--require',
        hook,
        join(dist, 'headgate.mjs'),
        '--provider=kubernetes',
        '--namespace=none',
      ]
      const { stdout, stderr } = spawnSync(process.execPath, args, { env: { KUBECONFIG: join(folder, 'kubeconfig') }, encoding: 'utf8' })
      expect(stderr).toContain('no answer from the API server')
      const [said = ''] = /^\{"asCompiled".*$/m.exec(stdout) ?? []
      const { asCompiled, flags: set } = JSON.parse(said) as Record<'asCompiled' | 'flags', readonly string[]>
      expect(asCompiled).toEqual(expect.arrayContaining(['crypto', 'dns', 'http2', 'tls']))
      expect(set.at(-1)).toBe(flags.find((flag) => flag.startsWith('--heap-growing-percent')))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 120_000)

  it('are started in the cluster of tests as in the image', () => {
    const images = readFileSync(join(repository, 'conformance', 'images.sh'), 'utf8')
    expect(images).toContain(`--entrypoint "${imageEntry().command.join(' ')}"`)
  })
})
