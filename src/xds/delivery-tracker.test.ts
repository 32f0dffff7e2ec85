import { describe, expect, it } from '@jest/globals'
import type { DeliveryEvent } from './delivery.js'
import { DeliveryTracker, type ProxyIdentity } from './delivery-tracker.js'
import { TYPE_URL } from './resource.js'

const proxy = (stream: number, group = 'g'): ProxyIdentity => ({
  stream,
  node: `proxy-${stream}`,
  userAgent: 'envoy 1.40.0',
  group,
  subject: 'test',
  peer: '127.0.0.1:1',
  protocol: 'delta',
})
const CDS = TYPE_URL.cluster

function setUp() {
  const tracker = new DeliveryTracker()
  const events: DeliveryEvent[] = []
  tracker.onDelivery((event) => events.push(event))
  const progress = () =>
    events.flatMap((event) => (event.kind === 'progress' ? [`${event.group} ${event.connectedProxies}@${event.acknowledgedRevision}`] : []))
  return { tracker, progress }
}

describe('acknowledged revisions', () => {
  it('a group is as far as its slowest proxy', () => {
    const { tracker, progress } = setUp()
    tracker.connected(proxy(1), 0)
    tracker.connected(proxy(2), 0)
    tracker.reached(proxy(1), 5)
    expect(tracker.acknowledgedRevision('g')).toBe(0)
    tracker.reached(proxy(2), 3)
    expect(tracker.acknowledgedRevision('g')).toBe(3)
    tracker.reached(proxy(2), 7)
    expect(tracker.acknowledgedRevision('g')).toBe(5)
    expect(progress()).toEqual(['g 1@0', 'g 2@0', 'g 2@3', 'g 2@5'])
  })

  it('a slow proxy that leaves does not hold the group back, and a new one counts from 0', () => {
    const { tracker, progress } = setUp()
    tracker.connected(proxy(1), 0)
    tracker.reached(proxy(1), 4)
    tracker.connected(proxy(2), 0)
    tracker.disconnected(proxy(2))
    tracker.disconnected(proxy(1))
    expect(progress()).toEqual(['g 1@0', 'g 1@4', 'g 2@0', 'g 1@4', 'g 0@0'])
  })

  it('groups know nothing of each other', () => {
    const { tracker } = setUp()
    tracker.connected(proxy(1, 'a'), 0)
    tracker.connected(proxy(2, 'b'), 0)
    tracker.reached(proxy(1, 'a'), 9)
    expect([tracker.acknowledgedRevision('a'), tracker.acknowledgedRevision('b'), tracker.acknowledgedRevision('none')]).toEqual([9, 0, 0])
  })
})

describe('proxies', () => {
  it('says for each type what was sent, accepted and rejected, and how old the oldest open response is', () => {
    const { tracker } = setUp()
    tracker.connected(proxy(1), 1_000)
    tracker.sent(proxy(1), CDS, 'n1', 1, 2_000)
    tracker.sent(proxy(1), CDS, 'n2', 2, 3_000)
    expect(tracker.proxies(4_000)[0]?.types).toMatchObject([{ sentRevision: 2, acknowledgedRevision: 0, pendingMs: 2_000 }])
    tracker.acknowledged(proxy(1), CDS, 'n1', 1, 4_000)
    expect(tracker.proxies(4_000)[0]?.types).toMatchObject([{ acknowledgedRevision: 1, pendingMs: 1_000 }])
    tracker.rejected(proxy(1), CDS, 'n2', 'Envoy says no', ['bad'], 5_000)
    expect(tracker.proxies(6_000)).toMatchObject([
      {
        node: 'proxy-1',
        connectedAt: '1970-01-01T00:00:01.000Z',
        types: [
          {
            typeUrl: CDS,
            sentRevision: 2,
            sentAt: '1970-01-01T00:00:03.000Z',
            acknowledgedRevision: 1,
            acknowledgedAt: '1970-01-01T00:00:04.000Z',
            pendingMs: undefined,
            lastRejection: { message: 'Envoy says no', at: '1970-01-01T00:00:05.000Z', names: ['bad'] },
          },
        ],
      },
    ])
  })

  it('of thousands of responses without an answer it keeps the first, which says for how long the proxy owes one, and the last', () => {
    const { tracker } = setUp()
    const pendingMs = () => tracker.proxies(5_000)[0]?.types[0]?.pendingMs
    tracker.connected(proxy(1), 0)
    for (let time = 0; time < 5_000; time++) tracker.sent(proxy(1), CDS, `n${time}`, 1, time)
    tracker.acknowledged(proxy(1), CDS, 'n1', 1, 5_000)
    expect(pendingMs()).toBe(5_000) // nobody knows any more what it was
    tracker.acknowledged(proxy(1), CDS, 'n4998', 1, 5_000)
    expect(pendingMs()).toBe(1)
  })

  it('what is heard of a proxy that is gone is ignored', () => {
    const { tracker } = setUp()
    tracker.connected(proxy(1), 0)
    tracker.disconnected(proxy(1))
    tracker.sent(proxy(1), CDS, 'n', 1, 0)
    tracker.acknowledged(proxy(1), CDS, 'n', 1, 0)
    tracker.rejected(proxy(1), CDS, 'n', 'no', [], 0)
    tracker.reached(proxy(1), 1)
    expect(tracker.proxies(0)).toEqual([])
  })
})
