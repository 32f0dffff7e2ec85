/** When a change of a route has reached the proxies. */
import { pause } from '../cluster.js'
import { hostOf } from '../manifests.js'
import { atMost, STALL_MS, type Stage } from '../stage.js'
import { Client } from '../traffic.js'

/** A changed route, and how its answers show that. */
export interface Change {
  readonly route: number
  readonly version: string
}

/** Milliseconds until the last change shows; undefined if it does not. */
export async function shows(stage: Stage, { route, version }: Change): Promise<number | undefined> {
  const client = new Client(stage.address)
  const start = performance.now()
  const end = start + atMost(stage, STALL_MS)
  let took: number | undefined
  while (took === undefined && performance.now() < end) {
    if ((await client.ask(hostOf(route))).version === version) took = performance.now() - start
    else await pause(5)
  }
  client.close()
  return took
}
