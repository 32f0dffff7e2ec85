/** The rows of routes that were written at once. */
import type { BulkResult, PeerResult } from '../result.js'
import { duration, number } from './format.js'
import type { TableRow } from './table-row.js'

/** Routes that come at once, and how many there are before. */
export type Span = Pick<BulkResult, 'from' | 'to'>

/** Everything that was written at once: where there were none first. */
export function spansOf(results: readonly PeerResult[]): readonly Span[] {
  const spans = new Map(results.flatMap(({ bulk }) => bulk).map(({ from, to }) => [`${from} ${to}`, { from, to }]))
  return [...spans.values()].sort((a, b) => a.from - b.from || a.to - b.to)
}

/** What a peer has measured of a span. */
export function bulkOf({ bulk }: PeerResult, { from, to }: Span): BulkResult | undefined {
  return bulk.find((each) => each.from === from && each.to === to)
}

const GOALS: Readonly<Record<string, string>> = { '0 1000': '≤ 1 s', '1000 3000': '≤ 1.5 s' }

/** A row for each span. */
export function bulkRows(results: readonly PeerResult[]): readonly TableRow[] {
  return spansOf(results).map((span) => ({
    work: `${number(span.to - span.from)} ${span.from === 0 ? 'routes at once' : `more at once, at ${number(span.from)}`}: all serving after the last write`,
    goal: GOALS[`${span.from} ${span.to}`] ?? '',
    isHeadline: true,
    cell: (result) => cellOf(bulkOf(result, span)),
  }))
}

function cellOf(found: BulkResult | undefined): string | undefined {
  if (found === undefined) return undefined
  return found.servingMs === undefined ? `stalled at ${number(found.stalledAt ?? 0)}` : duration(found.servingMs)
}
