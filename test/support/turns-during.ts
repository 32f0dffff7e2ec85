import { setImmediate as nextTurn } from 'node:timers/promises'

/** How many turns of the event loop others get until the promise is settled. */
export async function turnsDuring(promise: Promise<unknown>): Promise<number> {
  let isSettled = false
  const settled = (): void => {
    isSettled = true
  }
  promise.then(settled, settled)
  let turns = 0
  for (; !isSettled; turns++) await nextTurn()
  return turns
}
