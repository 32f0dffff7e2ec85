/** One route changes its backend again and again while clients ask without pause. */
import { apply, pause } from '../cluster.js'
import { BACKEND, FRESH, hostOf, OTHER, routeManifest } from '../manifests.js'
import type { FlipResult } from '../result.js'
import type { Stage } from '../stage.js'
import { underLoad } from '../traffic.js'

/** Connections that ask: enough for the workers of an Envoy on two cores to have some each. */
const CONNECTIONS = 4

/**
 * Flips of route `i`, one each `intervalMs`.
 *
 * @param isNewCluster flips go from Service to Service, each one that no other route names: the Envoy gets a new cluster each time
 */
export async function flips(stage: Stage, i: number, count: number, intervalMs: number, isNewCluster: boolean): Promise<FlipResult> {
  const { answers } = await underLoad(stage.address, [hostOf(i)], CONNECTIONS, async () => {
    for (let flip = 0; flip < count; flip++) {
      const fresh = FRESH[flip % FRESH.length] ?? OTHER
      const next = flip % 2 === 0 ? OTHER : BACKEND
      await apply(stage.client, routeManifest(i, String(flip), isNewCluster ? fresh : next), stage.signal)
      await pause(intervalMs)
    }
    // What comes late comes under load, too.
    await pause(2_000)
  })
  const kind = isNewCluster ? 'flips to new clusters' : 'flips'
  stage.say(`${count} ${kind}, ${intervalMs} ms apart: answers ${JSON.stringify(answers)}`)
  return { intervalMs, isNewCluster, flips: count, answers }
}
