/** Why no Envoy of a fleet runs, or fewer than are wanted, as its Deployment or DaemonSet tells it. */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import { fieldAt, listAt, type RawObject, stringAt } from '../../k8s/kube-json.js'

/**
 * Undefined while a pod is available, and of a workload that nobody has made yet. What keeps a single pod from running (an image, a node, a
 * volume) is known to the pod alone, which the controller has no right to read: then the message says who to ask.
 *
 * @param selector finds the pods of the fleet
 */
export function absentProxies(workload: RawObject | undefined, selector: string): GatewayAddresses['absence'] {
  const none = noneAvailable(workload, selector)
  return none?.reason === 'Pending' ? { ...none, message: `No proxy is connected yet. ${none.message}` } : none
}

/**
 * What a Gateway that was programmed once has fewer Envoys for than are wanted, or new ones do not come for, as when a quota has no room for them:
 * then the old ones serve on for ever.
 *
 * @param selector finds the pods of the fleet
 */
export function missingProxies(workload: RawObject | undefined, selector: string): string | undefined {
  if (workload === undefined) return undefined
  const none = noneAvailable(workload, selector)
  if (none !== undefined) return none.message
  const name = nameOf(workload)
  const refusal = refusedPods(workload)
  if (refusal !== undefined) return `The cluster refuses further pods of the ${name}: ${refusal}.`
  const progress = conditionOf(workload, 'Progressing', 'False')
  if (stringAt(progress, 'reason') === 'ProgressDeadlineExceeded') {
    return `The ${name} has waited long for its new pods; what they wait for: ${podsCommand(workload, selector)}`
  }
  const [there, all] = [available(workload), wanted(workload)]
  if (there >= all) return undefined
  return `Only ${there} of ${all} pods of the ${name} are available; what others wait for: ${podsCommand(workload, selector)}`
}

function noneAvailable(workload: RawObject | undefined, selector: string): GatewayAddresses['absence'] {
  if (workload === undefined || available(workload) > 0) return undefined
  const name = nameOf(workload)
  if (fieldAt(workload, 'spec', 'replicas') === 0) return { reason: 'NoResources', message: `The ${name} is scaled to no pods.` }
  if (hasNoNode(workload))
    return { reason: 'NoResources', message: `No node takes pods of the ${name}: see its node selector, affinity and tolerations.` }
  const refusal = refusedPods(workload)
  if (refusal !== undefined) return { reason: 'NoResources', message: `The cluster refuses the pods of the ${name}: ${refusal}.` }
  return { reason: 'Pending', message: `No pod of the ${name} is available; what they wait for: ${podsCommand(workload, selector)}` }
}

function refusedPods(workload: RawObject): string | undefined {
  const refusal = conditionOf(workload, 'ReplicaFailure', 'True')
  return refusal === undefined ? undefined : stringAt(refusal, 'message')
}

function conditionOf(workload: RawObject, type: string, status: string): unknown {
  return listAt(workload, 'status', 'conditions').find((each) => stringAt(each, 'type') === type && stringAt(each, 'status') === status)
}

function nameOf(workload: RawObject): string {
  return `${stringAt(workload, 'kind') || 'Deployment'} "${workload.metadata.name}"`
}

function podsCommand({ metadata: { namespace } }: RawObject, selector: string): string {
  return `kubectl describe pods --namespace ${namespace} --selector ${selector}`
}

function available(workload: RawObject): number {
  return numberOf(fieldAt(workload, 'status', 'availableReplicas') ?? fieldAt(workload, 'status', 'numberAvailable'), 0)
}

/** A DaemonSet wants as many as there are nodes for it. */
function wanted(workload: RawObject): number {
  return numberOf(fieldAt(workload, 'spec', 'replicas') ?? fieldAt(workload, 'status', 'desiredNumberScheduled'), 1)
}

/** Until the cluster has looked at a DaemonSet, it says 0 as well. */
function hasNoNode({ metadata, status }: RawObject): boolean {
  return fieldAt(status, 'desiredNumberScheduled') === 0 && fieldAt(status, 'observedGeneration') === metadata.generation
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
