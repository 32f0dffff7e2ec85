/** Statuses in a cluster: what the translation says of objects is written, and what it means for their owners stands in Events beside it. */
import type { KubernetesConfig } from '../../config/config.js'
import type { ObjectStatus } from '../../gatewayapi/object-status.js'
import { EventRecorder } from '../../k8s/events.js'
import { KINDS } from '../../kinds/index.js'
import { type StatusEvent, statusEvents, unsaidEvent } from '../../status/status-events.js'
import { statusResources } from '../../status/status-resource.js'
import { StatusWriter } from '../../status/status-writer.js'
import type { Metrics } from '../../telemetry/metrics.js'
import type { ClusterAccess } from './access.js'

/** Notes an Event of an object, which is that with this uid. */
export type NoteEvent = (object: ObjectStatus['object'], event: StatusEvent, uid: string) => void

/** What writes them; nothing is written before `start`. */
export interface ClusterStatuses {
  readonly writer: StatusWriter
  readonly events: EventRecorder
  readonly note: NoteEvent
}

/** @param servedVersion the version in which the API server has a kind; undefined where it has none */
export function clusterStatuses(
  { edge }: ClusterAccess,
  { controllerName, replicaName }: KubernetesConfig,
  metrics: Metrics,
  servedVersion: (kind: string) => string | undefined,
): ClusterStatuses {
  const events = new EventRecorder({ ...edge, controller: controllerName, instance: replicaName })
  const note: NoteEvent = (object, event, uid) => {
    const apiVersion = `${object.group}/${servedVersion(object.kind) ?? 'v1'}`
    events.record({ ...event, action: 'Translate', regarding: { ...object, apiVersion, uid } })
  }
  const writer = new StatusWriter({
    ...edge,
    controllerName,
    resourceOf: statusResources(KINDS, servedVersion),
    onOutcome: (kind, outcome) => metrics.statusWrites.inc({ kind, outcome }),
    onWritten: (object, before, after) => {
      for (const event of statusEvents(before.status, after.status, controllerName)) note(object, event, after.uid)
    },
    onRefused: (object, uid, message) =>
      note(object, { type: 'Warning', reason: 'StatusRefused', note: `The cluster refuses its status: ${message}` }, uid),
    onUnsaid: (object, { uid }, unsaid) => note(object, unsaidEvent(unsaid), uid),
  })
  return { writer, events, note }
}
