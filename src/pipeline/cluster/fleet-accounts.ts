/** Which proxies run as a ServiceAccount. */
import { fleetPlace } from '../../infra/kubernetes/fleet-place.js'
import { fleetGroup } from '../../infra/kubernetes/pod-placements.js'
import type { Translation } from '../translation.js'

/**
 * The groups of the proxies that run as this account: of the gateway whose fleet has one of that name, in the gateway's own namespace; or
 * of the class whose gateways share such a fleet, in the namespace of the controller. A gateway that names the account of another one gets
 * no pods and lets those of the other one see its configuration: who may write there decides that.
 */
export function fleetsOf(
  { gatewayApi }: Pick<Translation, 'gatewayApi'>,
  controllerNamespace: string,
  namespace: string,
  account: string,
): readonly string[] {
  return [...gatewayApi.infra.entries()].flatMap(([key, infra]) => {
    const place = fleetPlace(infra, controllerNamespace)
    return place.namespace === namespace && place.names.serviceAccount === account ? [fleetGroup(key)] : []
  })
}
