/** How long a new route takes to serve, against the number of routes that there are: both axes logarithmic. */
import type { PeerResult } from '../result.js'
import { COLOURS, duration, number } from './format.js'
import { logDomain, logScale, logTicks } from './scale.js'
import { line, path, picture, text } from './svg.js'

const WIDTH = 820
const HEIGHT = 460
const LEFT = 70
const RIGHT = 660
const TOP = 60
const BOTTOM = 400
const LABEL_HEIGHT = 16

/** One place of a curve: milliseconds at so many routes. */
interface Place {
  readonly routes: number
  readonly mean: number
  readonly p99: number
}

/** The plot of all results; undefined if none has measured it. */
export function propagationPlot(results: readonly PeerResult[]): string | undefined {
  const curves = results.map((result) => ({ result, places: placesOf(result) })).filter(({ places }) => places.length > 1)
  const all = curves.flatMap(({ places }) => places)
  if (all.length === 0) return undefined
  const xDomain = logDomain(all.map(({ routes }) => routes))
  const yDomain = logDomain([...all.flatMap(({ mean, p99 }) => [mean, p99]), 15])
  const x = logScale(xDomain, [LEFT, RIGHT])
  const y = logScale(yDomain, [BOTTOM, TOP])
  const grid = [
    ...logTicks(yDomain).flatMap((tick) => [
      line(LEFT, y(tick), RIGHT, y(tick), { stroke: '#e4e4e4' }),
      text(LEFT - 8, y(tick) + 4, duration(tick), 'end'),
    ]),
    ...logTicks(xDomain).flatMap((tick) => [
      line(x(tick), TOP, x(tick), BOTTOM, { stroke: '#f1f1f1' }),
      text(x(tick), BOTTOM + 20, number(tick), 'middle'),
    ]),
    line(LEFT, y(15), RIGHT, y(15), { stroke: '#999', 'stroke-dasharray': '2 4' }),
    text(LEFT + 6, y(15) - 5, 'goal for the mean: 15 ms', 'start', { fill: '#777', 'font-size': 11 }),
  ]
  const labelHeights = apart(curves.map(({ places }) => y(places.at(-1)?.mean ?? 1)))
  const drawn = curves.flatMap(({ result, places }, curve) => {
    const colour = COLOURS[result.peer] ?? '#666'
    const last = places.at(-1)
    const stalled = result.oneMore.find(({ stalledAt }) => stalledAt !== undefined)?.stalledAt ?? result.probe?.stalledAt
    const label = `${result.title}${stalled === undefined ? '' : `, stalled at ${number(stalled)}`}`
    return [
      path(
        places.map(({ routes, mean }) => [x(routes), y(mean)]),
        { stroke: colour, 'stroke-width': 2.5 },
      ),
      path(
        places.map(({ routes, p99 }) => [x(routes), y(p99)]),
        { stroke: colour, 'stroke-width': 1, 'stroke-dasharray': '5 3' },
      ),
      ...(last === undefined
        ? []
        : [text(x(last.routes) + 8, (labelHeights[curve] ?? 0) + 4, label, 'start', { fill: colour, 'font-weight': 'bold' })]),
    ]
  })
  const title = 'From the API’s answer to the first 200 of a new route'
  return picture(WIDTH, HEIGHT, title, [
    text(LEFT, 26, title, 'start', { 'font-size': 16, 'font-weight': 'bold' }),
    text(LEFT, 44, 'bold: mean, dashed: p99', 'start', { fill: '#777' }),
    text((LEFT + RIGHT) / 2, BOTTOM + 44, 'routes that exist, each with a host of its own', 'middle'),
    ...grid,
    ...drawn,
  ])
}

function placesOf(result: PeerResult): readonly Place[] {
  const series = result.probe?.points ?? []
  const more = result.oneMore.filter(({ isChurning, figures }) => !isChurning && figures.count > 0)
  const places = [...series, ...more.map(({ from, figures }) => ({ routes: from, ...figures }))]
  return places.map(({ routes, mean, p99 }) => ({ routes, mean, p99 })).sort((a, b) => a.routes - b.routes)
}

/** The same heights, moved down where two labels would lie on each other. */
function apart(heights: readonly number[]): readonly number[] {
  const placed: number[] = []
  const order = heights.map((_, index) => index).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))
  let free = Number.NEGATIVE_INFINITY
  for (const index of order) {
    const height = Math.max(heights[index] ?? 0, free)
    placed[index] = height
    free = height + LABEL_HEIGHT
  }
  return placed
}
