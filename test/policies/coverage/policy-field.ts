/**
 * A test that shows through the real Envoy what fields of policies do.
 *
 * A row is a kind of ours and a path below its `spec`, such as `BackendTrafficPolicy retry.numRetries`; lists add nothing to a path.
 * `test/docs/policy-coverage.test.ts` fails when a field that a table claims has no test, and docs/reference/policy-coverage.md lists them.
 */
import { it } from '@jest/globals'

/**
 * Registers a test.
 *
 * @param rows literals, because the page is made by reading the sources; `{a,b}` in a row stands for both, as in a shell
 * @param timeoutMs how long the test may take
 */
export function policyField(rows: readonly string[], title: string, run: () => Promise<void>, timeoutMs = 60_000): void {
  if (rows.length === 0) throw new Error(`"${title}" proves no field: use it() instead`)
  it(title, run, timeoutMs)
}
