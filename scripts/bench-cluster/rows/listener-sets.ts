/** ListenerSets, each with a listener for HTTPS and routes of its own: what a platform with many teams has. */
import type { JsonObject } from '../../../src/k8s/kube-json.js'
import { createAuthority } from '../../../test/support/certificates.js'
import { apply, forEachAtOnce, pause } from '../cluster.js'
import { BACKEND, NAMESPACE } from '../manifests.js'
import type { ListenerSetResult } from '../result.js'
import { atMost, controllerUsage, type Stage } from '../stage.js'
import { Client } from '../traffic.js'

/** Routes of each set. */
export const ROUTES_PER_SET = 16

/** A line of progress after so many. */
const SETS_PER_LINE = 250

const PATIENCE_MS = 180_000

const hostOf = (set: number): string => `set-${set}.sets.example.com`

/**
 * From the last write until each listener has answered for its last route by HTTPS.
 *
 * @param beside how many routes exist besides
 */
export async function listenerSets(stage: Stage, sets: number, beside: number): Promise<ListenerSetResult> {
  await apply(stage.client, await certificate(), stage.signal)
  const indices = Array.from({ length: sets }, (_, i) => i)
  const start = performance.now()
  await forEachAtOnce(indices, 10, async (set) => {
    await apply(stage.client, listenerSet(set), stage.signal)
    for (let route = 0; route < ROUTES_PER_SET; route++) await apply(stage.client, routeOf(set, route), stage.signal)
    if ((set + 1) % SETS_PER_LINE === 0) stage.say(`${set + 1} of ${sets} ListenerSets written`)
  })
  const end = performance.now()
  const giveUpAt = end + atMost(stage, PATIENCE_MS)
  const client = new Client(stage.address)
  let served = 0
  for (const set of indices) {
    while ((await client.askTls(hostOf(set))).status !== 200 && performance.now() < giveUpAt) await pause(10)
    if (performance.now() >= giveUpAt) break
    served++
  }
  client.close()
  const servingMs = Math.round(performance.now() - end)
  const controllerMb = (await controllerUsage(stage)).memoryMb
  const text = served === sets ? `all serving ${servingMs} ms after the last write` : `stalled at ${served}`
  stage.say(
    `${sets} ListenerSets with ${sets * ROUTES_PER_SET} routes, beside ${beside}: ${text}, controller ${controllerMb.toFixed(0)} MB; ` +
      `answers ${JSON.stringify(client.answers)}`,
  )
  return {
    sets,
    routes: sets * ROUTES_PER_SET,
    beside,
    writeMs: Math.round(end - start),
    ...(served === sets ? { servingMs } : { stalledAt: served }),
    answers: client.answers,
    controllerMb,
  }
}

/** The certificate that all sets share. */
export async function certificate(): Promise<JsonObject> {
  const { certificate, privateKey } = await (await createAuthority()).issue({ dns: ['*.sets.example.com'] })
  const metadata = { name: 'sets', namespace: NAMESPACE }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata,
    stringData: { 'tls.crt': certificate, 'tls.key': privateKey },
  }
}

/** A set with one listener. */
export function listenerSet(set: number): JsonObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'ListenerSet',
    metadata: { name: `set-${set}`, namespace: NAMESPACE },
    spec: {
      parentRef: { name: 'bench', kind: 'Gateway', group: 'gateway.networking.k8s.io' },
      listeners: [{ name: 'https', port: 443, protocol: 'HTTPS', hostname: hostOf(set), tls: { certificateRefs: [{ name: 'sets' }] } }],
    },
  }
}

/** A route of a set. */
export function routeOf(set: number, route: number): JsonObject {
  // The last route is the one that is asked for.
  const value = route === ROUTES_PER_SET - 1 ? '/' : `/team-${route}`
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: `set-${set}-${route}`, namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: `set-${set}`, kind: 'ListenerSet', group: 'gateway.networking.k8s.io' }],
      rules: [{ matches: [{ path: { type: 'PathPrefix', value } }], backendRefs: [BACKEND] }],
    },
  }
}
