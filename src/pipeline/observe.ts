/** Notes what the control plane does in metrics and history. */
import type { KindName } from '../gen/kinds.js'
import { KINDS } from '../kinds/index.js'
import type { Logger } from '../telemetry/logger.js'
import type { Metrics } from '../telemetry/metrics.js'
import { RevisionHistory, type RevisionRecord } from '../xds/revision-history.js'
import { systemClock } from '../xds/server/clock.js'
import { ChangeStages } from './change-stages.js'
import type { ControlPlane } from './control-plane.js'
import { DeliveryTimes } from './delivery-times.js'
import type { RoundReport } from './pipeline.js'

/** Notes a round of translation. */
export function observeRound(report: RoundReport, metrics: Metrics, logger: Logger): void {
  metrics.translationSeconds.observe(report.milliseconds / 1000)
  metrics.resources.inc(report.resources)
  for (const [collection, count] of report.computed) metrics.fragments.inc({ collection }, count)
  for (const { collection, key, error } of report.failures) {
    metrics.failures.inc({ collection })
    logger.error({ err: error, collection, key }, 'a fault of the program: the last good result stays in use')
  }
  logger.debug({ trace: report.trace, milliseconds: Math.round(report.milliseconds * 10) / 10, resources: report.resources }, 'translated')
}

/** What is observed of a control plane. */
export interface Observed {
  readonly snapshots: ControlPlane['snapshots']
  readonly server: Pick<ControlPlane['server'], 'tracker' | 'counters'>
  readonly store: Pick<ControlPlane['store'], 'count'>
}

/** Follows a control plane from now on. Answers its history, the oldest revision first. */
export function observe({ snapshots, server, store }: Observed, metrics: Metrics): () => readonly RevisionRecord[] {
  const { tracker } = server
  const history = new RevisionHistory(snapshots, tracker, () => new Date())
  metrics.exportCounts({
    objects: () => KINDS.map(({ kind }) => [kind, store.count(kind as KindName)]),
    ...server.counters,
  })
  const deliveries = new DeliveryTimes()
  const stages = new ChangeStages((stage, milliseconds) => metrics.changeStageSeconds.observe({ stage }, milliseconds / 1000))
  snapshots.onApplied((group, _changes, revision, trace) => {
    deliveries.applied(group, revision, tracker.connectedProxies(group), performance.now())
    stages.applied(group, revision, trace, systemClock.now())
  })
  snapshots.onForgotten((group) => {
    deliveries.forgotten(group)
    stages.forgotten(group)
    metrics.proxies.remove({ group })
  })
  tracker.onReached((proxy, revision, sentAt) => stages.reached(proxy, revision, sentAt, systemClock.now()))
  tracker.onDelivery((event) => {
    if (event.kind === 'rejection') {
      metrics.rejections.inc({ type: event.rejected.typeUrl })
      return
    }
    metrics.proxies.set({ group: event.group }, event.connectedProxies)
    const took = deliveries.delivered(event.group, event.acknowledgedRevision, event.connectedProxies, performance.now())
    for (const milliseconds of took) metrics.deliverySeconds.observe(milliseconds / 1000)
  })
  return () =>
    snapshots
      .groups()
      .flatMap((group) => history.list(group))
      .sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)) || a.revision - b.revision)
}
