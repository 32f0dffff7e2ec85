/** Many routes at once: from the last write until all of them serve. */
import { apply, forEachAtOnce, pause, ROUTES, remove } from '../cluster.js'
import { hostOf, routeManifest, routeName } from '../manifests.js'
import type { BulkResult } from '../result.js'
import { atMost, type Stage, type Written } from '../stage.js'
import { Client, sum } from '../traffic.js'

/** Writes that are on their way to the API server at the same time. */
const WRITERS = 20

/** Clients that look which routes serve. */
const ASKERS = 4

/** How long the routes may take altogether after the last write, but no more than a fifth of the peer's time. */
const PATIENCE_MS = 180_000

/**
 * Writes the routes `from` to `to`. Askers follow the writes in their order while these go on: a route counts when it has answered 200
 * once, and one that has not is asked again after 10 ms, so that looking costs the slow no more than the fast.
 */
export async function bulk(stage: Stage, from: number, to: number): Promise<Written<BulkResult>> {
  const start = performance.now()
  const written: number[] = []
  const clients = Array.from({ length: ASKERS }, () => new Client(stage.address))
  let next = 0
  let served = 0
  let giveUpAt = Number.POSITIVE_INFINITY
  const ask = async (client: Client): Promise<void> => {
    while (served < to - from && performance.now() < giveUpAt) {
      const i = written[next]
      if (i === undefined) {
        if (next >= to - from) return
        await pause(1)
        continue
      }
      next++
      while ((await client.ask(hostOf(i))).status !== 200) {
        if (performance.now() > giveUpAt) return
        await pause(10)
      }
      served++
    }
  }
  const asking = Promise.all(clients.map(ask))
  const indices = Array.from({ length: to - from }, (_, k) => from + k)
  await forEachAtOnce(indices, WRITERS, async (i) => {
    await apply(stage.client, routeManifest(i, '1'), stage.signal)
    written.push(i)
  })
  const end = performance.now()
  giveUpAt = end + atMost(stage, Math.min(PATIENCE_MS, stage.totalMs / 5))
  await asking
  const servingMs = Math.round(performance.now() - end)
  for (const client of clients) client.close()
  const answers = sum(clients.map((client) => client.answers))
  const writeMs = Math.round(end - start)
  const outcome = served === to - from ? { servingMs } : { stalledAt: from + served }
  const text = served === to - from ? `all serving ${servingMs} ms after the last write` : `stalled at ${from + served}`
  stage.say(`${to - from} more routes at once, at ${from}: written in ${writeMs} ms, ${text}; answers ${JSON.stringify(answers)}`)
  return { result: { from, to, writeMs, ...outcome, answers }, lastWriteAt: end }
}

/** Deletes the routes `from` to `to`. */
export async function deleteRoutes(stage: Stage, from: number, to: number): Promise<void> {
  const indices = Array.from({ length: to - from }, (_, k) => from + k)
  await forEachAtOnce(indices, WRITERS, (i) => remove(stage.client, ROUTES, routeName(i), stage.signal))
}
