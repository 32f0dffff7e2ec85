/**
 * `npm test [-- JEST ARGUMENTS]`: finds (or fetches) Envoy first, so that no test waits for a download, and builds what tests run.
 * With $COUNTS it appends `passed failed` to that file, for the sum over all suites.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { buildIfChanged } from '../lib/build.js'
import { runToEnd } from '../lib/run-to-end.js'

const envoy = await findEnvoy({ progress: (line) => console.error(line) })
console.error(`Envoy ${envoy.version}: ${envoy.path}`)
await buildIfChanged()

const jest = createRequire(import.meta.url).resolve('jest/bin/jest')
const env = {
  ...process.env,
  ENVOY_BIN: envoy.path,
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
}
const folder = mkdtempSync(join(tmpdir(), 'headgate-test-'))
const report = join(folder, 'report.json')
const counted = process.env.COUNTS === undefined ? [] : ['--json', `--outputFile=${report}`]
process.exitCode = await runToEnd(process.execPath, [jest, ...counted, ...process.argv.slice(2)], {
  env,
  // With --json Jest prints its whole report to standard output as well.
  stdio: ['inherit', counted.length === 0 ? 'inherit' : 'ignore', 'inherit'],
})
if (process.env.COUNTS !== undefined) appendFileSync(process.env.COUNTS, countsOf(report))
rmSync(folder, { recursive: true })

/** A suite file that does not even run counts as one failure. */
function countsOf(file: string): string {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
  return `${numPassedTests ?? 0} ${(numFailedTests ?? 0) + (numRuntimeErrorTestSuites ?? 0)}\n`
}
