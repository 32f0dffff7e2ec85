/** What a Gateway is told when its Envoys could not be provisioned. */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import { isMalformedApply } from '../../k8s/apply.js'
import { KubeApiError } from '../../k8s/kube-error.js'
import { ForeignObjectError, LeftoverObjectError } from './fleet-writer.js'

/** Changes of a bootstrap that cannot be made. */
export class BootstrapProblem extends Error {}

/** What the failure says about the Gateway; undefined where it says nothing, as of a server that is away. */
export function fleetProblem(error: unknown): GatewayAddresses['problem'] {
  if (error instanceof BootstrapProblem) return { reason: 'Invalid', message: error.message }
  if (error instanceof ForeignObjectError) return { reason: 'Invalid', message: error.message }
  if (error instanceof LeftoverObjectError) return { reason: 'Pending', message: `${error.message}.` }
  // A server that is away says nothing about the Gateway; one that refuses does.
  if (error instanceof KubeApiError && isRefusal(error)) {
    // A ClusterIP that is taken or out of range makes the Service invalid.
    const isAddress = error.status === 422 && /spec\.clusterIPs?/.test(error.message)
    const reason = isAddress ? 'AddressNotUsable' : 'NoResources'
    return { reason, message: `The cluster refuses what this Gateway needs: ${inOrder(error.message)}.` }
  }
  return undefined
}

/** The API server tells wrong fields of an apply in another order each time: a status that says so would change with each try. */
function inOrder(message: string): string {
  const [first = '', ...fields] = message.split('\n')
  return [first, ...fields.sort()].join('\n')
}

function isRefusal(error: KubeApiError): boolean {
  return isMalformedApply(error) || (error.status < 500 && error.status !== 429 && error.status !== 409)
}
