import { describe, expect, it } from '@jest/globals'
import { FakeClock } from '../../test/support/fake-clock.js'
import { KubeApiError, KubeConnectionError } from './kube-error.js'
import { silentLog } from './log.js'
import { untilAnswered } from './until-answered.js'

const refused = (status: number, retryAfterMs?: number): KubeApiError => new KubeApiError('GET /x', status, '', '', retryAfterMs)

/** Asks a server that fails so many times, for so long; tells how often it was asked, and what came of it. */
async function ask(error: Error, failures: number, forMs: number): Promise<{ readonly asked: number; readonly came: unknown }> {
  const clock = new FakeClock()
  let asked = 0
  let came: unknown = 'nothing'
  const answer = async (): Promise<string> => {
    asked++
    if (asked <= failures) throw error
    return 'answer'
  }
  const stop = new AbortController()
  const asking = untilAnswered({ clock, log: silentLog }, answer, stop.signal).then(
    (value) => {
      came = value
    },
    (reason: unknown) => {
      came = reason
    },
  )
  for (let ms = 0; ms < forMs; ms += 1_000) await clock.advance(1_000)
  stop.abort()
  await asking
  return { asked, came }
}

describe('an API server at the start', () => {
  it.each([429, 500, 503])('that answers %d is asked again', async (status) => {
    expect(await ask(refused(status), 3, 20_000)).toEqual({ asked: 4, came: 'answer' })
  })

  it('is not asked before it wants to be', async () => {
    expect((await ask(refused(429, 10_000), 1, 9_000)).asked).toBe(1)
    expect((await ask(refused(429, 10_000), 1, 12_000)).asked).toBe(2)
  })

  it('that never can is given up before the probe of the pod is', async () => {
    const error = refused(429)
    const { asked, came } = await ask(error, 100, 60_000)
    expect(came).toBe(error)
    expect(asked).toBeGreaterThan(4)
  })

  it.each([refused(403), refused(404), new KubeConnectionError('GET /x', new Error('refused'))])(
    'that says something else is believed: %s',
    async (error) => {
      expect(await ask(error, 1, 0)).toEqual({ asked: 1, came: error })
    },
  )
})
