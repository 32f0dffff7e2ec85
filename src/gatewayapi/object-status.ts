/**
 * Our part of the status of an object. Writers merge it with what others wrote: foreign conditions, parents and ancestors stay.
 */
import type { ObjectVersion } from '../util/object-ref.js'
import type { Condition, ParentRef } from './model.js'

/** Our part of one object's status, by the shape of the status. */
export type ObjectStatus = GatewayClassStatus | GatewayStatus | ListenerSetStatus | RouteStatus | PolicyStatus | BackendStatus

/** Shared by all shapes. */
interface StatusBase {
  readonly object: ObjectVersion
}

/** Status of a GatewayClass of ours. */
export interface GatewayClassStatus extends StatusBase {
  readonly shape: 'gatewayClass'
  readonly conditions: readonly Condition[]
  /** In ascending order. */
  readonly supportedFeatures: readonly string[]
}

/** Status of a Gateway of ours. Conditions of our types that are not listed are removed (for example `InsecureFrontendValidationMode`). */
export interface GatewayStatus extends StatusBase {
  readonly shape: 'gateway'
  readonly conditions: readonly Condition[]
  readonly addresses: readonly { readonly type: string; readonly value: string; readonly routability?: string }[]
  readonly listeners: readonly ListenerStatus[]
  readonly attachedListenerSets: number
}

/** Status of a ListenerSet whose parent is ours. */
export interface ListenerSetStatus extends StatusBase {
  readonly shape: 'listenerSet'
  readonly conditions: readonly Condition[]
  readonly listeners: readonly ListenerStatus[]
}

/** Status of one listener. */
export interface ListenerStatus {
  readonly name: string
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[]
  readonly attachedRoutes: number
  readonly conditions: readonly Condition[]
}

/** Our entries of `status.parents` of a route, in the order of its parentRefs. Empty: none of its parents is ours (any more). */
export interface RouteStatus extends StatusBase {
  readonly shape: 'route'
  readonly parents: readonly { readonly parentRef: ParentRef; readonly conditions: readonly Condition[] }[]
}

/** Our entries of `status.ancestors` of a policy. */
export interface PolicyStatus extends StatusBase {
  readonly shape: 'policy'
  readonly ancestors: readonly { readonly ancestorRef: ParentRef; readonly conditions: readonly Condition[] }[]
}

/** Status of a Backend that something of ours sends to. */
export interface BackendStatus extends StatusBase {
  readonly shape: 'backend'
  readonly conditions: readonly Condition[]
}
