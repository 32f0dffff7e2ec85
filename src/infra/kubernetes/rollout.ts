/** Whether a workload runs as it should: then what it takes the place of may go. */
import { fieldAt, type RawObject } from '../../k8s/kube-json.js'

/** True if all pods of a Deployment or a DaemonSet are those of its present template, and available. */
export function isRolledOut(workload: RawObject | undefined): boolean {
  if (workload === undefined) return false
  const status = (field: string): number => numberOf(fieldAt(workload, 'status', field)) ?? 0
  if (status('observedGeneration') < (numberOf(fieldAt(workload, 'metadata', 'generation')) ?? 1)) return false
  if (fieldAt(workload, 'kind') === 'DaemonSet') {
    const wanted = status('desiredNumberScheduled')
    return status('updatedNumberScheduled') >= wanted && status('numberAvailable') >= wanted
  }
  const wanted = numberOf(fieldAt(workload, 'spec', 'replicas')) ?? 1
  return status('updatedReplicas') >= wanted && status('replicas') === status('updatedReplicas') && status('availableReplicas') >= wanted
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
