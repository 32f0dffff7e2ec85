/** Rules about the repository itself: who may know whom, how files look, and that what the documentation names exists. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { objectHealth } from '../src/cli/object-health.js'
import { translateOffline } from '../src/pipeline/translate-offline.js'

const repository = join(import.meta.dirname, '..')
const tracked = execFileSync('git', ['ls-files'], { cwd: repository, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(repository, file)))
const read = (file: string): string => readFileSync(join(repository, file), 'utf8')
const sources = tracked.filter((file) => /^(src|envoy)\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))

/** Which rooms a room may import from: one direction, from the wiring down to small helpers. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  util: [],
  schema: ['util'],
  gen: [],
  kinds: ['gen', 'schema', 'util'],
  incremental: ['util'],
  ir: ['util'],
  provider: ['util'],
  store: ['gen', 'provider', 'schema', 'util'],
  gatewayapi: ['gen', 'incremental', 'ir', 'kinds', 'provider', 'schema', 'util'],
  xds: ['gen', 'util'],
  'xds/translate': ['gen', 'incremental', 'ir', 'util', 'xds'],
  'xds/server': ['gen', 'util', 'xds'],
  envoy: ['gen', 'ir', 'util', 'xds', 'xds/translate'],
  'extension-hooks': ['gen', 'util', 'xds', 'xds/translate'],
  telemetry: ['util'],
  config: ['telemetry', 'util', 'xds/translate'],
  k8s: ['util', 'xds/server'],
  'provider/file': ['provider', 'schema', 'util'],
  'provider/kubernetes': ['gen', 'k8s', 'provider', 'schema', 'util'],
  fetch: ['gatewayapi', 'k8s', 'util'],
  status: ['gatewayapi', 'gen', 'k8s', 'schema', 'util'],
  'infra/host': ['envoy', 'ir', 'telemetry', 'util', 'xds', 'xds/server'],
  'infra/kubernetes': ['envoy', 'gatewayapi', 'gen', 'ir', 'k8s', 'schema', 'util'],
  explain: ['gen', 'util', 'xds'],
  admin: ['config', 'explain', 'gatewayapi', 'telemetry', 'util', 'xds'],
  cli: ['admin', 'config', 'explain', 'gatewayapi', 'kinds', 'pipeline', 'schema', 'util', 'xds'],
}

/** The only places that wire rooms together. */
const WIRING = new Set(['main', 'pipeline'])

