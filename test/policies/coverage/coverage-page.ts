/** docs/reference/policy-coverage.md: every field of Envoy Gateway's extension API, what it is here, and what proves it. */
import type { FeatureTest } from '../../features/coverage.js'
import { type CoverageRow, coverageRows, type FieldTable } from './field-table.js'

/** The tests that prove a field of ours: those that name it or something in it. */
export function proofsOf(field: string, tests: readonly FeatureTest[]): readonly FeatureTest[] {
  return tests.filter(({ rows }) => rows.some((row) => row === field || row.startsWith(`${field}.`)))
}

/** The page as it must stand in the repository. */
export function coveragePage(tables: readonly FieldTable[], tests: readonly FeatureTest[]): string {
  const rows = tables.flatMap(coverageRows)
  const proven = rows.filter(({ ours }) => ours !== undefined)
  const excepted = rows.filter(({ exception }) => exception !== undefined)
  const open = rows.length - proven.length - excepted.length
  const percent = ((100 * excepted.length) / rows.length).toFixed(1)
  return `<!-- Generated from test/policies/coverage by scripts/generate-features.ts: do not edit. -->
# Fields of policies, and what proves them

Every field of the extension API of Envoy Gateway v1.9.0, the field of ours that does the same, and the tests that prove it: by requests
through a real Envoy or, where a field says how Envoys run, by what is made of it. ${rows.length} fields: ${proven.length} supported with a test, ${excepted.length} exceptions (${percent} %)${open === 0 ? '' : `, ${open} not here yet`}.

\`npm test -- test/policies\` runs them; a field without a test fails. The fields themselves are described in [kinds.md](kinds.md).

${tables.map((table) => section(table, tests)).join('\n')}`
}

function section(table: FieldTable, tests: readonly FeatureTest[]): string {
  const lines = coverageRows(table).map((row) => `| \`${row.theirs}\` | ${ours(row, table)} | ${proof(row, tests)} |`)
  return `## ${table.theirs}\n\n| field of Envoy Gateway | here (${table.ours}) | proven by |\n| --- | --- | --- |\n${lines.join('\n')}\n`
}

function ours({ theirs, ours: field, exception }: CoverageRow, table: FieldTable): string {
  if (field === undefined) return exception === undefined ? 'not yet' : 'no'
  const path = field.startsWith(`${table.ours} `) ? field.slice(table.ours.length + 1) : field
  return path === theirs ? 'the same' : `\`${path}\``
}

function proof({ ours: field, exception }: CoverageRow, tests: readonly FeatureTest[]): string {
  if (field === undefined) return exception === undefined ? '' : `*${exception}*`
  return proofsOf(field, tests)
    .map(({ file, title }) => `${title} ([${file.replace('.test.ts', '')}](../../test/policies/${file}))`)
    .join('<br>')
}
