/** The kinds of objects that are made for a Gateway. */
import type { ApiResource } from '../../k8s/resource-path.js'

/** Where the objects of each kind are, in the order in which they are made. */
export const OWNED_KINDS: Readonly<Record<string, ApiResource>> = {
  ServiceAccount: { group: '', version: 'v1', plural: 'serviceaccounts' },
  ConfigMap: { group: '', version: 'v1', plural: 'configmaps' },
  Service: { group: '', version: 'v1', plural: 'services' },
  Deployment: { group: 'apps', version: 'v1', plural: 'deployments' },
  DaemonSet: { group: 'apps', version: 'v1', plural: 'daemonsets' },
  HorizontalPodAutoscaler: { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers' },
  PodDisruptionBudget: { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' },
}

/** The resource of a kind that we make. */
export function ownedResource(kind: string): ApiResource {
  const resource = OWNED_KINDS[kind]
  if (resource === undefined) throw new Error(`no owned kind "${kind}": add it to OWNED_KINDS`)
  return resource
}
