import { expect, it } from '@jest/globals'
import { createMetrics } from './metrics.js'

it('prints what was counted, each set in a registry of its own', async () => {
  const metrics = createMetrics('1.2.3')
  const bytes = new Map([['type.googleapis.com/envoy.config.cluster.v3.Cluster', 5]])
  const none = new Map<string, number>()
  metrics.exportCounts({ objects: () => [['HTTPRoute', 3]], encodes: none, responses: none, bytes })
  metrics.proxies.set({ group: 'local' }, 2)
  bytes.set('type.googleapis.com/envoy.config.listener.v3.Listener', 7)
  for (const text of [await metrics.registry.metrics(), await metrics.registry.metrics()]) {
    expect(text).toContain('headgate_build_info{version="1.2.3"} 1')
    expect(text).toContain('headgate_objects{kind="HTTPRoute"} 3')
    expect(text).toContain('headgate_connected_proxies{group="local"} 2')
    expect(text).toContain('headgate_xds_response_bytes_total{type="Cluster"} 5')
    expect(text).toContain('headgate_xds_response_bytes_total{type="Listener"} 7')
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds')
  }
  expect(await createMetrics('1.2.3').registry.metrics()).not.toContain('headgate_connected_proxies{group="local"}')
})
