/**
 * `npm run mutants [-- RULE]`: breaks one guard after the other in a copy of the repository and runs the test that must notice it.
 * Exits with 1 when one survives, or when a mutant no longer fits its file.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADS_MUTANTS } from '../../test/mutants/ads.js'
import type { Mutant } from '../../test/mutants/mutant.js'
import { taskArguments } from '../lib/task-arguments.js'

const COPIED = ['src', 'test', 'envoy', 'scripts', 'package.json', 'jest.config.js', 'tsconfig.json']
const TIMEOUT_MS = 300_000
const repository = join(import.meta.dirname, '../..')

/** What became of a mutant. */
type Outcome = 'killed' | 'survived' | 'does not fit' | 'no such test' | 'no result in time'

interface JestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
}

const [only] = taskArguments({}, (word) => ADS_MUTANTS.some(({ rule }) => rule.startsWith(word))).words
const mutants = ADS_MUTANTS.filter(({ rule }) => only === undefined || rule.startsWith(only))
const copy = mkdtempSync(join(tmpdir(), 'headgate-mutants-'))
let bad = 0
try {
  for (const part of COPIED) cpSync(join(repository, part), join(copy, part), { recursive: true })
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'))
  for (const mutant of mutants) {
    const outcome = tryMutant(mutant)
    if (outcome === 'killed') continue
    bad += 1
    console.error(`${outcome}: ${mutant.rule}, ${mutant.file}: ${JSON.stringify(mutant.find)}`)
  }
} finally {
  rmSync(copy, { recursive: true })
}
// The form that .ci/run counts: a mutant that was noticed is a test that passed.
console.log(`${mutants.length - bad} passed, ${bad} failed`)
if (bad > 0) process.exitCode = 1

function tryMutant({ rule, file, find, replace, test }: Mutant): Outcome {
  const path = join(copy, file)
  const original = readFileSync(path, 'utf8')
  if (original.split(find).length !== 2) return 'does not fit'
  writeFileSync(
    path,
    original.replace(find, () => replace),
  )
  try {
    const report = runTests(test, rule)
    if (report === undefined) return 'no result in time'
    if (report.numFailedTests > 0) return 'killed'
    return report.numPassedTests > 0 ? 'survived' : 'no such test'
  } finally {
    writeFileSync(path, original)
  }
}

function runTests(test: string, rule: string): JestReport | undefined {
  const output = join(copy, 'report.json')
  // That of the mutant before says nothing of this one.
  rmSync(output, { force: true })
  const exactly = /^A1\.\d\.\d+$/.test(rule) ? `${rule.replaceAll('.', '\\.')}[: ]` : rule.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const args = [
    'node_modules/jest/bin/jest.js',
    '--forceExit',
    '--json',
    `--outputFile=${output}`,
    '--testNamePattern',
    exactly,
    '--runTestsByPath',
    test,
  ]
  spawnSync(process.execPath, args, {
    cwd: copy,
    env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' },
    stdio: 'ignore',
    timeout: TIMEOUT_MS,
  })
  return existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as JestReport) : undefined
}
