/** Notes what the control plane does in metrics and history. */
import { RevisionHistory } from '../admin/revision-history.js'
import type { KindName } from '../gen/kinds.js'
import { KINDS } from '../kinds/index.js'
import type { Logger } from '../telemetry/logger.js'
import type { Metrics } from '../telemetry/metrics.js'
import type { AppliedChange } from '../xds/snapshot-cache.js'
import type { ControlPlane } from './control-plane.js'
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
  logger.debug({ milliseconds: Math.round(report.milliseconds * 10) / 10, resources: report.resources }, 'translated')
}

/** What is noted of a running control plane. */
export interface Observation {
  readonly history: RevisionHistory
  /** Notes the revisions of a group of proxies from now on; a group that is followed already stays so. */
  follow(group: string): void
}

/** Follows a control plane from now on. */
export function observe({ snapshots, server, store }: ControlPlane, metrics: Metrics): Observation {
  const history = new RevisionHistory()
  const followed = new Set<string>()
  metrics.exportCounts({
    objects: () => KINDS.map(({ kind }) => [kind, store.count(kind as KindName)]),
    ...server.counters,
  })
  server.tracker.onDelivery((event) => {
    if (event.kind === 'progress') {
      metrics.proxies.set({ group: event.group }, event.connectedProxies)
      for (const took of history.delivered(event.group, event.acknowledgedRevision, Date.now()))
        metrics.deliverySeconds.observe(took / 1000)
    } else metrics.rejections.inc({ type: event.rejected.typeUrl })
  })
  return {
    history,
    follow: (group) => {
      if (followed.has(group)) return
      followed.add(group)
      snapshots.listen(group, {
        changed: (changes: readonly AppliedChange[], revision: number) => history.recorded(group, revision, changes, Date.now()),
        complete: () => {},
      })
    },
  }
}
