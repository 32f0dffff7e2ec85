/** Routes one after the other, each measured from the API's answer to its first 200. */
import { apply } from '../cluster.js'
import { figuresOf, printFigures } from '../figures.js'
import { hostOf, routeManifest } from '../manifests.js'
import type { ProbePoint, ProbeResult } from '../result.js'
import { STALL_MS, type Stage, type Written } from '../stage.js'
import { Client } from '../traffic.js'

/** Routes in one point of the series. */
const POINT = 100

/** Adds the routes `from` to `to`; the series ends early where one does not serve in time, and when it has taken `withinMs`. */
export async function probe(stage: Stage, from: number, to: number, title: string, withinMs: number): Promise<Written<ProbeResult>> {
  const start = performance.now()
  const traffic = new Client(stage.address)
  const times: number[] = []
  const points: ProbePoint[] = []
  let stalledAt: number | undefined
  let lastWriteAt = performance.now()
  let isLast = false
  for (let i = from; i < to && !isLast; i++) {
    await apply(stage.client, routeManifest(i, '1'), stage.signal)
    lastWriteAt = performance.now()
    const took = await traffic.until(() => traffic.ask(hostOf(i)), STALL_MS)
    if (took === undefined) stalledAt = i
    else times.push(took)
    isLast = i === to - 1 || stalledAt !== undefined || performance.now() - start > withinMs
    if (times.length % POINT === 0 || isLast) point(i)
  }
  traffic.close()
  const figures = figuresOf(times)
  const short = times.length < to - from ? `; ${times.length} of ${to - from} within ${(withinMs / 1000).toFixed(0)} s` : ''
  const stalled = stalledAt === undefined ? short : `; stalled at ${stalledAt}`
  stage.say(`${title}: ${printFigures(figures)}; answers ${JSON.stringify(traffic.answers)}${stalled}`)
  const result = { from, wanted: to - from, figures, points, answers: traffic.answers, ...(stalledAt === undefined ? {} : { stalledAt }) }
  return { result, lastWriteAt }

  function point(i: number): void {
    const measured = points.reduce((sum, { count }) => sum + count, 0)
    const last = times.slice(measured)
    if (last.length === 0) return
    points.push({ routes: i + 1, ...figuresOf(last) })
    if (to - from > POINT) stage.say(`  ${i + 1} routes, the last ${last.length}: ${printFigures(figuresOf(last))}`)
  }
}
