/**
 * A test of a feature through the real Envoy, and the rows of the feature table that it proves.
 *
 * A row is a leaf field of the Gateway API (`HTTPRoute spec.rules.matches.path.type`) or a constant of its statuses
 * (`Listener reason HostnameConflict`). `coverage.test.ts` fails when a row has no test, and docs/reference/features.md lists them.
 */
import { it } from '@jest/globals'

/**
 * Registers a test.
 *
 * @param rows literals, because the table is made by reading the sources; `{a,b}` in a row stands for both, as in a shell
 */
export function feature(rows: readonly string[], title: string, run: () => Promise<void>): void {
  if (rows.length === 0) throw new Error(`"${title}" proves no row: use it() instead`)
  it(title, run, 30_000)
}
