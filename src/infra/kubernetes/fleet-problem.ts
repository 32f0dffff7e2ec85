/** What a Gateway is told when its Envoys could not be provisioned. */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import { isMalformedApply, isWebhookFailure } from '../../k8s/apply.js'
import { KubeApiError } from '../../k8s/kube-error.js'
import { ForeignObjectError, LeftoverObjectError } from './fleet-writer.js'

/** Changes of a bootstrap that cannot be made. */
export class BootstrapProblem extends Error {}

/** A webhook that starts anew is missing for a moment: so many failures in a row are no such moment. */
const FAILURES_OF_A_RESTART = 3

/**
 * What the failure says about the Gateway; undefined where it says nothing, as of a server that is away.
 *
 * @param failures in a row, with this one
 */
export function fleetProblem(error: unknown, failures = 1): GatewayAddresses['problem'] {
  if (error instanceof BootstrapProblem) return { reason: 'Invalid', message: error.message }
  if (error instanceof ForeignObjectError) return { reason: 'Invalid', message: error.message }
  if (error instanceof LeftoverObjectError) return { reason: 'Pending', message: `${error.message}.` }
  // A server that is away says nothing about the Gateway; one that refuses does.
  if (error instanceof KubeApiError && isRefusal(error)) {
    // A ClusterIP that is taken or out of range makes the Service invalid.
    const isAddress = error.status === 422 && /spec\.clusterIPs?/.test(error.message)
    const reason = isAddress ? 'AddressNotUsable' : 'NoResources'
    return { reason, message: `The cluster refuses what this Gateway needs: ${inOrder(error.message)}.${remedy(error)}` }
  }
  if (error instanceof Error && isWebhookFailure(error) && failures > FAILURES_OF_A_RESTART) {
    return { reason: 'NoResources', message: `Nothing can be made for this Gateway: ${withoutSockets(error.message)}.` }
  }
  return undefined
}

/** What never changes, such as the class of a load balancer, an address within the cluster or a selector, is had by making the object anew. */
function remedy({ status, message }: KubeApiError): string {
  const [, namespace, plural, name] = /\/namespaces\/([^/]+)\/([^/]+)\/([^/:]+): 422 /.exec(message) ?? []
  if (status !== 422 || plural === undefined || !NEVER_CHANGES.test(message)) return ''
  const also = plural === 'services' ? ', perhaps with another address' : ''
  return ` It is made anew when it is deleted${also}: kubectl delete ${plural} ${name} --namespace ${namespace}`
}

/** As the API server words it, for Services and for everything else. */
const NEVER_CHANGES = /may not change once set|field is immutable/

/** The API server tells wrong fields of an apply in another order each time: a status that says so would change with each try. */
function inOrder(message: string): string {
  const [first = '', ...fields] = message.split('\n')
  return [first, ...fields.sort()].join('\n')
}

/** The port of our end of a connection is another one each time. */
function withoutSockets(message: string): string {
  return message.replace(/ (\S+:\d+)->(?=\S)/g, ' ')
}

function isRefusal(error: KubeApiError): boolean {
  return isMalformedApply(error) || (error.status < 500 && error.status !== 429 && error.status !== 409)
}
