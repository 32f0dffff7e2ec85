/** How fast and with how many writes the Gateway says how many routes are attached. */
import { pause } from '../cluster.js'
import { GatewayWatch } from '../gateway-watch.js'
import type { AttachedResult } from '../result.js'
import { atMost, type Stage } from '../stage.js'

/** How long the number may lag behind. */
const PATIENCE_MS = 45_000

/** Routes that came or went. */
export interface Changed {
  /** How many. */
  readonly routes: number
  /** What the number is afterwards. */
  readonly expected: number
  /** When the last write was answered. */
  readonly lastWriteAt: number
}

/**
 * Watches the Gateway during some writes and until its number is right.
 *
 * @param work writes; what it does after the last of them does not count
 */
export async function attached(stage: Stage, way: AttachedResult['way'], work: () => Promise<Changed>): Promise<AttachedResult> {
  const watch = new GatewayWatch(stage.client)
  await pause(500)
  const { routes, expected, lastWriteAt } = await work()
  const at = await watch.reaches(expected, atMost(stage, PATIENCE_MS))
  // Writes that change nothing any more are writes, too.
  await pause(2_000)
  watch.close()
  const lagMs = at === undefined ? undefined : Math.max(0, Math.round(at - lastWriteAt))
  const outcome = lagMs === undefined ? { stalledAt: watch.attached } : { lagMs }
  const text = lagMs === undefined ? `stalled at ${watch.attached}` : `right ${lagMs} ms after the last write`
  stage.say(`attachedRoutes, ${routes} routes ${way}: ${text}, ${watch.writes} writes to the Gateway`)
  return { way, routes, ...outcome, gatewayWrites: watch.writes }
}
