/** Notes what the control plane does in metrics and history. */

import type { KindName } from '../../gen/kinds.js'
import { KINDS } from '../../kinds/index.js'
import type { Logger } from '../../telemetry/logger.js'
import type { Metrics } from '../../telemetry/metrics.js'
import { compareText } from '../../util/compare-text.js'
import { TYPE_URL, type TypeUrl } from '../../xds/resource.js'
import { RevisionHistory, type RevisionRecord } from '../../xds/revision-history.js'
import { serverClock } from '../../xds/server/clock.js'
import type { ControlPlane } from '../control-plane.js'
import type { RoundReport } from '../round.js'
import { ChangeStages } from './change-stages.js'
import { DeliveryTimes } from './delivery-times.js'

/**
 * Notes each round of translation that it is told of.
 *
 * What alerts ask for is 0 before it happens: Prometheus sees no increase in a counter that begins with 1, so the first fault would be none.
 */
export function roundObserver(metrics: Metrics, logger: Logger): (report: RoundReport) => void {
  const known = new Set<string>()
  return (report) => {
    metrics.translationSeconds.observe(report.milliseconds / 1000)
    metrics.resources.inc(report.resources)
    for (const [collection, count] of report.computed) {
      metrics.fragments.inc({ collection }, count)
      if (!known.has(collection)) metrics.failures.inc({ collection }, 0)
      known.add(collection)
    }
    for (const { collection, key, error } of report.failures) {
      metrics.failures.inc({ collection })
      logger.error({ err: error, collection, key }, 'a fault of the program: the last good result stays in use')
    }
    const milliseconds = Math.round(report.milliseconds * 10) / 10
    logger.debug({ trace: report.trace, milliseconds, resources: report.resources }, 'translated')
  }
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
  for (const typeUrl of Object.values(TYPE_URL)) metrics.rejections.inc({ type: shortName(typeUrl) }, 0)
  const deliveries = new DeliveryTimes()
  const stages = new ChangeStages((stage, milliseconds) => metrics.changeStageSeconds.observe({ stage }, milliseconds / 1000))
  snapshots.onApplied((group, _changes, revision, trace) => {
    deliveries.applied(group, revision, tracker.connectedProxies(group), performance.now())
    stages.applied(group, revision, trace, serverClock.now())
  })
  snapshots.onForgotten((group) => {
    deliveries.forgotten(group)
    stages.forgotten(group)
    metrics.proxies.remove({ group })
  })
  tracker.onReached((proxy, revision, sentAt) => stages.reached(proxy, revision, sentAt, serverClock.now()))
  tracker.onDelivery((event) => {
    if (event.kind === 'rejection') {
      metrics.rejections.inc({ type: shortName(event.rejected.typeUrl) })
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
      .sort((a, b) => compareText(a.at, b.at) || a.revision - b.revision)
}

/** `Listener`, as other metrics call it. */
function shortName(typeUrl: TypeUrl): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1)
}
