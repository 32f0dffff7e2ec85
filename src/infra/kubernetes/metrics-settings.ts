/** What the Envoys of a Gateway count, and who is told. */
import { type ProxyMetrics, SINK_TRAFFIC } from '../../../envoy/metrics.js'
import { backendTraffic } from '../../gatewayapi/policies/backend-traffic.js'
import type { BackendTrafficSettings } from '../../gen/kinds.js'
import { fieldAt, listAt, stringAt } from '../../k8s/kube-json.js'
import { numberAt, objectAt, stringsAt } from './setting-values.js'

const COMPRESSIONS = ['gzip', 'brotli', 'zstd'] as const

/** Reads `metrics` of a GatewayConfig. */
export function readMetrics(metrics: unknown): ProxyMetrics {
  const compression = stringAt(metrics, 'prometheus', 'compression')
  return {
    prometheus: fieldAt(metrics, 'prometheus', 'enabled') !== false,
    compression: COMPRESSIONS.find((known) => known === compression.toLowerCase()),
    include: listAt(metrics, 'include').flatMap((each) =>
      (['prefix', 'suffix', 'regex'] as const).flatMap((by) => (stringAt(each, by) === '' ? [] : [{ by, value: stringAt(each, by) }])),
    ),
    sinks: listAt(metrics, 'sinks').flatMap((each) => {
      const sink = fieldAt(each, 'openTelemetry')
      const [host, port] = [stringAt(sink, 'host'), numberAt(sink, 'port')]
      if (host === '' || port === undefined) return []
      const [counters, histograms] = (['reportCountersAsDeltas', 'reportHistogramsAsDeltas'] as const).map(
        (field) => fieldAt(sink, field) === true,
      )
      return [
        {
          host,
          port,
          countersAsDeltas: counters === true,
          histogramsAsDeltas: histograms === true,
          headers: listAt(sink, 'headers').map((header) => ({ name: stringAt(header, 'name'), value: stringAt(header, 'value') })),
          resourceAttributes: stringsAt(sink, 'resourceAttributes'),
          // The schema has checked them.
          traffic: backendTraffic(SINK_TRAFFIC, (objectAt(sink, 'backendSettings') ?? {}) as BackendTrafficSettings, host),
        },
      ]
    }),
  }
}
