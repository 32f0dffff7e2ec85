import { describe, expect, it } from '@jest/globals'
import { type Pumped, PumpQueue } from './pump-queue.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('PumpQueue', () => {
  it('pumps once what was added twice, without waiting for the next turn', async () => {
    // By a real clock the first look at an expectation may be all that a turn has.
    const queue = new PumpQueue(() => 0)
    let pumped = 0
    const stream = { pump: () => (pumped += 1) }
    queue.add(stream)
    queue.add(stream)
    await Promise.resolve()
    expect(pumped).toBe(1)
    queue.add(stream)
    await Promise.resolve()
    expect(pumped).toBe(2)
  })

  it('leaves a turn to others after a while, even when streams come back at once', async () => {
    let now = 0
    const queue = new PumpQueue(() => now)
    const pumpedInTurns: number[] = [0]
    // Each has another request as soon as one was taken, as a promise brings it, and costs two milliseconds.
    const back = (left: number): Pumped => ({
      pump() {
        now += 2
        pumpedInTurns.push((pumpedInTurns.pop() ?? 0) + 1)
        if (left > 0) void Promise.resolve().then(() => queue.add(back(left - 1)))
      },
    })
    for (let stream = 0; stream < 5; stream++) queue.add(back(4))
    for (let turns = 0; turns < 30; turns++) {
      await turn()
      pumpedInTurns.push(0)
    }
    expect(pumpedInTurns.reduce((sum, each) => sum + each, 0)).toBe(25)
    // The first looks at the clock after each: 2, 4 and 6 ms.
    expect(Math.max(...pumpedInTurns)).toBe(3)
  })

  it('serves what comes after a turn that was spent', async () => {
    let now = 0
    const queue = new PumpQueue(() => now)
    let pumped = 0
    const slow: Pumped = {
      pump() {
        now += 100
        pumped += 1
      },
    }
    queue.add(slow)
    await Promise.resolve()
    queue.add(slow)
    await Promise.resolve()
    expect(pumped).toBe(1)
    await turn()
    await turn()
    expect(pumped).toBe(2)
  })
})
