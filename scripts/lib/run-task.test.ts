/** The first command on a fresh clone installs what is missing, with the real npm and a package that needs no registry; and how a task ends. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'

const run = promisify(execFile)
let folder = ''
const at = (...names: readonly string[]): string => join(folder, ...names)
const runTask = (): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  run(process.execPath, [at('scripts', 'run.cjs'), 'hello'], { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-install-'))
  for (const name of ['scripts/tasks', 'dep']) await mkdir(at(name), { recursive: true })
  await copyFile(join(import.meta.dirname, '..', 'run.cjs'), at('scripts', 'run.cjs'))
  await writeFile(at('scripts', 'generators.json'), '{"generators":[]}')
  await writeFile(at('scripts', 'tasks', 'hello.sh'), 'cat node_modules/dep/text\n')
  // Its install script waits while a file says so: packages are unpacked by then, and npm has not noted that they are there.
  const waits = 'while [ -e ../../wait ]; do sleep 0.1; done'
  await writeFile(at('dep', 'package.json'), JSON.stringify({ name: 'dep', version: '1.0.0', scripts: { install: waits } }))
  await writeFile(at('dep', 'text'), 'whole\n')
  await run('npm', ['pack', '--pack-destination', folder], { cwd: at('dep') })
  const dependencies = { dep: 'file:dep-1.0.0.tgz' }
  await writeFile(at('package.json'), JSON.stringify({ name: 'clone', version: '1.0.0', dependencies, allowScripts: { dep: true } }))
  await run('npm', ['install', '--package-lock-only', '--offline'], { cwd: folder })
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

it('begins anew after an installation that was ended in the middle: npm takes what it left for whole', async () => {
  await writeFile(at('wait'), '')
  const first = spawn(process.execPath, [at('scripts', 'run.cjs'), 'hello'], { cwd: folder, detached: true, stdio: 'ignore' })
  const ended = once(first, 'exit')
  await eventually(() => access(at('node_modules', 'dep', 'text')))
  await expect(runTask()).rejects.toThrow(`being installed by process ${first.pid}: try again`)
  process.kill(-(first.pid ?? 0), 'SIGKILL')
  await ended
  await rm(at('wait'))
  await rm(at('node_modules', 'dep', 'text'))
  const second = await runTask()
  expect(second.stderr).toContain('an earlier installation was broken off')
  expect(second.stdout).toContain('whole')
  expect((await runTask()).stderr).toBe('')
}, 120_000)

it.each(['SIGINT', 'SIGTERM'] as const)(
  'lets a script clean up at once when it is told to end by %s alone, whatever it runs',
  async (signal) => {
    await writeFile(at('scripts', 'tasks', 'stay.sh'), "trap 'echo cleaned up' EXIT\nsh -c 'echo $$; exec sleep 600'\necho went on\n")
    const task = spawn(process.execPath, [at('scripts', 'run.cjs'), 'stay'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    task.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
    })
    const ended = once(task, 'exit')
    await eventually(() => expect(output).toMatch(/^\d+\n/))
    task.kill(signal)
    await ended
    process.kill(Number.parseInt(output, 10))
    expect(output).toMatch(/^\d+\ncleaned up\n$/)
  },
  60_000,
)
