/** The rows of backend flips: a series each, the slow ones first. */
import type { FlipResult, PeerResult } from '../result.js'
import { number, wrong } from './format.js'
import type { TableRow } from './table-row.js'

/** A row for each series that any of the results has. */
export function flipRows(results: readonly PeerResult[]): readonly TableRow[] {
  const series = new Map(results.flatMap(({ flips }) => flips ?? []).map((each) => [titleOf(each), each]))
  return [...series].map(([title, each]) => ({
    work: title,
    goal: '0',
    ...(each.intervalMs === FASTEST_MS ? { isHeadline: true as const } : {}),
    cell: ({ flips }) => cellOf(flips?.find((other) => titleOf(other) === title)),
  }))
}

const FASTEST_MS = 20

function titleOf({ flips, intervalMs, isNewCluster, isNewService }: FlipResult): string {
  const to = isNewService === true ? ', each to a Service made for it' : isNewCluster ? ', to new clusters' : ''
  return `${number(flips)} backend flips ${intervalMs} ms apart under load${to}: not 200`
}

function cellOf(found: FlipResult | undefined): string | undefined {
  if (found === undefined) return undefined
  const missed = found.seen === undefined || found.seen === found.flips ? '' : ` (${number(found.seen)} flips seen)`
  return `${wrong(found.answers)}${missed}`
}
