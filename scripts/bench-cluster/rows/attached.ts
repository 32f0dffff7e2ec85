/** How fast and with how many writes the Gateway says how many routes are attached. */
import { pause } from '../cluster.js'
import { GatewayWatch } from '../gateway-watch.js'
import type { AttachedResult } from '../result.js'
import { atMost, type Stage } from '../stage.js'

/** How long the number may lag behind. */
const PATIENCE_MS = 90_000

/**
 * Watches the Gateway during some writes and until its number is right.
 *
 * @param expected what the number is afterwards
 * @param routes how many routes came or went
 * @param work resolves when the last write was answered, with the time of that: what it does besides does not count
 */
export async function attached(
  stage: Stage,
  way: AttachedResult['way'],
  routes: number,
  expected: number,
  work: () => Promise<number>,
): Promise<AttachedResult> {
  const watch = new GatewayWatch(stage.client)
  await pause(500)
  const lastWrite = await work()
  const at = await watch.reaches(expected, atMost(stage, PATIENCE_MS))
  // Writes that change nothing any more are writes, too.
  await pause(2_000)
  watch.close()
  const lagMs = at === undefined ? undefined : Math.max(0, Math.round(at - lastWrite))
  const outcome = lagMs === undefined ? { stalledAt: watch.attached } : { lagMs }
  const text = lagMs === undefined ? `stalled at ${watch.attached}` : `right ${lagMs} ms after the last write`
  stage.say(`attachedRoutes, ${routes} routes ${way}: ${text}, ${watch.writes} writes to the Gateway`)
  return { way, routes, ...outcome, gatewayWrites: watch.writes }
}
