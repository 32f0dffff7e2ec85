import { beforeEach, describe, expect, it } from '@jest/globals'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { HandOver } from './hand-over.js'
import type { Touch } from './service.js'

describe('HandOver', () => {
  let clock: FakeClock
  let heardMs: number
  let streams: number
  let answer: Touch | undefined
  let asked: number
  let dismissed: number
  let handOver: HandOver
  const silences: number[] = []

  beforeEach(() => {
    clock = new FakeClock()
    heardMs = 0
    streams = 2
    answer = { replica: 'other', inTouch: true }
    asked = 0
    dismissed = 0
    const ask = async (): Promise<Touch> => {
      asked++
      if (answer === undefined) throw new Error('nobody is there')
      return answer
    }
    handOver = new HandOver({
      replica: 'self',
      silenceMs: () => clock.nowMs - heardMs,
      streams: () => streams,
      ask,
      dismiss: () => {
        dismissed++
        streams = 0
      },
      onSilence: (milliseconds) => silences.push(milliseconds),
      clock,
      log: { warn: () => {} },
    })
  })

  async function pass(ms: number): Promise<void> {
    const stop = new AbortController()
    const running = handOver.start(stop.signal)
    await clock.advance(ms)
    stop.abort()
    await running
  }

  it('asks nobody and keeps its proxies while the API server answers', async () => {
    await pass(29_000)
    expect([asked, dismissed, handOver.isInTouch, handOver.problem]).toEqual([0, 0, true, undefined])
    expect(silences.slice(-2)).toEqual([20_000, 25_000])
  })

  it('sends its proxies to a replica that the API server answers, also those that come back, and says why it is not ready', async () => {
    await pass(31_000)
    expect(dismissed).toBe(1)
    expect(handOver.isInTouch).toBe(false)
    expect(handOver.problem).toBe('the API server has not answered for 31 s, and it answers other')
    await pass(10_000)
    expect(dismissed).toBe(1)
    streams = 1
    await pass(10_000)
    expect(dismissed).toBe(2)
  })

  it.each([
    ['no replica answers', undefined],
    ['the other replica is out of touch as well', { replica: 'other', inTouch: false }],
    ['it hears itself alone', { replica: 'self', inTouch: true }],
  ])('keeps its proxies, and is ready, while %s', async (_what, said) => {
    answer = said
    await pass(120_000)
    expect(asked).toBeGreaterThan(10)
    expect([dismissed, handOver.problem]).toEqual([0, undefined])
  })

  it('stays unready while it is asked itself, and is ready as soon as the API server answers', async () => {
    await pass(31_000)
    answer = { replica: 'self', inTouch: false }
    await pass(10_000)
    expect(handOver.problem).toBeDefined()
    heardMs = clock.nowMs
    expect(handOver.problem).toBeUndefined()
    await pass(10_000)
    heardMs = clock.nowMs - 31_000
    expect(handOver.problem).toBeUndefined()
  })
})
