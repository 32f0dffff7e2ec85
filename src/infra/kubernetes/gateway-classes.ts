import { type ApiResource, objectPath } from '../../k8s/resource-path.js'

/** Where GatewayClasses are, in the version that every cluster of ours serves. */
export const GATEWAY_CLASSES: ApiResource = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gatewayclasses' }

/** The path of one; they have no namespace. */
export function gatewayClassPath(name: string): string {
  return objectPath({ ...GATEWAY_CLASSES, namespace: '', name })
}
