/** Requests while something is replaced: the pods of the backend, the controller. */
import { allPodsOf, apply, deletePod, pause, podsOf, rollBackend } from '../cluster.js'
import { hostOf, routeManifest } from '../manifests.js'
import type { DisturbanceResult } from '../result.js'
import { atMost, type Stage } from '../stage.js'
import { Client, underLoad } from '../traffic.js'

const CONNECTIONS = 4

/** How long a new controller may take until it serves a new route. */
const PATIENCE_MS = 120_000

const someHosts = (routes: number): readonly string[] => Array.from({ length: Math.min(routes, 20) }, (_, i) => hostOf(i))

/** Replaces every pod of the backend, twice, as `kubectl rollout restart` does. */
export async function endpointRoll(stage: Stage, routes: number): Promise<DisturbanceResult> {
  const start = performance.now()
  const { answers } = await underLoad(stage.address, someHosts(routes), CONNECTIONS, async () => {
    await rollBackend(stage.client, stage.signal)
    await rollBackend(stage.client, stage.signal)
    await pause(1_000)
  })
  stage.say(`backend rolled twice under load: answers ${JSON.stringify(answers)}`)
  return { routes, answers, tookMs: Math.round(performance.now() - start), isStalled: false }
}

/** Deletes the controller's pods and adds a route: from the deletion until that route serves, with requests to the others meanwhile. */
export async function restart(stage: Stage, routes: number): Promise<DisturbanceResult> {
  const probe = new Client(stage.address)
  const { value: tookMs, answers } = await underLoad(stage.address, someHosts(routes), 1, async () => {
    const pods = await podsOf(stage.client, stage.peer.controller, stage.signal)
    for (const pod of pods) await deletePod(stage.client, pod, stage.signal)
    // Not before the old one has ended: it would serve the route, and nothing be measured.
    const start = performance.now()
    const isGone = async (): Promise<boolean> => {
      const left = await allPodsOf(stage.client, stage.peer.controller, stage.signal)
      return !left.some(({ uid }) => pods.some((pod) => pod.uid === uid))
    }
    while (!(await isGone())) await pause(100)
    await apply(stage.client, routeManifest(routes, 'after'), stage.signal)
    const served = await probe.until(() => probe.ask(hostOf(routes)), atMost(stage, PATIENCE_MS), 10)
    return served === undefined ? undefined : Math.round(performance.now() - start)
  })
  probe.close()
  const text = tookMs === undefined ? `no new route within ${PATIENCE_MS / 1000} s` : `a new route serves after ${tookMs} ms`
  stage.say(`controller replaced at ${routes} routes: ${text}; answers of the others ${JSON.stringify(answers)}`)
  return { routes, answers, ...(tookMs === undefined ? {} : { tookMs }), isStalled: tookMs === undefined }
}
