/** `npm run generate`: scripts/run.cjs has already generated what was out of date; with `--force` everything is generated anew. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { runToEnd } from '../lib/run-to-end.js'
import { taskArguments } from '../lib/task-arguments.js'

const repository = join(import.meta.dirname, '..', '..')

if (taskArguments({ force: { type: 'boolean' } }).values.force === true) {
  rmSync(join(repository, '.cache', 'generated'), { recursive: true, force: true })
  process.exitCode = await runToEnd(process.execPath, [join(repository, 'scripts', 'run.cjs'), 'generate'])
} else {
  console.log('src/gen is up to date')
}
