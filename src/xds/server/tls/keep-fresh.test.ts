import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../test/support/eventually.js'
import type { ServerClock } from '../clock.js'
import { type CertificatePair, createAuthority, isFresh, issueCertificate } from './certificates.js'
import { keepFresh } from './keep-fresh.js'

const START_MS = Date.parse('2026-01-01T00:00:00Z')
const HOUR_MS = 3_600_000
const LIFETIME_MS = 24 * HOUR_MS

describe('keepFresh', () => {
  let uptimeMs: number
  let wallMs: number
  let alarms: { readonly atMs: number; readonly call: () => void }[]
  let current: CertificatePair
  let renewed: number
  let failing: boolean
  let stop: () => void
  const authority = createAuthority('test', new Date(START_MS), 10 * 365 * 24 * HOUR_MS)
  const clock: ServerClock = {
    now: () => START_MS + uptimeMs,
    wallTime: () => new Date(wallMs),
    after: (milliseconds, call) => {
      const alarm = { atMs: uptimeMs + milliseconds, call }
      alarms.push(alarm)
      return () => {
        alarms = alarms.filter((each) => each !== alarm)
      }
    },
  }
  const issue = (): CertificatePair =>
    issueCertificate(authority, { commonName: 'x', usage: 'server', lifetimeMs: LIFETIME_MS }, clock.wallTime())
  /** The machine runs for so long. */
  const run = async (milliseconds: number): Promise<void> => {
    const endMs = uptimeMs + milliseconds
    for (;;) {
      const next = alarms.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      wallMs += next.atMs - uptimeMs
      uptimeMs = next.atMs
      alarms = alarms.filter((each) => each !== next)
      next.call()
      await eventually(() => expect(alarms.length).toBeGreaterThan(0))
    }
    wallMs += endMs - uptimeMs
    uptimeMs = endMs
  }

  beforeEach(() => {
    uptimeMs = 0
    wallMs = START_MS
    alarms = []
    renewed = 0
    failing = false
    current = issue()
    stop = keepFresh(clock, current, () => {
      if (failing) throw new Error('the disk is full')
      renewed++
      current = issue()
      return current
    })
  })

  afterEach(() => stop())

  it('replaces a certificate when two thirds of its life are over', async () => {
    await run(15 * HOUR_MS)
    expect(renewed).toBe(0)
    await run(2 * HOUR_MS)
    expect(renewed).toBe(1)
  })

  it.each([
    { what: 'was set on, as when a machine learns the time after its start', jumpMs: 400 * 24 * HOUR_MS },
    { what: 'went on while the machine slept', jumpMs: 60 * HOUR_MS },
    { what: 'was set back', jumpMs: -3 * HOUR_MS },
  ])('within a minute after the clock $what, the certificate is valid', async ({ jumpMs }) => {
    await run(HOUR_MS)
    wallMs += jumpMs
    expect(isFresh(current, clock.wallTime())).toBe(false)
    await run(60_000)
    expect(isFresh(current, clock.wallTime())).toBe(true)
    expect(renewed).toBe(1)
  })

  it('tries again when it could not be replaced', async () => {
    failing = true
    await run(17 * HOUR_MS)
    failing = false
    await run(60_000)
    expect(renewed).toBe(1)
  })

  it('replaces nothing after the end', async () => {
    stop()
    await run(48 * HOUR_MS)
    expect(renewed).toBe(0)
  })
})
