import { describe, expect, it } from '@jest/globals'
import { cluster, drop, put } from '../../test/xds/support/resources.js'
import type { ObjectVersion } from '../util/object-ref.js'
import { DeliveryTracker, type ProxyIdentity } from './delivery-tracker.js'
import { DEFAULT_HISTORY_LIMITS, RevisionHistory } from './revision-history.js'
import { SnapshotCache } from './snapshot-cache.js'

const proxy = (node: string, stream: number): ProxyIdentity => ({
  stream,
  node,
  userAgent: '',
  group: 'g',
  subject: '',
  peer: '',
  protocol: 'delta',
})
const route = (name: string, generation: number): ObjectVersion => ({
  group: 'gateway.networking.k8s.io',
  kind: 'HTTPRoute',
  namespace: 'default',
  name,
  generation,
})

function setUp(limits = DEFAULT_HISTORY_LIMITS) {
  const cache = new SnapshotCache()
  const tracker = new DeliveryTracker()
  let now = 0
  const history = new RevisionHistory(cache, tracker, () => new Date(now), limits)
  return {
    cache,
    tracker,
    history,
    passes(milliseconds: number) {
      now += milliseconds
    },
  }
}

describe('RevisionHistory', () => {
  it('says what changed, because of which object and generation, and when each proxy had it', () => {
    const { cache, tracker, history, passes } = setUp()
    const a = proxy('a', 1)
    const b = proxy('b', 2)
    tracker.connected(a, 0)
    tracker.connected(b, 0)
    // Their streams.
    cache.listen('g', { changed: () => {}, complete: () => {} })
    const origins = [route('one', 1), route('two', 1)]
    cache.apply('g', [put({ ...cluster('c'), origins })])
    passes(10)
    cache.apply('g', [put({ ...cluster('c', { content: 2 }), origins: [route('one', 1), route('two', 2)] })])
    passes(10)
    tracker.reached(a, 2)
    passes(10)
    tracker.reached(b, 1)
    tracker.reached(b, 2)
    cache.apply('g', [drop(cluster('c'))])
    expect(history.list('g')).toMatchObject([
      { revision: 3, changes: [{ name: 'c', version: undefined }], causes: [route('one', 1), route('two', 2)], acknowledged: [] },
      {
        revision: 2,
        at: '1970-01-01T00:00:00.010Z',
        changes: [{ name: 'c', version: cluster('c', { content: 2 }).version }],
        totalChanges: 1,
        causes: [route('two', 2)],
        acknowledged: [
          { proxy: 'a', at: '1970-01-01T00:00:00.020Z' },
          { proxy: 'b', at: '1970-01-01T00:00:00.030Z' },
        ],
      },
      { revision: 1, causes: origins, acknowledged: [{ proxy: 'a' }, { proxy: 'b' }] },
    ])
  })

  it('is bounded in every direction', () => {
    const { cache, tracker, history } = setUp({ revisionsPerGroup: 3, changesPerRevision: 2, causesPerRevision: 1, proxiesPerRevision: 1 })
    for (let content = 1; content <= 5; content++) {
      cache.apply(
        'g',
        ['a', 'b', 'c'].map((name) => put(cluster(name, { content }))),
      )
    }
    for (const [index, node] of ['x', 'y'].entries()) {
      tracker.connected(proxy(node, index), 0)
      tracker.reached(proxy(node, index), 5)
    }
    const records = history.list('g')
    expect(records.map(({ revision }) => revision)).toEqual([5, 4, 3])
    expect(records[0]).toMatchObject({ totalChanges: 3, acknowledged: [{ proxy: 'x' }] })
    expect(records[0]?.changes).toHaveLength(2)
    expect(records[0]?.causes).toHaveLength(1)
  })

  it('remembers nothing of groups that are gone, however many come and go', () => {
    const { cache, history } = setUp()
    cache.apply('g', [put(cluster('a'))])
    cache.apply('g', [drop(cluster('a'))])
    expect(history.list('g')).toEqual([])
    cache.apply('g', [put(cluster('a'))])
    expect(history.list('g').map(({ revision }) => revision)).toEqual([3])
  })

  it('remembers nothing after it was stopped', () => {
    const { cache, history } = setUp()
    history.stop()
    cache.apply('g', [put(cluster('a'))])
    expect(history.list('g')).toEqual([])
  })
})
