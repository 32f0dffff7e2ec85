/** What metrics say of deliveries, by real snapshots and a real tracker. */
import { expect, it } from '@jest/globals'
import { cluster, put } from '../../../test/xds/support/resources.js'
import { createLogger } from '../../telemetry/logger.js'
import { createMetrics } from '../../telemetry/metrics.js'
import { DeliveryTracker, type ProxyIdentity } from '../../xds/delivery-tracker.js'
import { TYPE_URL } from '../../xds/resource.js'
import { SnapshotCache } from '../../xds/snapshot-cache.js'
import { observe, roundObserver } from './observe.js'

const proxy: ProxyIdentity = { stream: 1, node: 'a', userAgent: '', group: 'g', subject: '', peer: '', protocol: 'delta' }

function setUp() {
  const metrics = createMetrics('0.0.0')
  const snapshots = new SnapshotCache()
  const tracker = new DeliveryTracker()
  const counters = { encodes: new Map(), responses: new Map(), bytes: new Map(), sent: () => undefined }
  observe({ snapshots, server: { tracker, counters }, store: { count: () => 0 } }, metrics)
  let content = 0
  return {
    tracker,
    metrics,
    /** Makes a revision, as a change does. */
    change: (): number => {
      content += 1
      snapshots.apply('g', [put(cluster('c', { content }))])
      return snapshots.revision('g')
    },
    deliveries: async () => (await metrics.deliverySeconds.get()).values.find(({ metricName }) => metricName?.endsWith('_count'))?.value,
  }
}

it('counts a revision once all that were connected have it', async () => {
  const { tracker, change, deliveries } = setUp()
  tracker.connected(proxy, 0)
  tracker.reached(proxy, change())
  tracker.reached(proxy, change())
  expect(await deliveries()).toBe(2)
})

it('counts no revision that was made while nobody was there to have it: pods start, and proxies choose another replica', async () => {
  const { tracker, change, deliveries } = setUp()
  change()
  const last = change()
  tracker.connected(proxy, 0)
  tracker.reached(proxy, last)
  expect(await deliveries()).toBe(0)
  // Nobody acknowledges this one before it leaves.
  change()
  tracker.disconnected(proxy)
  tracker.connected({ ...proxy, stream: 2 }, 0)
  tracker.reached({ ...proxy, stream: 2 }, change())
  expect(await deliveries()).toBe(1)
})

it('counts from 0 what alerts ask for: of a counter that begins with 1 Prometheus sees no increase', async () => {
  const { metrics, tracker } = setUp()
  const rejections = async () => (await metrics.rejections.get()).values.find(({ labels }) => labels.type === 'Cluster')?.value
  expect(await rejections()).toBe(0)
  const rejected = {
    typeUrl: TYPE_URL.cluster,
    name: 'c',
    version: '1',
    message: 'no',
    suspects: [],
    origins: [],
    at: '2026-01-01T00:00:00Z',
  }
  tracker.reportRejection(proxy, rejected)
  expect(await rejections()).toBe(1)

  const failures = async () => (await metrics.failures.get()).values.map(({ labels, value }) => [labels.collection, value])
  const tell = roundObserver(metrics, createLogger({ level: 'silent', format: 'text' }))
  const round = { trace: 'a', computed: new Map([['routes', 2]]), resources: 1, milliseconds: 1 }
  tell({ ...round, failures: [] })
  expect(await failures()).toEqual([['routes', 0]])
  tell({ ...round, failures: [{ collection: 'routes', key: 'a', error: new Error('no') }] })
  expect(await failures()).toEqual([['routes', 1]])
})
