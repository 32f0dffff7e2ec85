/** `gatewayctl history`: the last revisions, what caused them, and when the proxies had them. */
import type { AllReplicas } from '../../admin/all-replicas.js'
import { compareText } from '../../util/compare-text.js'
import { describeObject } from '../../util/object-ref.js'
import type { RevisionRecord } from '../../xds/revision-history.js'
import { EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { printValue } from '../output/print.js'
import { printTable } from '../output/table.js'
import { replicaColumn, silentReplicas } from '../replicas.js'

type Entry = AllReplicas<RevisionRecord>['found'][number]

/** How much history. */
export interface HistoryOptions extends OutputOptions {
  readonly limit: number
}

/** Prints the newest revisions of all replicas, the newest last; 3 where a replica does not answer. */
export async function historyCommand(context: CliContext, options: HistoryOptions): Promise<number> {
  const history = await context.client.history(options.limit)
  const entries = await withoutOnlookers(history.found, context)
  const last = entries.toSorted((a, b) => compareText(a.at, b.at)).slice(-options.limit)
  context.out(printValue(options.output, last, () => printHistory({ ...history, found: last }, context)))
  const silent = silentReplicas(history)
  context.error(silent)
  return silent === '' ? EXIT.ok : EXIT.findings
}

/** All replicas make every revision: of those that no proxy of theirs waited for, nothing is to be told where another replica has proxies of the group. */
async function withoutOnlookers(entries: readonly Entry[], { client }: CliContext): Promise<readonly Entry[]> {
  if (new Set(entries.map(({ replica }) => replica)).size < 2) return entries
  const { found } = await client.proxies()
  return entries.filter(
    ({ group, replica, acknowledged: by }) =>
      by.length > 0 ||
      found.every((proxy) => proxy.group !== group) ||
      found.some((proxy) => proxy.group === group && proxy.replica === replica),
  )
}

function printHistory(history: AllReplicas<RevisionRecord>, { style }: CliContext): string {
  return printTable(
    [
      { title: 'TIME', cell: ({ at }: Entry) => at.slice(11, 23) },
      { title: 'GROUP', cell: ({ group }) => group },
      ...replicaColumn(history),
      { title: 'REVISION', cell: ({ revision }) => String(revision) },
      { title: 'TRANSLATED', cell: ({ stages }) => (stages === undefined ? '' : `in ${stages.translateMs.toFixed(1)} ms`) },
      { title: 'CHANGED', cell: changes },
      { title: 'ACKNOWLEDGED', cell: (record) => acknowledged(record, style) },
      { title: 'CAUSE', cell: causes },
    ],
    history.found,
    'Nothing has changed yet.',
  )
}

/** `2 Cluster, 1 Listener`, and how many more there are. */
function changes({ changes: listed, totalChanges }: RevisionRecord): string {
  const counts = new Map<string, number>()
  for (const { typeUrl } of listed) {
    const name = typeUrl.slice(typeUrl.lastIndexOf('.') + 1)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const parts = [...counts].map(([name, count]) => `${count} ${name}`)
  return [...parts, ...(totalChanges > listed.length ? [`${totalChanges - listed.length} more`] : [])].join(', ')
}

/** How many proxies have it, and how long the slowest of them took. */
function acknowledged({ at, acknowledged: by }: RevisionRecord, style: CliContext['style']): string {
  const last = by.at(-1)
  if (last === undefined) return style.waiting('by nobody yet')
  return `by ${by.length} after ${Date.parse(last.at) - Date.parse(at)} ms`
}

const MOST_CAUSES = 3

function causes({ causes: all }: RevisionRecord): string {
  const names = all.slice(0, MOST_CAUSES).map((object) => `${describeObject(object)}@${object.generation}`)
  return `${names.join(', ')}${all.length > MOST_CAUSES ? ` and ${all.length - MOST_CAUSES} more` : ''}`
}
