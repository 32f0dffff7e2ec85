/** Why no Envoy of a fleet runs, as its Deployment or DaemonSet tells it. */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import { fieldAt, listAt, type RawObject, stringAt } from '../../k8s/kube-json.js'

/**
 * Undefined while a pod is available, and of a workload that nobody has made yet. What keeps a single pod from running (an image, a node, a
 * volume) is known to the pod alone, which the controller has no right to read: then the message says who to ask.
 *
 * @param selector finds the pods of the fleet
 */
export function absentProxies(workload: RawObject | undefined, selector: string): GatewayAddresses['absence'] {
  if (workload === undefined || available(workload) > 0) return undefined
  const name = `${stringAt(workload, 'kind') || 'Deployment'} "${workload.metadata.name}"`
  const refusal = listAt(workload, 'status', 'conditions').find(
    (condition) => stringAt(condition, 'type') === 'ReplicaFailure' && stringAt(condition, 'status') === 'True',
  )
  if (refusal !== undefined) {
    return { reason: 'NoResources', message: `The cluster refuses the pods of the ${name}: ${stringAt(refusal, 'message')}.` }
  }
  const command = `kubectl describe pods --namespace ${workload.metadata.namespace} --selector ${selector}`
  return { reason: 'Pending', message: `No proxy is connected yet. No pod of the ${name} is available; what they wait for: ${command}` }
}

function available(workload: RawObject): number {
  const count = fieldAt(workload, 'status', 'availableReplicas') ?? fieldAt(workload, 'status', 'numberAvailable')
  return typeof count === 'number' ? count : 0
}
