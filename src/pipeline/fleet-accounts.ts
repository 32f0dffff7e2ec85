/** Which proxies run as a ServiceAccount. */
import { fleetPlace } from '../infra/kubernetes/fleet-place.js'
import { fleetGroup } from '../infra/kubernetes/pod-placements.js'
import type { Translation } from './translation.js'

/**
 * The groups of the proxies that run as this account: of the gateway whose fleet has that name, in the gateway's own namespace; or of the
 * class whose gateways share a fleet of that name, in the namespace of the controller.
 */
export function fleetsOf(
  { gatewayApi }: Pick<Translation, 'gatewayApi'>,
  controllerNamespace: string,
  namespace: string,
  account: string,
): readonly string[] {
  return [...gatewayApi.infra.entries()].flatMap(([key, infra]) => {
    const place = fleetPlace(infra, controllerNamespace)
    return place.namespace === namespace && place.name === account ? [fleetGroup(key)] : []
  })
}
