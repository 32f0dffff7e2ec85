/** Bars: how long many routes take until all of them serve, when they are written at once. */
import type { PeerResult } from '../result.js'
import { bulkOf, spansOf } from './bulk-rows.js'
import { COLOURS, duration, number } from './format.js'
import { element, line, picture, text } from './svg.js'

const WIDTH = 820
const LEFT = 290
const RIGHT = 690
const BAR = 20
const GAP = 26

/** The plot of all results; undefined if none has measured it. */
export function bulkPlot(results: readonly PeerResult[]): string | undefined {
  const spans = spansOf(results)
  const longest = Math.max(...results.flatMap(({ bulk }) => bulk.map(({ servingMs }) => servingMs ?? 0)))
  if (spans.length === 0 || longest <= 0) return undefined
  const drawn: string[] = []
  let top = 64
  for (const span of spans) {
    const { from, to } = span
    const label = from === 0 ? `${number(to)} at once` : `${number(to - from)} more, at ${number(from)}`
    drawn.push(text(20, top + 14, label, 'start', { 'font-weight': 'bold' }))
    for (const result of results) {
      const each = bulkOf(result, span)
      if (each === undefined) continue
      const width = each.servingMs === undefined ? RIGHT - LEFT : Math.max(2, ((RIGHT - LEFT) * each.servingMs) / longest)
      const colour = COLOURS[result.peer] ?? '#666'
      const fill = each.servingMs === undefined ? { fill: 'none', stroke: colour, 'stroke-dasharray': '4 3' } : { fill: colour }
      const value = each.servingMs === undefined ? `stalled at ${number(each.stalledAt ?? 0)}` : duration(each.servingMs)
      drawn.push(text(LEFT - 8, top + 14, result.title, 'end'))
      drawn.push(element('rect', { x: LEFT, y: top, width, height: BAR - 2, ...fill }))
      drawn.push(text(LEFT + width + 6, top + 14, value))
      top += BAR
    }
    top += GAP
  }
  const title = 'Routes written at once: from the last write until every one has served'
  return picture(WIDTH, top, title, [
    text(20, 28, title, 'start', { 'font-size': 16, 'font-weight': 'bold' }),
    line(LEFT, 52, LEFT, top - GAP + 4, { stroke: '#bbb' }),
    ...drawn,
  ])
}
