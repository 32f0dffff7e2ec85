/** One route changes its backend again and again while clients ask without pause. */
import { apply, pause } from '../cluster.js'
import { BACKEND, type BackendRef, FRESH, hostOf, OTHER, routeManifest } from '../manifests.js'
import type { FlipResult } from '../result.js'
import type { Stage } from '../stage.js'
import { underLoad } from '../traffic.js'
import { PassingServices } from './passing-services.js'

/** Connections that ask: enough for the workers of an Envoy on two cores to have some each. */
const CONNECTIONS = 4

/**
 * Flips of route 0, one each `intervalMs`.
 *
 * @param isNewCluster flips go from Service to Service, each one that no other route names: the Envoy gets a new cluster each time
 */
export function flips(stage: Stage, count: number, intervalMs: number, isNewCluster: boolean): Promise<FlipResult> {
  return series(stage, count, intervalMs, { isNewCluster }, async (flip) => {
    const fresh = FRESH[flip % FRESH.length] ?? OTHER
    return isNewCluster ? fresh : flip % 2 === 0 ? OTHER : BACKEND
  })
}

/** Flips of route 0, each to a Service that was made for it and that no route has ever named. */
export async function flipsToNewServices(stage: Stage, count: number, intervalMs: number): Promise<FlipResult> {
  const services = new PassingServices(stage, count)
  const result = await series(stage, count, intervalMs, { isNewCluster: true, isNewService: true }, (flip) => services.of(flip))
  // The route shall not name what is about to go.
  await apply(stage.client, routeManifest(0, '1'), stage.signal)
  await services.removeUpTo(count)
  return result
}

type Kind = Pick<FlipResult, 'isNewCluster' | 'isNewService'>

async function series(
  stage: Stage,
  count: number,
  intervalMs: number,
  kind: Kind,
  backendOf: (flip: number) => Promise<BackendRef>,
): Promise<FlipResult> {
  const name = kind.isNewService === true ? 'flips to new Services' : kind.isNewCluster ? 'flips to new clusters' : 'flips'
  // No other series has the same: what answers tell is of this one.
  const version = (flip: number): string => `${name.replaceAll(' ', '-')}-${intervalMs}-${flip}`
  const { answers, versions } = await underLoad(stage.address, [hostOf(0)], CONNECTIONS, async () => {
    for (let flip = 0; flip < count; flip++) {
      const backend = await backendOf(flip)
      await apply(stage.client, routeManifest(0, version(flip), backend), stage.signal)
      await pause(intervalMs)
    }
    // What comes late comes under load, too.
    await pause(2_000)
  })
  const seen = Array.from({ length: count }, (_, flip) => version(flip)).filter((each) => versions.has(each)).length
  stage.say(`${count} ${name}, ${intervalMs} ms apart: ${seen} seen; answers ${JSON.stringify(answers)}`)
  return { intervalMs, ...kind, flips: count, seen, answers }
}