/** Rooms without IO, and the packages that they may use. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  util: ['node:crypto', 'node:net'],
  schema: ['re2js'],
  kinds: [],
  incremental: [],
  ir: [],
  provider: [],
  store: [],
  gatewayapi: ['@bufbuild/cel', 're2js', 'node:crypto'],
  xds: ['protobufjs'],
  'xds/translate': ['node:crypto'],
  explain: ['re2js', 'node:net'],
}

function roomOf(file: string): string {
  const [top = '', first = '', second = '', third] = file.split('/')
  if (top !== 'src') return top
  if (second === '') return 'main'
  return third !== undefined && ['xds', 'provider', 'infra'].includes(first) ? `${first}/${second}` : first
}

const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?'([^']+)'/gm)].map(([, from = '']) => from)

describe('rooms', () => {
  it('import in one direction', () => {
    const wrong = sources.flatMap((file) => {
      const room = roomOf(file)
      if (WIRING.has(room)) return []
      const targets = importsOf(read(file))
        .filter((from) => from.startsWith('.'))
        .map((from) => roomOf(normalize(join(dirname(file), from))))
      return targets
        .filter((target) => target !== room && !ROOMS[room]?.includes(target))
        .map((target) => `${file} may not import ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('have no circles inside either: each file can be read after those that it imports', () => {
    const imports = new Map(
      sources.map((file) => {
        const targets = importsOf(read(file)).filter((from) => from.startsWith('.'))
        return [file, targets.map((from) => normalize(join(dirname(file), from)).replace(/\.js$/, '.ts'))]
      }),
    )
    // Whoever imports nothing that is left is no part of a circle, and whoever is imported by nothing that is left is none either.
    const leaveCircles = (files: readonly string[]): readonly string[] => {
      const among = new Set(files)
      const imported = new Set(files.flatMap((file) => imports.get(file) ?? []))
      const left = files.filter((file) => imported.has(file) && imports.get(file)?.some((target) => among.has(target)))
      return left.length === files.length ? left : leaveCircles(left)
    }
    expect(leaveCircles(sources)).toEqual([])
  })

  it('of the core use no package that does IO', () => {
    const wrong = sources.flatMap((file) => {
      const allowed = PURE[roomOf(file)]
      if (allowed === undefined) return []
      const packages = importsOf(read(file)).filter((from) => !from.startsWith('.'))
      return packages
        .filter((name) => !allowed.some((each) => name === each || name.startsWith(`${each}/`)))
        .map((name) => `${file} may not use ${name}`)
    })
    expect(wrong).toEqual([])
  })

  it('of the core read no clock, no randomness and no environment, and print nothing', () => {
    const impure =
      /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.|console\.|setTimeout|setInterval|setImmediate|randomUUID|randomBytes)\b/
    // The resolution of a whole process is measured in the wiring; `delivery-tracker` is told the time.
    const wrong = sources.filter((file) => roomOf(file) in PURE && impure.test(withoutComments(read(file))))
    expect(wrong).toEqual([])
  })
})

describe('source files', () => {
  it('have at most 500 lines', () => {
    const long = tracked.filter((file) => /\.(ts|cjs|js|sh|go|tpl)$/.test(file) && read(file).split('\n').length > 501)
    expect(long).toEqual([])
  })

  it('document what they export', () => {
    const wrong = sources.flatMap((file) => {
      const lines = read(file).split('\n')
      return lines.flatMap((line, index) =>
        /^export (?!\{|\*|type \{)/.test(line) && !isDocumented(lines, index) && !isOverload(lines, index) ? [`${file}:${index + 1}`] : [],
      )
    })
    expect(wrong).toEqual([])
  })

  it('have no module-level mutable state', () => {
    const wrong = sources.filter((file) => /^(export )?(let|var) /m.test(read(file)))
    expect(wrong).toEqual([])
  })

  it('leave nothing for later and skip no test', () => {
    const later = /\b(TODO|FIXME|XXX)\b|\b(describe|it|test)\.(skip|only|todo)\b|\b(xit|xdescribe|fit|fdescribe)\(/
    const wrong = tracked.filter(
      (file) => /\.(ts|cjs|js|sh|go)$/.test(file) && file !== 'test/repository.test.ts' && later.test(read(file)),
    )
    expect(wrong).toEqual([])
  })

  it('name no place of the machine that they were written on', () => {
    const places = /(^|[\s"'`=:(])\/(work|root|home\/[a-z]+)\/[\w.-]/m
    const wrong = tracked.filter((file) => !/\.(png|ico|woff2|tgz)$/.test(file) && file !== 'package-lock.json' && places.test(read(file)))
    expect(wrong).toEqual([])
  })
})

describe('documentation', () => {
  it('links to files that exist', () => {
    const wrong = tracked
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...withoutCode(read(file)).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)/g)]
          .filter(([, target = '']) => !existsSync(join(repository, dirname(file), target)))
          .map(([, target]) => `${file} -> ${target}`),
      )
    expect(wrong).toEqual([])
  })

  it('names npm scripts and files of examples that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
    const builtIn = new Set(['install', 'ci', 'test', 'start', 'pack', 'ping', 'rebuild', 'run', 'exec'])
    const wrong = tracked
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => {
        const text = read(file)
        const names = [...text.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)]
          .map(([, name = '']) => name)
          .filter((name) => !(name in scripts) && !builtIn.has(name))
        const examples = [...text.matchAll(/\bexamples\/[\w./-]*[\w-]/g)]
          .map(([path]) => path)
          .filter((path) => !existsSync(join(repository, path)))
        return [...names, ...examples].map((name) => `${file}: ${name}`)
      })
    expect(wrong).toEqual([])
  })

  it('names files that exist, in a README of src by their place below it', () => {
    const wrong = tracked
      .filter((file) => file.startsWith('src/') && file.endsWith('/README.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/`((?:[\w.-]+\/)*[\w-]+(?:\.test)?\.ts)`/g)]
          .filter(([, name = '']) => ![dirname(file), '.'].some((folder) => existsSync(join(repository, folder, name))))
          .map(([, name]) => `${file}: ${name}`),
      )
    expect(wrong).toEqual([])
  })

  it.each(readdirSync(join(repository, 'examples')))('example %s translates without a complaint', async (example) => {
    const { objects, problems } = await translateOffline({ names: [join('examples', example)], workingFolder: repository })
    expect(problems).toEqual([])
    expect(objects.filter((status) => objectHealth(status) === 'problem')).toEqual([])
    expect(objects.length).toBeGreaterThan(0)
  })
})

it('every npm script has a task', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
  const tasks = new Set(readdirSync(join(repository, 'scripts', 'tasks')).map((file) => file.replace(/\.(ts|sh)$/, '')))
  const called = Object.values(scripts).map((script) => /scripts\/run\.cjs ([a-z-]+)/.exec(script)?.[1])
  expect(called.filter((task) => task === undefined || !tasks.has(task))).toEqual([])
})

it('every npm script is on the page for who works on it, or in the README', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
  const pages = read('CONTRIBUTING.md') + read('README.md')
  const ofNpm = new Set(['start', 'test', 'prepack'])
  const unknown = Object.keys(scripts).filter((name) => !ofNpm.has(name) && !new RegExp(`npm run ${name}(?![\\w:-])`).test(pages))
  expect(unknown).toEqual([])
})

/** A comment for Biome may stand between an export and its doc comment. */
function isDocumented(lines: readonly string[], index: number): boolean {
  const above = lines.slice(0, index).findLast((line) => !line.startsWith('// biome-ignore'))
  return above?.trimEnd().endsWith('*/') ?? false
}

/** The second signature of a function needs no second comment. */
function isOverload(lines: readonly string[], index: number): boolean {
  const name = /^export (?:async )?function (\w+)/.exec(lines[index] ?? '')?.[1]
  return (
    name !== undefined &&
    lines.slice(0, index).some((line) => line.startsWith(`export function ${name}(`) || line.startsWith(`export function ${name}<`))
  )
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}
