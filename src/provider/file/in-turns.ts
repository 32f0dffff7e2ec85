import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InParts } from '../../util/in-parts.js'

/** How long a turn of the event loop may take, in milliseconds. */
const TURN_MS = 8

/** Does as many parts in a turn of the event loop as there is time for. Fails when the work does. */
export async function inTurns<Result>(work: InParts<Result>): Promise<Result> {
  for (let end = performance.now() + TURN_MS; ; ) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() < end) continue
    await nextTurn()
    end = performance.now() + TURN_MS
  }
}
