/** What we made, as the cluster has it. */
import { classScope } from '../../ir/placement.js'
import type { RawObject } from '../../k8s/kube-json.js'
import { listAt, stringAt } from '../../k8s/kube-json.js'
import { trimObject } from '../../k8s/trim.js'
import { CONTROLLER_ANNOTATION, GATEWAY_ANNOTATION, hasLabels, OWNED_LABELS } from './labels.js'

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

/** Who looks at an object. */
export interface Installation {
  readonly controllerName: string
  /** The namespace of the controller: fleets of classes are there. */
  readonly controllerNamespace: string
}

/**
 * The key of the fleet that an object was made for; undefined on objects that are not ours, and on those that are not where the fleet is: who may write
 * in one namespace must not speak for a Gateway in another one.
 *
 * @param by leaves out what another installation made
 */
export function gatewayOf(object: RawObject, by?: Installation): string | undefined {
  const { annotations = {}, namespace = '' } = object.metadata
  const maker = annotations[CONTROLLER_ANNOTATION]
  if (by !== undefined && maker !== undefined && maker !== by.controllerName) return undefined
  const fleet = annotations[GATEWAY_ANNOTATION] ?? ''
  const isThere = fleet.startsWith(classScope(''))
    ? by === undefined || namespace === by.controllerNamespace
    : fleet.startsWith(`${namespace}/`)
  return isThere && hasLabels(object, OWNED_LABELS) ? fleet : undefined
}

/** The uid of the Gateway or GatewayClass that owns an object; the empty string where none does any more, as after somebody has taken it away. */
export function ownerUid(object: RawObject): string {
  return stringAt(
    listAt(object, 'metadata', 'ownerReferences').find((owner) => ['Gateway', 'GatewayClass'].includes(stringAt(owner, 'kind'))),
    'uid',
  )
}

/** True for an object of an earlier owner of the same name: it goes with that one. */
export function isOfAnother(object: RawObject, uid: string): boolean {
  return !['', uid].includes(ownerUid(object))
}

/** The same for two versions of an object that differ only in what the cluster itself keeps up to date. */
export function contentMark(object: RawObject): string {
  const { status: _status, metadata, ...content } = trimObject(object)
  const { resourceVersion: _version, generation: _generation, ...kept } = metadata
  return JSON.stringify([kept, content])
}
