/** The list of our own kinds in the chart, as Artifact Hub shows it. */
import { KINDS } from '../../src/kinds/index.js'
import type { KindDefinition } from '../../src/schema/kind.js'

/** Where the list stands in the repository. */
export const CHART_FILE = 'charts/headgate/Chart.yaml'

const KEY = '  artifacthub.io/crds: |\n'

/** The text of Chart.yaml with the list of now. Throws if it has none. */
export function withKinds(chart: string, kinds: readonly KindDefinition[] = KINDS): string {
  const start = chart.indexOf(KEY)
  if (start < 0) throw new Error(`${CHART_FILE} has no annotation artifacthub.io/crds`)
  const from = start + KEY.length
  const rest = chart.slice(from)
  // The block ends at the next key of the annotations.
  const end = rest.search(/^ {2}\S/m)
  return (
    chart.slice(0, from) +
    kinds
      .filter((kind) => kind.isOwn)
      .map(entry)
      .join('') +
    rest.slice(end)
  )
}

function entry({ kind, versions, plural, group, schema }: KindDefinition): string {
  return [
    `    - kind: ${kind}`,
    `      version: ${versions[0]}`,
    `      name: ${plural}.${group}`,
    `      displayName: ${kind}`,
    `      description: ${JSON.stringify(schema.description)}`,
    '',
  ].join('\n')
}
