/** `npm run lint`: format and lint rules (Biome) and types (tsc). `-- --fix` repairs what can be repaired. */
import { runToEnd } from '../lib/run-to-end.js'

const fix = process.argv.includes('--fix') ? ['--write'] : []
const checks = [
  { name: 'biome', args: ['check', '--error-on-warnings', ...fix] },
  { name: 'tsc', args: ['-p', '.'] },
]

const failed: string[] = []
for (const check of checks) {
  if ((await runToEnd(check.name, check.args)) !== 0) failed.push(check.name)
}
console.log(failed.length === 0 ? `lint: ${checks.length} passed, 0 failed` : `lint: ${failed.join(', ')} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
