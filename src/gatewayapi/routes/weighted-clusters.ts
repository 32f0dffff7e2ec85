/** How the requests of a rule are shared out among its backends. */

import type { WeightedCluster } from '../../ir/forward.js'
import { NO_HEADER_CHANGES } from '../../ir/headers.js'
import { exactly } from '../../util/exactly.js'
import type { BackendKey } from '../backends/backend-key.js'
import type { ClusterUsage } from '../backends/cluster-names.js'
import type { UsableBackend } from '../backends/resolved-backend.js'
import type { Problem } from '../conditions.js'
import type { BackendReference } from './backend-references.js'
import { findBackend } from './find-backend.js'
import type { RuleContext } from './rule-context.js'

/** A reference to a backend with its share. */
export interface WeightedReference extends BackendReference {
  readonly weight: number
}

/** What filters of one backend do; a problem sends its share to nobody. */
export interface BackendExtras {
  readonly changes: Partial<Omit<WeightedCluster, 'cluster' | 'weight'>>
  readonly isRefused: boolean
}

/** A cluster and the backend that it is of. */
export interface KnownCluster {
  readonly key: BackendKey
  readonly cluster: WeightedCluster
}

/** The backends of a rule and their shares. */
export interface SharedOut {
  /** Without those of weight 0. */
  readonly clusters: readonly WeightedCluster[]
  /** Those of weight 0 as well. */
  readonly all: readonly KnownCluster[]
  readonly invalidWeight: number
  readonly problems: readonly Problem[]
  /** The backends behind `clusters`. */
  readonly backends: readonly UsableBackend[]
}

/** Finds the backends of a rule. Those that cannot be used keep their share: it must not fall to the others. */
export function shareOut<R extends WeightedReference>(
  context: RuleContext,
  references: readonly R[],
  usage: ClusterUsage,
  extras: (reference: R) => BackendExtras = () => ({ changes: {}, isRefused: false }),
): SharedOut {
  const clusters: WeightedCluster[] = []
  const all: KnownCluster[] = []
  const problems: Problem[] = []
  const backends: UsableBackend[] = []
  let invalidWeight = 0
  for (const reference of references) {
    const found = findBackend(context, reference, usage)
    const { changes, isRefused } = extras(reference)
    if (!found.ok && found.problem !== undefined) problems.push(found.problem)
    if (!found.ok || isRefused) {
      invalidWeight += reference.weight
      continue
    }
    const cluster = {
      cluster: found.cluster,
      weight: reference.weight,
      requestHeaders: NO_HEADER_CHANGES,
      responseHeaders: NO_HEADER_CHANGES,
      ...changes,
    }
    all.push({ key: found.key, cluster })
    if (reference.weight === 0) continue
    clusters.push(cluster)
    backends.push(found.backend)
  }
  return { clusters: exactly(clusters), all, invalidWeight, problems, backends }
}
