import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../test/support/eventually.js'
import type { ServerClock } from '../../xds/server/clock.js'
import { startLocalTrust } from './local-trust.js'

const DAY_MS = 24 * 3_600_000
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-trust-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** A clock that stands still until it is moved. */
function movedClock(): ServerClock & { pass(ms: number): void } {
  let now = Date.parse('2026-01-01T00:00:00Z')
  let alarms: { readonly at: number; readonly call: () => void }[] = []
  return {
    now: () => now,
    wallTime: () => new Date(now),
    after: (ms, call) => {
      const alarm = { at: now + ms, call }
      alarms.push(alarm)
      return () => {
        alarms = alarms.filter((each) => each !== alarm)
      }
    },
    pass: (ms) => {
      now += ms
      const due = alarms.filter(({ at }) => at <= now)
      alarms = alarms.filter(({ at }) => at > now)
      for (const { call } of due) call()
    },
  }
}

const proxyCertificate = async () => new X509Certificate(await readFile(join(folder, 'proxy.pem')))

/** What there is once this Headgate is sure to run. */
async function started(clock: ServerClock) {
  const trust = await startLocalTrust(folder, clock)
  await trust.admitProxies()
  return trust
}

describe('startLocalTrust', () => {
  it('gives the proxy a certificate of its group, signed by an authority that stays', async () => {
    const clock = movedClock()
    const first = await started(clock)
    first.stop()
    const authority = await readFile(join(folder, 'authority.crt'), 'utf8')
    const second = await started(clock)
    second.stop()
    expect(await readFile(join(folder, 'authority.crt'), 'utf8')).toBe(authority)
    const certificate = await proxyCertificate()
    expect(certificate.verify(new X509Certificate(authority).publicKey)).toBe(true)
    expect(certificate.subjectAltName).toBe('URI:headgate:group:local')
  })

  it('keeps keys from everybody else', async () => {
    const trust = await started(movedClock())
    trust.stop()
    for (const file of ['authority.key', 'proxy.pem', 'rate-limits.key']) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
  })

  it('gives the rate limit service, which reads it once, a certificate for a year', async () => {
    const trust = await started(movedClock())
    trust.stop()
    const certificate = new X509Certificate(await readFile(join(folder, 'rate-limits.crt')))
    expect(Date.parse(certificate.validTo) - Date.parse('2026-01-01T00:00:00Z')).toBeGreaterThanOrEqual(365 * DAY_MS)
    expect(certificate.subjectAltName).toContain('URI:headgate:group:')
  })

  it('gives the proxy its certificate and key in one file, which is replaced at once', async () => {
    const trust = await started(movedClock())
    trust.stop()
    const key = createPrivateKey(await readFile(join(folder, 'proxy.pem')))
    expect((await proxyCertificate()).checkPrivateKey(key)).toBe(true)
  })

  it('renews the certificate of the proxy long before it ends', async () => {
    const clock = movedClock()
    const trust = await started(clock)
    const before = (await proxyCertificate()).serialNumber
    clock.pass(0.7 * DAY_MS)
    await eventually(async () => expect((await proxyCertificate()).serialNumber).not.toBe(before))
    trust.stop()
  })
})
