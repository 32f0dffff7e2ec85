/** `gatewayctl history`: the last revisions, what caused them, and when the proxies had them. */
import type { HistoryEntry } from '../../admin/revision-history.js'
import { EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { printValue } from '../output/print.js'
import { printTable } from '../output/table.js'

/** How much history. */
export interface HistoryOptions extends OutputOptions {
  readonly limit: number
}

/** Prints the newest revisions, the newest last. */
export async function historyCommand(context: CliContext, options: HistoryOptions): Promise<number> {
  const entries = (await context.client.history()).slice(-options.limit)
  context.out(printValue(options.output, entries, () => printHistory(entries, context)))
  return EXIT.ok
}

function printHistory(entries: readonly HistoryEntry[], { style }: CliContext): string {
  return printTable(
    [
      { title: 'TIME', cell: ({ at }: HistoryEntry) => at.slice(11, 23) },
      { title: 'GROUP', cell: ({ group }) => group },
      { title: 'REVISION', cell: ({ revision }) => String(revision) },
      { title: 'CHANGED', cell: changes },
      { title: 'DELIVERED', cell: (entry) => delivered(entry, style) },
      {
        title: 'CAUSE',
        cell: ({ causes }) => (causes.length > 3 ? `${causes.slice(0, 3).join(', ')} and ${causes.length - 3} more` : causes.join(', ')),
      },
    ],
    entries,
    'Nothing has changed yet.',
  )
}

/** `2 Cluster, 1 Listener`, and how many more there are. */
function changes({ changes: listed, changeCount }: HistoryEntry): string {
  const counts = new Map<string, number>()
  for (const { typeUrl } of listed) {
    const name = typeUrl.slice(typeUrl.lastIndexOf('.') + 1)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const parts = [...counts].map(([name, count]) => `${count} ${name}`)
  return [...parts, ...(changeCount > listed.length ? [`${changeCount - listed.length} more`] : [])].join(', ')
}

function delivered({ at, deliveredAt }: HistoryEntry, style: CliContext['style']): string {
  return deliveredAt === undefined ? style.waiting('not yet') : `after ${Date.parse(deliveredAt) - Date.parse(at)} ms`
}
