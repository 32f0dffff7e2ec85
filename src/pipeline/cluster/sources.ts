/** What the admin server and the probes tell in a cluster. */
import type { AdminSources, Health, Problem } from '../../admin/sources.js'
import type { KubernetesConfig } from '../../config/config.js'
import type { KubernetesProvider } from '../../provider/kubernetes/kubernetes-provider.js'
import type { ForbiddenKind } from '../../status/forbidden-statuses.js'
import type { Metrics } from '../../telemetry/metrics.js'
import type { ControlPlane } from '../control-plane.js'
import type { ExtensionHooks } from '../extension-hooks.js'
import { hiddenMatches } from '../observe/hidden-matches.js'
import { idleServices } from '../observe/idle-services.js'
import { missingNames } from '../observe/missing-names.js'
import type { ObjectStatuses } from '../observe/object-statuses.js'
import { sharedSources } from '../observe/shared-sources.js'
import { unfitCertificates } from '../observe/unfit-certificates.js'
import type { Leadership } from '../replicas/leadership.js'
import { leadershipProblem } from '../replicas/leadership-problem.js'
import type { Peers } from '../replicas/peers.js'
import { rivalProblem } from './rivals.js'

/** Who knows it. */
export interface ClusterSourcesOptions {
  readonly config: KubernetesConfig
  readonly controlPlane: ControlPlane
  readonly statuses: ObjectStatuses
  readonly history: AdminSources['history']
  readonly provider: KubernetesProvider
  /** What the API server does not let us read, and its words, by resource. */
  readonly refusedReads: () => ReadonlyMap<string, string>
  /** What the API server does not let us write, while we lead. */
  readonly forbiddenStatuses: () => readonly ForbiddenKind[]
  readonly leadership: Leadership
  readonly peers: Peers
  readonly hooks: ExtensionHooks | undefined
  readonly metrics: Metrics
}

/** Reads it afresh each time that somebody asks. */
export function clusterSources(options: ClusterSourcesOptions): AdminSources {
  const { config, controlPlane, statuses, history, peers, metrics } = options
  return {
    ...sharedSources(controlPlane, metrics),
    statuses: () => statuses.values(),
    problems: () => problems(options),
    replica: config.replicaName,
    others: peers.others,
    leaderStatus: peers.leaderStatus,
    whereIs: () => undefined,
    history,
    bootstraps: () => [],
    health: () => health(options),
  }
}

function problems({ config, controlPlane, refusedReads, forbiddenStatuses, leadership, hooks }: ClusterSourcesOptions): readonly Problem[] {
  const { elector, claims } = leadership
  const unseen = [...refusedReads()].map(
    ([where, message]): Problem => ({ severity: 'error', where, message: `Changes are not seen: ${message}`, isGeneral: true }),
  )
  const unwritten = forbiddenStatuses().map(({ kind, count, message }): Problem => {
    const many = count === 1 ? 'One status is' : `${count} statuses are`
    return { severity: 'error', where: `status of ${kind}`, message: `${many} not written: ${message}`, isGeneral: true }
  })
  return [
    ...(hooks?.problems(controlPlane.translation.inputs.quarantines.entries()) ?? []),
    ...(claims?.rival === undefined ? [] : [rivalProblem(claims.rival)]),
    ...unseen,
    ...unwritten,
    ...unfitCertificates(controlPlane.translation.gatewayApi, new Date()),
    ...hiddenMatches(controlPlane.translation.gatewayApi),
    ...idleServices(controlPlane.translation.gatewayApi, controlPlane.translation.inputs),
    // Where only some namespaces are read, what is named may be in another one.
    ...(config.watch.kind === 'all' && controlPlane.snapshots.isComplete ? missingNames(controlPlane.store, '') : []),
    ...leadershipProblem(config.replicaName, elector, config.namespace),
  ]
}

function health({ controlPlane: { snapshots }, provider, peers }: ClusterSourcesOptions): Health {
  const unread = snapshots.isComplete ? [] : ['the objects of the cluster have not been read yet', ...provider.missing()]
  const elsewhere = peers.problem()
  const reasons = elsewhere === undefined ? unread : [...unread, elsewhere]
  return { live: true, ready: reasons.length === 0, reasons }
}
