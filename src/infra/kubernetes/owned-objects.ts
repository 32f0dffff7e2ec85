/** What we made, as the cluster has it. */
import type { RawObject } from '../../k8s/kube-json.js'
import { listAt, stringAt } from '../../k8s/kube-json.js'
import { trimObject } from '../../k8s/trim.js'
import { CONTROLLER_ANNOTATION, GATEWAY_ANNOTATION } from './labels.js'

/** `Kind/namespace/name`. */
export type OwnedName = string & { readonly brand: 'OwnedName' }

/** The name of an object that we make. */
export function ownedName(kind: string, namespace: string, name: string): OwnedName {
  return `${kind}/${namespace}/${name}` as OwnedName
}

/** The kind within a name. */
export function kindOf(name: OwnedName): string {
  return name.slice(0, name.indexOf('/'))
}

/**
 * The key of the fleet that an object was made for; undefined on objects that are not ours.
 *
 * @param controllerName leaves out what another installation made
 */
export function gatewayOf(object: RawObject, controllerName?: string): string | undefined {
  const { labels = {}, annotations = {} } = object.metadata
  const maker = annotations[CONTROLLER_ANNOTATION]
  if (controllerName !== undefined && maker !== undefined && maker !== controllerName) return undefined
  const isOurs = labels['app.kubernetes.io/managed-by'] === 'headgate' && labels['app.kubernetes.io/component'] === 'proxy'
  return isOurs ? annotations[GATEWAY_ANNOTATION] : undefined
}

/** The uid of the Gateway or GatewayClass that owns an object. */
export function ownerUid(object: RawObject): string {
  return stringAt(
    listAt(object, 'metadata', 'ownerReferences').find((owner) => ['Gateway', 'GatewayClass'].includes(stringAt(owner, 'kind'))),
    'uid',
  )
}

/** The same for two versions of an object that differ only in what the cluster itself keeps up to date. */
export function contentMark(object: RawObject): string {
  const { status: _status, metadata, ...content } = trimObject(object)
  const { resourceVersion: _version, generation: _generation, ...kept } = metadata
  return JSON.stringify([kept, content])
}
