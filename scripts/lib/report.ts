/** Reports of the long mode: what was measured, on which commit, with which command. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Figures by name; units stand in the names. */
export type Figures = Readonly<Record<string, number | string | readonly number[]>>

/** Writes docs/reports/<suite>.json. `.ci/run` adds how many tests passed. */
export function writeReport(suite: string, command: string, figures: Figures): void {
  const repository = join(import.meta.dirname, '../..')
  const folder = join(repository, 'docs/reports')
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: repository, encoding: 'utf8' }).trim()
  mkdirSync(folder, { recursive: true })
  const report = { suite, commit, date: new Date().toISOString().slice(0, 10), command, figures }
  writeFileSync(join(folder, `${suite}.json`), `${JSON.stringify(report, undefined, 2)}\n`)
}
