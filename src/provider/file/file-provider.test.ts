import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { patience } from '../../../test/support/patience.js'
import { turnsDuring } from '../../../test/support/turns-during.js'
import { KINDS } from '../../kinds/index.js'
import type { Change } from '../provider.js'
import { FileProvider, FileProviderError, type FileProviderOptions, type FileReport } from './file-provider.js'
import { formatProblem } from './problem.js'

const WAIT_MS = 5_000

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function temporaryFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'file-provider-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) write(folder, path, text)
  return folder
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function configMap(name: string, value = '1'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`
}

/** Starts a provider and waits until it has handed everything over. */
async function serve(folder: string, options: Partial<FileProviderOptions> = {}) {
  const values = new Map<string, string>()
  const batches: (readonly Change[])[] = []
  const reports: FileReport[] = []
  const waiting = new Set<() => void>()
  const controller = new AbortController()
  const { promise: complete, resolve } = deferred()
  const changed = () => {
    for (const check of waiting) check()
  }
  const provider = new FileProvider({
    folder,
    kinds: KINDS,
    onReport: (report) => {
      reports.push(report)
      changed()
    },
    ...options,
  })
  const done = provider.start(
    {
      changes: (batch) => {
        batches.push(batch)
        for (const { kind, key, object } of batch) {
          if (kind !== 'ConfigMap') continue
          if (object === undefined) values.delete(key)
          else values.set(key, JSON.stringify('data' in object ? object.data : undefined))
        }
        changed()
      },
      complete: resolve,
    },
    controller.signal,
  )
  cleanups.push(async () => {
    controller.abort()
    await done.catch(() => undefined)
  })
  await Promise.race([complete, done])
  return {
    batches,
    values,
    lines: () => reports.at(-1)?.problems.map((problem) => formatProblem(problem).replaceAll(folder, '')) ?? [],
    reports,
    controller,
    done,
    /** Resolves as soon as the condition holds after a change or a report. */
    until: (condition: () => boolean): Promise<void> =>
      new Promise((resolvePromise, reject) => {
        const timer = setTimeout(() => reject(new Error(`did not come; there is ${JSON.stringify([...values])}`)), WAIT_MS)
        const check = () => {
          if (!condition()) return
          clearTimeout(timer)
          waiting.delete(check)
          resolvePromise()
        }
        waiting.add(check)
        check()
      }),
  }
}

function deferred() {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

function quiet(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

describe('at start', () => {
  it('hands over all files of all folders in one batch', async () => {
    const folder = temporaryFolder({
      'a.yaml': configMap('a'),
      'deep/er/b.yml': configMap('b'),
      'c.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { value: '1' } }),
      'notes.txt': 'not ours',
      '.hidden.yaml': configMap('hidden'),
      '.git/d.yaml': configMap('hidden'),
    })
    const { values, batches } = await serve(folder)
    expect([...values.keys()].sort()).toEqual(['default/a', 'default/b', 'default/c'])
    expect(batches).toHaveLength(1)
  })

  it('lets others have their turns while it reads many objects, and hands them over little by little', async () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `c${index}`)
    const serving = serve(temporaryFolder({ 'all.yaml': names.map((name) => configMap(name)).join('---\n') }))
    expect(await turnsDuring(serving)).toBeGreaterThan(10)
    const { values, batches } = await serving
    expect(values.size).toBe(2_000)
    expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(50)
  })

  it('serves an empty folder', async () => {
    const { batches } = await serve(temporaryFolder())
    expect(batches).toEqual([])
  })

  it('says what to do when the folder is missing', async () => {
    await expect(serve(join(temporaryFolder(), 'missing'))).rejects.toThrow(/cannot be read; create it or name another folder/)
  })

  it('does not start with a file that cannot be read, and says where and why', async () => {
    const folder = temporaryFolder({ 'good.yaml': configMap('good'), 'bad.yaml': 'kind: ConfigMap\ndata:\n\tvalue: 1\n' })
    const failure = await serve(folder).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(FileProviderError)
    expect(String(failure)).toContain('bad.yaml:3:1: error: Tabs are not allowed as indentation; indent with spaces')
    expect(String(failure)).toContain('--allow-partial')
  })

  it('starts with the rest if that is allowed, and says what is lost', async () => {
    const folder = temporaryFolder({ 'good.yaml': configMap('good'), 'bad.yaml': 'kind: [\n' })
    const { values, reports } = await serve(folder, { allowPartial: true })
    expect([...values.keys()]).toEqual(['default/good'])
    expect(reports[0]?.lost).toMatchObject([{ file: join(folder, 'bad.yaml'), unreadable: true }])
  })

  it('starts with a refused object, which is lost', async () => {
    const folder = temporaryFolder({ 'a.yaml': `${configMap('a')}---\n${configMap('B')}` })
    const { values, reports } = await serve(folder)
    expect([...values.keys()]).toEqual(['default/a'])
    expect(reports[0]?.lost).toMatchObject([{ object: { kind: 'ConfigMap', name: 'B' }, unreadable: false }])
  })

  it('refuses what is no UTF-8', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'a.yaml'), Buffer.from([0x61, 0xff, 0xfe]))
    await expect(serve(folder)).rejects.toThrow(/a\.yaml:1:1: error: the file is no UTF-8 text; save it as UTF-8/)
  })

  it('does not go round in links to folders above', async () => {
    const folder = temporaryFolder({ 'deep/a.yaml': configMap('a') })
    symlinkSync(folder, join(folder, 'deep', 'up'))
    const { values } = await serve(folder)
    expect([...values.keys()]).toEqual(['default/a'])
  })
})

describe('edits', () => {
  it('reach the sink within milliseconds', async () => {
    const folder = temporaryFolder(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}.yaml`, configMap(`m${index}`)])))
    const { until, values } = await serve(folder)
    const took: number[] = []
    for (let edit = 2; edit < 32; edit++) {
      const start = performance.now()
      write(folder, `${edit}.yaml`, configMap(`m${edit}`, `${edit}`))
      await until(() => values.get(`default/m${edit}`) === `{"value":"${edit}"}`)
      took.push(performance.now() - start)
    }
    // The quickest one shows that no timer stands in the way, however busy the machine is.
    expect(Math.min(...took)).toBeLessThan(patience(10))
  })

  it.each([
    { what: 'a write in place', edit: (path: string, text: string) => writeFileSync(path, text) },
    {
      what: 'an atomic save by rename',
      edit: (path: string, text: string) => {
        writeFileSync(`${path}.tmp`, text)
        renameSync(`${path}.tmp`, path)
      },
    },
    {
      what: 'a save that moves the old file away first',
      edit: (path: string, text: string) => {
        renameSync(path, `${path}~`)
        writeFileSync(path, text)
        unlinkSync(`${path}~`)
      },
    },
    {
      what: 'a save that removes the old file first',
      edit: (path: string, text: string) => {
        unlinkSync(path)
        writeFileSync(path, text)
      },
    },
  ])('$what is one change, and the object never goes away', async ({ edit }) => {
    const folder = temporaryFolder({ 'a.yaml': configMap('a') })
    const { until, values, batches } = await serve(folder)
    for (const value of ['2', '3', '4']) {
      edit(join(folder, 'a.yaml'), configMap('a', value))
      await until(() => values.get('default/a') === `{"value":"${value}"}`)
    }
    await quiet(100)
    const changes = batches.slice(1).flat()
    expect(changes.every((change) => change.object !== undefined)).toBe(true)
    expect(changes).toHaveLength(3)
  })

  it('of a file that is written in pieces show no half', async () => {
    const folder = temporaryFolder({ 'a.yaml': `${configMap('a')}---\n${configMap('b')}` })
    const { until, values, batches, lines } = await serve(folder)
    const text = `${configMap('a', '2')}---\n${configMap('b', '2')}`
    for (const end of [0, 20, 60, 75, text.length]) {
      writeFileSync(join(folder, 'a.yaml'), text.slice(0, end))
      await quiet(4)
    }
    await until(() => values.get('default/b') === '{"value":"2"}')
    expect(batches.flat().every((change) => change.object !== undefined)).toBe(true)
    expect(lines()).toEqual([])
  })

  it('that break a file keep what it held, and say so until it is mended', async () => {
    const folder = temporaryFolder({ 'a.yaml': configMap('a'), 'b.yaml': configMap('b') })
    const { until, values, lines } = await serve(folder)
    write(folder, 'a.yaml', 'kind: [\n')
    await until(() => lines().length > 0)
    expect(lines()).toEqual([expect.stringMatching(/^\/a\.yaml:\d:\d: error: .* \(the last good version stays in use\)$/)])
    write(folder, 'b.yaml', configMap('b', '2'))
    await until(() => values.get('default/b') === '{"value":"2"}')
    expect(values.get('default/a')).toBe('{"value":"1"}')
    write(folder, 'a.yaml', configMap('a', '3'))
    await until(() => values.get('default/a') === '{"value":"3"}' && lines().length === 0)
  })

  it('that add, remove and rename files and folders arrive', async () => {
    const folder = temporaryFolder({ 'a.yaml': configMap('a') })
    const { until, values } = await serve(folder)
    write(folder, 'new/deep/b.yaml', configMap('b'))
    await until(() => values.has('default/b'))
    write(folder, 'new/deep/c.yaml', configMap('c'))
    await until(() => values.has('default/c'))
    renameSync(join(folder, 'new'), join(folder, 'old'))
    write(folder, 'old/deep/c.yaml', configMap('c', '2'))
    await until(() => values.get('default/c') === '{"value":"2"}')
    rmSync(join(folder, 'old'), { recursive: true })
    await until(() => values.size === 1)
    unlinkSync(join(folder, 'a.yaml'))
    await until(() => values.size === 0)
  })

  it('that put a folder in the place of a file arrive', async () => {
    const folder = temporaryFolder({ 'a.yaml': configMap('a'), 'b.yaml': configMap('b') })
    const { until, values } = await serve(folder)
    write(folder, 'next/c.yaml', configMap('c'))
    rmSync(join(folder, 'a.yaml'))
    renameSync(join(folder, 'next'), join(folder, 'a.yaml'))
    await until(() => values.has('default/c') && !values.has('default/a'))
  })

  it('that move an object to another file change nothing and complain of nothing', async () => {
    const folder = temporaryFolder({ 'a.yaml': `${configMap('a')}---\n${configMap('x')}`, 'b.yaml': configMap('b') })
    const { batches, reports } = await serve(folder)
    write(folder, 'a.yaml', configMap('a'))
    write(folder, 'b.yaml', `${configMap('b')}---\n${configMap('x')}`)
    await quiet(150)
    expect(batches).toHaveLength(1)
    expect(reports.flatMap((report) => report.problems)).toEqual([])
  })

  it('by swapped links arrive, as a mounted ConfigMap makes them', async () => {
    const folder = temporaryFolder({ '..2024_1/a.yaml': configMap('a'), '..2024_1/b.yaml': configMap('b') })
    symlinkSync('..2024_1', join(folder, '..data'))
    for (const name of ['a.yaml', 'b.yaml']) symlinkSync(join('..data', name), join(folder, name))
    const { until, values, batches } = await serve(folder)
    expect([...values.keys()].sort()).toEqual(['default/a', 'default/b'])
    write(folder, '..2024_2/a.yaml', configMap('a', '2'))
    write(folder, '..2024_2/b.yaml', configMap('b', '2'))
    symlinkSync('..2024_2', join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    rmSync(join(folder, '..2024_1'), { recursive: true })
    await until(() => values.get('default/a') === '{"value":"2"}' && values.get('default/b') === '{"value":"2"}')
    expect(batches.flat().every((change) => change.object !== undefined)).toBe(true)
  })

  it('by a swap of the folder itself arrive', async () => {
    const parent = temporaryFolder({ 'releases/1/a.yaml': configMap('a'), 'releases/2/a.yaml': configMap('a', '2') })
    symlinkSync(join('releases', '1'), join(parent, 'current'))
    const { until, values } = await serve(join(parent, 'current'))
    symlinkSync(join('releases', '2'), join(parent, 'next'))
    renameSync(join(parent, 'next'), join(parent, 'current'))
    await until(() => values.get('default/a') === '{"value":"2"}')
    write(parent, 'releases/2/a.yaml', configMap('a', '3'))
    await until(() => values.get('default/a') === '{"value":"3"}')
  })

  it('that the kernel does not report are found by looking', async () => {
    const elsewhere = temporaryFolder({ 'a.yaml': configMap('a') })
    const folder = temporaryFolder()
    symlinkSync(join(elsewhere, 'a.yaml'), join(folder, 'a.yaml'))
    const { until, values } = await serve(folder, { rescanMs: 50 })
    write(elsewhere, 'a.yaml', configMap('a', '22'))
    await until(() => values.get('default/a') === '{"value":"22"}')
  })
})

