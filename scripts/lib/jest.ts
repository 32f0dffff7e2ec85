/** Runs Jest as every suite of ours does. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { buildIfChanged } from './build.js'
import { runToEnd } from './run-to-end.js'

/**
 * Finds (or fetches) Envoy first, so that no test waits for a download, builds the programs, and runs Jest with these arguments. The
 * last line that it prints is `N passed, N failed`, which .ci/run sums over all suites. `$ENVOY_VERSION` takes another Envoy than usual.
 * Answers the exit code.
 */
export async function runJest(args: readonly string[]): Promise<number> {
  const version = process.env.ENVOY_VERSION
  const envoy = await findEnvoy({ progress: (line) => console.error(line), ...(version === undefined ? {} : { version }) })
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
  // With --json Jest prints its whole report to standard output as well; what people read goes to standard error.
  const code = await runToEnd(process.execPath, [jest, '--json', `--outputFile=${report}`, ...args], {
    env,
    stdio: ['inherit', 'ignore', 'inherit'],
  })
  if (existsSync(report)) console.log(countsOf(report))
  else console.error(`Jest ended with exit code ${code} and without a report: not a test failed, but Jest itself.`)
  rmSync(folder, { recursive: true })
  return code
}

/** A test file that does not even run counts as one failure. */
function countsOf(file: string): string {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
  return `${numPassedTests ?? 0} passed, ${(numFailedTests ?? 0) + (numRuntimeErrorTestSuites ?? 0)} failed`
}
