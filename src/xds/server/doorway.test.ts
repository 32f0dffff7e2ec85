import { Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { Doorway } from './doorway.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A doorway, a clock that only the test moves, and who was let in. */
function doorway() {
  let now = 0
  const inside: Socket[] = []
  const door = new Doorway(
    (socket) => inside.push(socket),
    () => now,
  )
  return {
    door,
    inside,
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    crowd: (size: number) => {
      const sockets = Array.from({ length: size }, () => new Socket())
      for (const socket of sockets) door.add(socket)
      return sockets
    },
  }
}

describe('Doorway', () => {
  it('lets one in at once, and more with each short turn, in their order', async () => {
    const { inside, crowd } = doorway()
    const sockets = crowd(100)
    const portions = [inside.length]
    while (inside.length < sockets.length) {
      const before = inside.length
      await turn()
      portions.push(inside.length - before)
    }
    expect(portions.slice(0, 4)).toEqual([1, 2, 3, 4])
    expect(inside).toEqual(sockets)
  })

  it('lets fewer in after long turns, but always one', async () => {
    const { inside, crowd, pass } = doorway()
    crowd(20)
    for (let long = 0; long < 5; long++) {
      const before = inside.length
      pass(100)
      await turn()
      expect(inside.length - before).toBe(1)
    }
  })

  it('forgets who goes while waiting, and ends who waits when it closes', async () => {
    const { door, inside, crowd } = doorway()
    const [, gone, ...waiting] = crowd(4)
    gone?.destroy()
    door.close()
    await turn()
    expect([inside.length, door.waiting]).toEqual([1, 0])
    expect(waiting.map(({ destroyed }) => destroyed)).toEqual([true, true])
  })
})