describe('a folder that goes away', () => {
  it('keeps what it held, says so, and goes on when it is back', async () => {
    const parent = temporaryFolder({ 'folder/a.yaml': configMap('a') })
    const folder = join(parent, 'folder')
    const { until, values, lines } = await serve(folder, { rescanMs: 50 })
    renameSync(folder, join(parent, 'away'))
    await until(() => lines().length === 1)
    expect(lines()[0]).toContain('the last good version stays in use')
    expect([...values]).toEqual([['default/a', '{"value":"1"}']])
    write(parent, 'folder/a.yaml', configMap('a', '2'))
    await until(() => values.get('default/a') === '{"value":"2"}' && lines().length === 0)
  })
})

describe('a folder that is made anew', () => {
  it.each([
    { what: 'the folder', folder: '' },
    { what: 'a folder in it', folder: 'sub' },
  ])('tells of changes within milliseconds as before: $what', async ({ folder: name }) => {
    const parent = temporaryFolder({ [join('folder', name, 'a.yaml')]: configMap('a'), 'folder/other.yaml': configMap('other') })
    const { until, values } = await serve(join(parent, 'folder'), { rescanMs: 60_000 })
    for (let turn = 2; turn < 5; turn++) {
      rmSync(join(parent, 'folder', name), { recursive: true })
      write(parent, join('folder', name, 'a.yaml'), configMap('a', `${turn}`))
      await until(() => values.get('default/a') === `{"value":"${turn}"}`)
      write(parent, join('folder', name, 'a.yaml'), configMap('a', `edited ${turn}`))
      await until(() => values.get('default/a') === `{"value":"edited ${turn}"}`)
    }
    rmSync(join(parent, 'folder', name), { recursive: true })
    await until(() => !values.has('default/a') || name === '')
    await quiet(100)
    write(parent, join('folder', name, 'a.yaml'), configMap('a', 'back'))
    await until(() => values.get('default/a') === '{"value":"back"}')
    write(parent, join('folder', name, 'a.yaml'), configMap('a', 'at last'))
    await until(() => values.get('default/a') === '{"value":"at last"}')
  })
})

describe('at the end', () => {
  it('stops when the signal says so, and hands nothing over any more', async () => {
    const folder = temporaryFolder({ 'a.yaml': configMap('a') })
    const { controller, done, batches } = await serve(folder)
    controller.abort()
    await done
    write(folder, 'a.yaml', configMap('a', '2'))
    await quiet(100)
    expect(batches).toHaveLength(1)
  })
})
