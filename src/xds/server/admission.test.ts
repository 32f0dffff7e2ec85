import { describe, expect, it } from '@jest/globals'
import { Admission } from './admission.js'
import type { ServerClock } from './clock.js'

/** A clock that stands, and whose alarms ring when the test says so. */
function standing(): ServerClock & { ring(): void } {
  const alarms = new Set<() => void>()
  return {
    now: () => 0,
    wallTime: () => new Date(0),
    after(_milliseconds, callback) {
      alarms.add(callback)
      return () => alarms.delete(callback)
    },
    ring() {
      for (const alarm of [...alarms]) {
        alarms.delete(alarm)
        alarm()
      }
    },
  }
}

describe('Admission', () => {
  const LIMITS = { beginningStreams: 2, beginningMs: 500 }

  function enterAll(admission: Admission, ...names: readonly string[]) {
    const begun: string[] = []
    return { begun, leave: names.map((name) => admission.enter(() => begun.push(name))) }
  }

  it('lets as many begin as may at once, and the others in their order as soon as one has begun', () => {
    const admission = new Admission(LIMITS, standing())
    const { begun, leave } = enterAll(admission, 'a', 'b', 'c', 'd')
    expect([begun, admission.waiting]).toEqual([['a', 'b'], 2])
    leave[1]?.()
    expect(begun).toEqual(['a', 'b', 'c'])
    leave[0]?.()
    expect([begun, admission.waiting]).toEqual([['a', 'b', 'c', 'd'], 0])
  })

  it('forgets one that goes while it waits', () => {
    const admission = new Admission(LIMITS, standing())
    const { begun, leave } = enterAll(admission, 'a', 'b', 'c', 'd')
    leave[2]?.()
    leave[0]?.()
    expect([begun, admission.waiting]).toEqual([['a', 'b', 'd'], 0])
  })

  it('counts one that says twice that it has begun once', () => {
    const admission = new Admission(LIMITS, standing())
    const { begun, leave } = enterAll(admission, 'a', 'b', 'c', 'd')
    leave[0]?.()
    leave[0]?.()
    expect(begun).toEqual(['a', 'b', 'c'])
  })

  it('waits for nobody for longer than its bound', () => {
    const clock = standing()
    const admission = new Admission(LIMITS, clock)
    const { begun, leave } = enterAll(admission, 'a', 'b', 'c', 'd', 'e')
    clock.ring()
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
    leave[0]?.()
    expect(begun).toHaveLength(4)
    clock.ring()
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})
