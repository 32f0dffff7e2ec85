/** Routes one after the other, each measured from the API's answer to its first 200. */
import { apply } from '../cluster.js'
import { figuresOf, printFigures } from '../figures.js'
import { hostOf, routeManifest } from '../manifests.js'
import type { ProbePoint, ProbeResult } from '../result.js'
import { atMost, STALL_MS, type Stage, type Written } from '../stage.js'
import { Client } from '../traffic.js'

/** Routes in one point of the series. */
const POINT = 100

/** Adds the routes `from` to `to`; the series ends early where one does not serve in time. */
export async function probe(stage: Stage, from: number, to: number, title: string): Promise<Written<ProbeResult>> {
  const traffic = new Client(stage.address)
  const times: number[] = []
  const points: ProbePoint[] = []
  let stalledAt: number | undefined
  let lastWriteAt = performance.now()
  for (let i = from; i < to && stalledAt === undefined; i++) {
    await apply(stage.client, routeManifest(i, '1'), stage.signal)
    lastWriteAt = performance.now()
    const took = await traffic.until(() => traffic.ask(hostOf(i)), atMost(stage, STALL_MS))
    if (took === undefined) stalledAt = i
    else times.push(took)
    const isLast = i === to - 1 || stalledAt !== undefined
    if (times.length % POINT === 0 || isLast) point(i)
  }
  traffic.close()
  const figures = figuresOf(times)
  const stalled = stalledAt === undefined ? '' : `; stalled at ${stalledAt}`
  stage.say(`${title}: ${printFigures(figures)}; answers ${JSON.stringify(traffic.answers)}${stalled}`)
  const result = { from, figures, points, answers: traffic.answers, ...(stalledAt === undefined ? {} : { stalledAt }) }
  return { result, lastWriteAt }

  function point(i: number): void {
    const measured = points.reduce((sum, { count }) => sum + count, 0)
    const last = times.slice(measured)
    if (last.length === 0) return
    points.push({ routes: i + 1, ...figuresOf(last) })
    if (to - from > POINT) stage.say(`  ${i + 1} routes, the last ${last.length}: ${printFigures(figuresOf(last))}`)
  }
}
