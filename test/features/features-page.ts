/** docs/reference/features.md: every row of the feature table, and what proves it. */
import { expandBraces, type FeatureTest } from './coverage.js'
import type { Exception } from './exceptions.js'
import type { Row } from './rows.js'

/** The page as it must stand in the repository. */
export function featuresPage(rows: readonly Row[], tests: readonly FeatureTest[], exceptions: readonly Exception[]): string {
  const proofs = new Map<string, FeatureTest[]>()
  for (const test of tests) for (const row of test.rows) proofs.set(row, [...(proofs.get(row) ?? []), test])
  const reasons = new Map(exceptions.flatMap(({ row, reason }) => expandBraces(row).map((name) => [name, reason] as const)))
  const groups = [...new Set(rows.map(({ group }) => group))]
  return `<!-- Generated from test/features by scripts/generate-features.ts: do not edit. -->
# Features

Every leaf field of GatewayClass, Gateway, HTTPRoute, GRPCRoute and ReferenceGrant in the experimental channel of Gateway API v1.7.0, and every
condition and reason of their statuses, with the tests that prove it: each of them runs the whole of Headgate standalone, with a folder of
YAML, a real Envoy, real backends and real requests. ${rows.length} rows, ${rows.filter(({ name }) => proofs.has(name) && !reasons.has(name)).length} of them proven; why the others are
not stands in their rows.

\`npm test -- test/features\` runs them; a row without a test or a reason fails.

${groups.map((group) => table(group, rows, proofs, reasons)).join('\n')}`
}

function table(
  group: string,
  rows: readonly Row[],
  proofs: ReadonlyMap<string, readonly FeatureTest[]>,
  reasons: ReadonlyMap<string, string>,
): string {
  const lines = rows
    .filter((row) => row.group === group)
    .map(({ name }) => {
      const tests = (proofs.get(name) ?? []).map(
        ({ file, title }) => `${title} ([${file.replace('.test.ts', '')}](../../test/features/${file}))`,
      )
      const reason = reasons.get(name)
      const cells = [...(reason === undefined ? [] : [`*${reason}*`]), ...tests]
      return `| \`${shortName(name, group)}\` | ${cells.length === 0 ? 'not proven' : cells.join('<br>')} |`
    })
  return `## ${group}\n\n| row | proven by |\n| --- | --- |\n${lines.join('\n')}\n`
}

/** The heading already says whose field or status it is. */
function shortName(name: string, group: string): string {
  const owner = `${group.replace(' status', '')} `
  return name.startsWith(owner) ? name.slice(owner.length) : name
}
