/** Which gateways' proxies run as a ServiceAccount. */
import { fleetName } from '../infra/kubernetes/names.js'
import { fleetGroup } from '../infra/kubernetes/pod-placements.js'
import type { Translation } from './translation.js'

/** The groups of the proxies that run as this account: of the gateway whose fleet has that name, in the gateway's own namespace. */
export function fleetsOf({ gatewayApi }: Translation, namespace: string, account: string): readonly string[] {
  return [...gatewayApi.gateways.entries()].flatMap(([key, { object }]) =>
    object.namespace === namespace && fleetName(object.name) === account ? [fleetGroup(key)] : [],
  )
}
