/** Command lines of tasks that are wrong, or ask what would be right. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'

const repository = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
const tasks = readdirSync(join(repository, 'scripts', 'tasks')).map((file) => ({ file, task: file.replace(/\.(ts|sh)$/, '') }))
const sourceOf = (file: string): string => readFileSync(join(repository, 'scripts', 'tasks', file), 'utf8')

/** What the task says and ends with. */
async function ask(
  task: string,
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly error: string }> {
  const env = { ...process.env, npm_lifecycle_event: task }
  try {
    const { stdout, stderr } = await run(process.execPath, [join(repository, 'scripts', 'run.cjs'), task, ...args], { env })
    return { code: 0, out: stdout, error: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { readonly code: unknown; readonly stdout: string; readonly stderr: string }
    return { code, out: stdout, error: stderr }
  }
}

describe('a task', () => {
  // Those with a program behind them that answers itself need it to be built.
  it.each(tasks.filter(({ task }) => task !== 'start'))('$task says what it takes', async ({ task }) => {
    const { code, out } = await ask(task, '--help')
    expect([code, out]).toEqual([0, expect.stringMatching(/^(`npm (run )?\S+|Usage: npm run )/)])
    expect(out).not.toMatch(/^(#|\/?\*)|\*\/|^ \*/m)
  })

  it.each(tasks.filter(({ file }) => sourceOf(file).includes('taskArguments(')))(
    '$task takes nothing that it does not know, and says so without a stack',
    async ({ task }) => {
      const { code, error } = await ask(task, '--nosuch')
      expect([code, error]).toEqual([2, expect.stringContaining(`'--nosuch'`)])
      expect(error).toContain(`npm run ${task} -- --help says what there is.`)
      expect(error).not.toContain('node:')
    },
  )

  it.each([
    { args: ['bench-packing', 'rds', '10O'], says: '"10O" means nothing here.' },
    { args: ['bench-floor', '--edits', 'many'], says: '--edits takes a whole number, not "many".' },
    { args: ['bench-floor', '--packing', 'rds,none'], says: 'rds' },
    { args: ['bench-data-path', '--access-log', 'some'], says: '--access-log is one of all, errors, off' },
    { args: ['bench-data-path', '--hosts', '100,x'], says: '--hosts takes a whole number, not "x".' },
  ])('$args is answered with what would be right', async ({ args: [task = '', ...args], says }) => {
    const { code, error } = await ask(task, ...args)
    expect([code, error]).toEqual([2, expect.stringContaining(says)])
    expect(error).not.toContain('    at ')
  })
})
