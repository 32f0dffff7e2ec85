/** `npm run lint`: format and lint rules (Biome), types (tsc), shell scripts where shellcheck is there. `-- --fix` repairs. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { runToEnd } from '../lib/run-to-end.js'
import { taskArguments } from '../lib/task-arguments.js'

const fix = taskArguments({ fix: { type: 'boolean' } }).values.fix === true ? ['--write'] : []
const scripts = execFileSync('git', ['ls-files', '*.sh', '.ci/run'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => existsSync(file))
const checks = [
  { name: 'biome', args: ['check', '--error-on-warnings', ...fix] },
  { name: 'tsc', args: ['-p', '.'] },
  ...(existsSync('/usr/bin/shellcheck')
    ? [{ name: 'shellcheck', args: ['--severity=warning', '--external-sources', '--source-path=SCRIPTDIR', ...scripts] }]
    : []),
]

let failed = 0
for (const { name, args } of checks) {
  if ((await runToEnd(name, args)) === 0) continue
  failed += 1
  console.error(`lint: ${name} failed`)
}
console.log(`${checks.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
