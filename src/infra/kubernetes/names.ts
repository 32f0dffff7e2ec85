/** Names of what is made for a Gateway, whose own name may be four times as long as most names may be. */
import { shortName } from '../../util/short-name.js'

/** Pods get 16 more characters, and their names are host names of at most 63. */
const MAX_FLEET_NAME_LENGTH = 47

/** The API server refuses longer values of labels. */
const MAX_LABEL_LENGTH = 63

/**
 * The name that everything made for a Gateway has, in the Gateway's namespace: `headgate-<name>`, shortened and with a hash of the whole
 * name where that would be too long or where characters had to be replaced.
 */
export function fleetName(gatewayName: string): string {
  return prefixed('headgate', gatewayName)
}

/**
 * The name that what is made for the Gateways of a class has, in the namespace of the controller. It does not begin like that of a
 * Gateway, so that nobody who may create Gateways there takes over the account.
 */
export function classFleetName(gatewayClass: string): string {
  return prefixed('headgateclass', gatewayClass)
}

/** A Service's name is a single DNS label; those of Gateways and classes may contain dots. */
function prefixed(prefix: string, name: string): string {
  const label = `${prefix}-${name.replaceAll('.', '-')}`
  return label.length <= MAX_FLEET_NAME_LENGTH && !name.includes('.') ? label : shortName(label, name, MAX_FLEET_NAME_LENGTH)
}

/** The name of the Service of a Gateway whose Envoys are those of its class, in the namespace of the controller. */
export function classServiceName(namespace: string, gatewayName: string): string {
  // Names may contain hyphens: only the hash tells `a-b/c` from `a/b-c`.
  return shortName(`headgategw-${namespace}-${gatewayName}`.replaceAll('.', '-'), `${namespace}/${gatewayName}`, MAX_LABEL_LENGTH)
}

/** The value of the label `gateway.networking.k8s.io/gateway-name`: the name itself, if it fits. */
export function gatewayNameLabel(gatewayName: string): string {
  return gatewayName.length <= MAX_LABEL_LENGTH ? gatewayName : shortName(gatewayName, gatewayName, MAX_LABEL_LENGTH)
}
