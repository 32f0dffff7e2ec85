import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeKubeApi } from '../../test/support/fake-kube-api.js'
import { KubeClient } from './kube-client.js'
import { fieldAt, type RawObject } from './kube-json.js'
import { LeaseElector } from './lease-elector.js'
import { silentLog } from './log.js'

const LEASES = '/apis/coordination.k8s.io/v1/leases'

describe('LeaseElector', () => {
  let api: FakeKubeApi
  let clock: FakeClock
  let replicas: { readonly elector: LeaseElector; readonly stop: AbortController; readonly done: Promise<void>; readonly log: string[] }[]
  let client: KubeClient

  const replica = (identity: string, of: KubeClient = client): (typeof replicas)[number] => {
    const stop = new AbortController()
    const log: string[] = []
    const lead = async (signal: AbortSignal): Promise<void> => {
      log.push('leads')
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      log.push('stopped')
    }
    const elector = new LeaseElector({ client: of, clock, log: silentLog, namespace: 'system', name: 'leader', identity, lead })
    const made = { elector, stop, done: elector.start(stop.signal), log }
    replicas.push(made)
    return made
  }
  const lease = (): RawObject | undefined => api.get(LEASES, 'system', 'leader')
  const holder = (): unknown => fieldAt(lease(), 'spec', 'holderIdentity')
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      await clock.advance(500)
      // Requests go over real sockets: let each step's finish.
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  }

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    clock = new FakeClock()
    client = new KubeClient(api.credentials, 'test')
    replicas = []
  })

  afterEach(async () => {
    for (const { stop } of replicas) stop.abort()
    await Promise.all(replicas.map(({ done }) => done))
    client.close()
    await api.close()
  })

  it('says why nobody leads, and nothing while another one does or it leads itself', async () => {
    api.plan({ status: 403, reason: 'Forbidden', message: 'leases is forbidden' }, ({ method }) => method === 'POST' || method === 'PUT', 5)
    const a = replica('a')
    expect(a.elector.vacancy).toBeUndefined()
    await eventually(() => expect(a.elector.vacancy).toMatch('leases is forbidden'))
    await pass(30_000)
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    expect(a.elector.vacancy).toBeUndefined()
    const b = replica('b')
    await eventually(() => expect(b.elector.holder).toBe('a'))
    api.plan({ status: 403, reason: 'Forbidden', message: 'leases is forbidden' }, () => true, Number.POSITIVE_INFINITY)
    await pass(20_000)
    expect(b.elector.vacancy).toBeUndefined()
    await pass(15_000)
    expect(b.elector.vacancy).toMatch('leases is forbidden')
  })

  it('creates the Lease and leads', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 })
    expect(fieldAt(lease(), 'spec', 'renewTime')).toBe('2026-01-01T00:00:00.000000Z')
  })

  it('lets only one lead, and the other follow when the first gives the Lease back', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    const b = replica('b')
    await pass(30_000)
    expect([a.elector.isLeader, b.elector.isLeader]).toEqual([true, false])
    a.stop.abort()
    await a.done
    expect(a.log).toEqual(['leads', 'stopped'])
    expect(holder()).toBe('')
    await pass(3_000)
    expect(b.elector.isLeader).toBe(true)
    expect(fieldAt(lease(), 'spec', 'leaseTransitions')).toBe(1)
  })

  it('gives the Lease back when it ends while it renews, although it has not seen the answer', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    const renewed = (): number => api.requests.filter(({ method }) => method === 'PUT').length
    const before = renewed()
    api.plan('unanswered', ({ method }) => method === 'PUT')
    await pass(3_000)
    expect(renewed()).toBe(before + 1)
    a.stop.abort()
    await a.done
    expect(holder()).toBe('')
  })

  it('takes over 15 s after the holder was last seen to renew, whatever the clock of the holder says', async () => {
    const spec = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2099-01-01T00:00:00.000000Z' }
    api.put(LEASES, { metadata: { name: 'leader', namespace: 'system' }, spec })
    const b = replica('b')
    await pass(14_000)
    expect(b.elector.isLeader).toBe(false)
    await pass(4_000)
    expect(b.elector.isLeader).toBe(true)
    expect(holder()).toBe('b')
  })

  it('counts the 15 s from when it saw the renewal, however long it had waited for the answer', async () => {
    let isSlow = true
    class SlowClient extends KubeClient {
      override async find(...args: Parameters<KubeClient['find']>): ReturnType<KubeClient['find']> {
        if (isSlow) {
          isSlow = false
          await clock.advance(8_000)
          // The holder may lead for ten seconds from here on.
          api.put(LEASES, {
            metadata: { name: 'leader', namespace: 'system' },
            spec: { holderIdentity: 'cut-off', leaseDurationSeconds: 15 },
          })
        }
        return super.find(...args)
      }
    }
    const slow = new SlowClient(api.credentials, 'test')
    const b = replica('b', slow)
    await eventually(() => expect(b.elector.holder).toBe('cut-off'))
    await pass(12_000)
    expect(b.elector.isLeader).toBe(false)
    await pass(6_000)
    expect(b.elector.isLeader).toBe(true)
    b.stop.abort()
    await b.done
    slow.close()
  })

  it('stops leading within 10 s when it cannot renew, which is before anybody else may start', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    api.plan({ status: 500 }, () => true, 10_000)
    await pass(9_000)
    expect(a.elector.isLeader).toBe(true)
    await pass(3_000)
    expect(a.elector.isLeader).toBe(false)
    expect(a.log).toEqual(['leads', 'stopped'])
  })

  it('knows for how long the API server has not answered, whether it leads or not', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await pass(10_000)
    expect(Math.max(a.elector.silenceMs, b.elector.silenceMs)).toBeLessThan(3_000)
    // It answers, if only that it will not.
    api.plan({ status: 403 }, () => true, 4)
    await pass(4_000)
    expect(Math.max(a.elector.silenceMs, b.elector.silenceMs)).toBeLessThan(3_000)
    api.plan({ status: 503 }, () => true, 10_000)
    await pass(20_000)
    expect(Math.min(a.elector.silenceMs, b.elector.silenceMs)).toBeGreaterThan(12_000)
  })

  it('goes on leading through failures that are shorter than that', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    api.plan({ status: 500 }, () => true, 2)
    await pass(20_000)
    expect(a.log).toEqual(['leads'])
  })

  it('goes on leading while the API server refuses four of five requests', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    let asked = 0
    api.plan({ status: 429, retryAfter: 1 }, () => ++asked % 5 !== 0, Number.POSITIVE_INFINITY)
    await pass(60_000)
    expect(a.log).toEqual(['leads'])
  })

  it('renews by one request, and looks at the Lease only where somebody has changed it', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    api.requests.length = 0
    await pass(3_000)
    expect(api.requests.map(({ method }) => method)).toEqual(['PUT'])
    const changed = lease()
    if (changed !== undefined) api.put(LEASES, { ...changed, metadata: { ...changed.metadata, labels: { team: 'platform' } } })
    api.requests.length = 0
    await pass(3_000)
    expect(api.requests.map(({ method }) => method)).toEqual(['PUT', 'GET', 'PUT'])
    expect(lease()?.metadata.labels).toEqual({ team: 'platform' })
    api.remove(LEASES, 'system', 'leader')
    expect(a.log).toEqual(['leads'])
    await pass(3_000)
    expect(holder()).toBe('a')
  })

  it('goes on leading while each answer takes nearly half of the time that it may lead', async () => {
    class SlowClient extends KubeClient {
      override async json(...args: Parameters<KubeClient['json']>): ReturnType<KubeClient['json']> {
        const answer = await super.json(...args)
        const [, , timeoutMs = 0] = args
        if (timeoutMs < 4_500) throw new Error('no answer in time')
        await clock.advance(4_500)
        return answer
      }
    }
    const slow = new SlowClient(api.credentials, 'test')
    const a = replica('a', slow)
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    const renewals = (): number => api.requests.filter(({ method }) => method === 'PUT').length
    await eventually(() => expect(renewals()).toBeGreaterThan(10))
    expect(a.log).toEqual(['leads'])
    a.stop.abort()
    await a.done
    slow.close()
  })

  it('waits for all requests of an attempt together no longer than it may lead', async () => {
    const patience: number[] = []
    class SlowClient extends KubeClient {
      override async json(...[request, signal, timeoutMs]: Parameters<KubeClient['json']>): ReturnType<KubeClient['json']> {
        patience.push(timeoutMs ?? 0)
        try {
          return await super.json(request, signal, timeoutMs)
        } finally {
          if (patience.length > 2) await clock.advance(3_000)
        }
      }
    }
    const slow = new SlowClient(api.credentials, 'test')
    const a = replica('a', slow)
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    const changed = lease()
    if (changed !== undefined) api.put(LEASES, changed)
    await pass(2_500)
    // Made by two requests; then PUT, GET and PUT, of which each took three seconds.
    await eventually(() => expect(patience.slice(2, 5).map((ms) => Math.round(ms / 1000))).toEqual([8, 5, 2]))
    slow.close()
  })

  it('writes nothing more when it has stood still for longer than it may lead', async () => {
    let leading: AbortSignal = AbortSignal.abort()
    const lead = async (signal: AbortSignal): Promise<void> => {
      leading = signal
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
    const stop = new AbortController()
    const elector = new LeaseElector({ client, clock, log: silentLog, namespace: 'system', name: 'leader', identity: 'a', lead })
    const ended = elector.start(stop.signal)
    const write = (): Promise<unknown> =>
      client.json(
        { method: 'POST', path: LEASES.replace('leases', 'namespaces/x/leases'), body: { metadata: { name: 'written' } } },
        leading,
      )
    await eventually(() => expect(elector.isLeader).toBe(true))
    await write()
    // Nobody wakes up, and the time has passed.
    clock.nowMs += 11_000
    api.requests.length = 0
    await expect(write()).rejects.toThrow()
    expect(api.requests).toEqual([])
    stop.abort()
    await ended
  })

  it('stops at once when somebody else holds the Lease', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    const taken = lease()
    if (taken !== undefined) api.put(LEASES, { ...taken, spec: { holderIdentity: 'usurper', leaseDurationSeconds: 15 } })
    await pass(3_000)
    expect(a.elector.isLeader).toBe(false)
    expect(holder()).toBe('usurper')
  })

  it('begins anew, and has everything read again, when the Lease is older than it was', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    await pass(5_000)
    expect(client.history.breaks).toBe(0)
    const restored = lease()
    api.goBack(50)
    if (restored !== undefined) api.put(LEASES, restored)
    await eventually(async () => {
      await pass(500)
      expect(a.log).toEqual(['leads', 'stopped', 'leads'])
    })
    await pass(10_000)
    expect(client.history.breaks).toBe(1)
  })

  it('has everything read again by a replica that does not lead, too, when the Lease is gone or another one', async () => {
    const a = replica('a')
    await eventually(() => expect(a.elector.isLeader).toBe(true))
    const follower = new KubeClient(api.credentials, 'test')
    replica('b', follower)
    await pass(3_000)
    api.remove(LEASES, 'system', 'leader')
    await eventually(async () => {
      await pass(500)
      expect([client.history.breaks, follower.history.breaks]).toEqual([1, 1])
    })
    expect(holder()).not.toBe('')
    follower.close()
  })

  it('loses a race without harm', async () => {
    const electors = ['a', 'b', 'c', 'd'].map((identity) => replica(identity))
    await eventually(() => expect(electors.filter(({ elector }) => elector.isLeader)).toHaveLength(1))
    await pass(20_000)
    expect(electors.filter(({ elector }) => elector.isLeader)).toHaveLength(1)
  })
})
