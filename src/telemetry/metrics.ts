/** The metrics of the control plane, in a registry of their own. Names and labels are documented in docs/reference/metrics.md. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** One step of the way from a change to traffic. */
export interface Metrics {
  /** Holds all of the below; `registry.metrics()` prints them. */
  readonly registry: Registry
  /** Time from the first change of a round until its resources are ready for the socket. */
  readonly translationSeconds: Histogram
  /** Fragments that were computed again, by collection. */
  readonly fragments: Counter<'collection'>
  /** Resources that changed. */
  readonly resources: Counter
  /** Fragments that failed by a fault of ours. */
  readonly failures: Counter<'collection'>
  /** Connected proxies, by group. */
  readonly proxies: Gauge<'group'>
  /** Versions that a proxy rejected. */
  readonly rejections: Counter<'type'>
  /** Time from a new revision until every connected proxy acknowledged it. */
  readonly deliverySeconds: Histogram
  /** What changes wait for, by stage. */
  readonly changeStageSeconds: Histogram<'stage'>
  /** Statuses written to Kubernetes, by kind and outcome. */
  readonly statusWrites: Counter<'kind' | 'outcome'>
  /** Questions to the extension server, by kind of resource and outcome. */
  readonly extensionCalls: Counter<'resource' | 'outcome'>
  /** Resources about which it has not answered. */
  readonly extensionUnanswered: Gauge
  /** For how long the API server has not answered. */
  readonly apiSilenceSeconds: Gauge
  /** Resources of Kubernetes that the API server does not let us read. */
  readonly unreadResources: Gauge
  /** 1 while this replica leads, and writes. */
  readonly leading: Gauge
  /** Attempts to fetch what policies need, by kind and outcome. */
  readonly fetches: Counter<'kind' | 'outcome'>
  /** Exports what is counted elsewhere as plain numbers. */
  exportCounts(counts: ExternalCounts): void
}

/** Numbers that are kept elsewhere and read when somebody asks for metrics. */
export interface ExternalCounts {
  /** Objects that are read, by kind. */
  readonly objects: () => Iterable<readonly [kind: string, count: number]>
  /** By type URL: resources encoded, responses written, and their bytes. */
  readonly encodes: ReadonlyMap<string, number>
  readonly responses: ReadonlyMap<string, number>
  readonly bytes: ReadonlyMap<string, number>
}

/** Between two looks at the event loop. Each wakes the process: ten times as many cost more than all else that an idle controller does. */
export const EVENT_LOOP_TICK_MS = 100

const LATENCY_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** A new set of metrics, with those of the process (memory, CPU, event loop). */
export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_TICK_MS })
  const registers = [registry]
  new Gauge({ registers, name: 'headgate_build_info', help: 'Always 1; the version is a label.', labelNames: ['version'] }).set(
    { version },
    1,
  )
  return {
    registry,
    translationSeconds: new Histogram({
      registers,
      name: 'headgate_translation_seconds',
      help: 'From the first change of a round of translation until its resources are ready to be sent.',
      buckets: LATENCY_BUCKETS,
    }),
    fragments: new Counter({
      registers,
      name: 'headgate_fragments_computed_total',
      help: 'Pieces of the translation that were computed again, by collection.',
      labelNames: ['collection'],
    }),
    resources: new Counter({ registers, name: 'headgate_resources_changed_total', help: 'Envoy resources that changed.' }),
    failures: new Counter({
      registers,
      name: 'headgate_fragment_failures_total',
      help: 'Pieces of the translation that failed by a fault of the program; their last good result stays.',
      labelNames: ['collection'],
    }),
    proxies: new Gauge({ registers, name: 'headgate_connected_proxies', help: 'Proxies with an open stream.', labelNames: ['group'] }),
    rejections: new Counter({
      registers,
      name: 'headgate_rejections_total',
      help: 'Versions of resources that a proxy rejected, by type.',
      labelNames: ['type'],
    }),
    deliverySeconds: new Histogram({
      registers,
      name: 'headgate_delivery_seconds',
      help: 'From a new revision until every connected proxy of its group acknowledged it; none where no proxy is connected.',
      buckets: LATENCY_BUCKETS,
    }),
    changeStageSeconds: new Histogram({
      registers,
      name: 'headgate_change_stage_seconds',
      help: 'What a change waits for: queue (until a translation begins), translate, send (until the last response is handed to the socket of a proxy), acknowledge.',
      buckets: LATENCY_BUCKETS,
      labelNames: ['stage'],
    }),
    statusWrites: new Counter({
      registers,
      name: 'headgate_status_writes_total',
      help: 'Writes of statuses to Kubernetes.',
      labelNames: ['kind', 'outcome'],
    }),
    extensionCalls: new Counter({
      registers,
      name: 'headgate_extension_calls_total',
      help: 'Questions to the extension server, by kind of resource and by what came of them: changed, unchanged, invalid or failed.',
      labelNames: ['resource', 'outcome'],
    }),
    extensionUnanswered: new Gauge({
      registers,
      name: 'headgate_extension_unanswered',
      help: 'Resources about which the extension server has not answered.',
    }),
    apiSilenceSeconds: new Gauge({
      registers,
      name: 'headgate_api_server_silence_seconds',
      help: 'For how long the Kubernetes API server has not answered this replica; looked at every 5 s.',
    }),
    unreadResources: new Gauge({
      registers,
      name: 'headgate_unread_resources',
      help: 'Resources of Kubernetes whose changes are not seen, because the API server refuses to tell them; looked at every 5 s.',
    }),
    leading: new Gauge({
      registers,
      name: 'headgate_leading',
      help: 'With Kubernetes 1 on the replica that leads: it writes statuses and makes Envoys. 0 everywhere: nobody does. Looked at every 5 s.',
    }),
    fetches: new Counter({
      registers,
      name: 'headgate_fetches_total',
      help: 'Attempts to fetch what policies need from elsewhere: modules, images, endpoints of identity providers.',
      labelNames: ['kind', 'outcome'],
    }),
    exportCounts: (counts) => exportCounts(registry, counts),
  }
}

function exportCounts(registry: Registry, { objects, encodes, responses, bytes }: ExternalCounts): void {
  new Gauge({
    registers: [registry],
    name: 'headgate_objects',
    help: 'Objects that are read, by kind.',
    labelNames: ['kind'],
    collect() {
      for (const [kind, count] of objects()) this.set({ kind }, count)
    },
  })
  exportByType(registry, 'headgate_xds_encodes_total', 'Resources encoded for the wire: once each, for any number of proxies.', encodes)
  exportByType(registry, 'headgate_xds_responses_total', 'Responses sent to proxies.', responses)
  exportByType(registry, 'headgate_xds_response_bytes_total', 'Bytes of the responses sent to proxies, without framing.', bytes)
}

function exportByType(registry: Registry, name: string, help: string, counts: ReadonlyMap<string, number>): void {
  new Counter({
    registers: [registry],
    name,
    help,
    labelNames: ['type'],
    collect() {
      this.reset()
      for (const [typeUrl, count] of counts) this.inc({ type: typeUrl.slice(typeUrl.lastIndexOf('.') + 1) }, count)
    },
  })
}
