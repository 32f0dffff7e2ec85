/**
 * Which listeners a route attaches to, and under which hosts.
 *
 * Source: Gateway API v1.7, `ParentReference`, `AllowedRoutes` and the reasons of the condition `Accepted` of routes.
 */

import type { Hostname } from '../ir/hostname.js'
import { exactly } from '../util/exactly.js'
import { type ObjectKey, type ObjectVersion, objectKey } from '../util/object-ref.js'
import { GATEWAY_GROUP, type Problem } from './conditions.js'
import { intersectHostnames } from './hostnames.js'
import { selectorMatches } from './label-selector.js'
import type { AttachedListener, EffectiveListener, ParentAttachment, ParentRef, RouteKind } from './model.js'

/** A route as far as attaching looks at it. */
export interface AttachingRoute {
  readonly object: ObjectVersion & { readonly kind: RouteKind }
  readonly parentRefs: readonly ParentRef[]
  readonly usesDefaultGateways: boolean
  /** Empty for every host. */
  readonly hostnames: readonly Hostname[]
}

/** What attaching reads. */
export interface AttachingWorld {
  /** The listeners of one Gateway or ListenerSet; empty when it is not ours. */
  listenersOf(kind: string, parent: ObjectKey): readonly EffectiveListener[]
  /** Gateways of anybody that take routes which ask for default gateways, in ascending order. */
  defaultGateways(): readonly string[]
  /** Undefined for one that is not there, or not yet known. */
  labelsOfNamespace(namespace: string): Readonly<Record<string, string>> | undefined
}

/** One entry per parentRef that names one of our gateways or listener sets, in the order of the route; default gateways come last. */
export function attachRoute(route: AttachingRoute, world: AttachingWorld): readonly ParentAttachment[] {
  const parents = [...route.parentRefs, ...defaultParents(route, world)].flatMap((parentRef, index) => {
    const listeners = listenersOfParent(route, parentRef, world)
    const [first] = listeners
    if (first === undefined) return []
    const attached = attachToParent(route, parentRef, listeners, world)
    const accepted = attached.problem === undefined ? ACCEPTED : { status: false, ...attached.problem }
    const gateway = objectKey(first.gateway.namespace, first.gateway.name)
    return [{ index, parentRef, gateway, accepted, listeners: attached.listeners, ...unservedBy(attached.listeners, listeners) }]
  })
  const lost = lostHostnames(route, parents)
  if (lost.length === 0) return parents
  const message = `${ACCEPTED.message} No listener that takes it covers ${lost.join(', ')}.`
  return parents.map((parent) => (parent.accepted.status ? { ...parent, accepted: { ...ACCEPTED, message } } : parent))
}

const ACCEPTED = { status: true, reason: 'Accepted', message: 'The route is accepted.' } as const

/** The hostnames that the route serves nowhere, although it serves others: perhaps they are misspelt. */
function lostHostnames({ hostnames }: AttachingRoute, parents: readonly ParentAttachment[]): readonly Hostname[] {
  const attached = parents.flatMap(({ listeners }) => listeners)
  if (hostnames.length < 2 || attached.length === 0) return []
  const served = new Set(attached.flatMap(({ hosts }) => (hosts === 'all' ? hostnames : hosts.flatMap(({ original }) => original ?? []))))
  return hostnames.filter((each) => !served.has(each))
}

/** Why none of the listeners that take the route serves anybody; nothing if one of them does. */
function unservedBy(attached: readonly AttachedListener[], listeners: readonly EffectiveListener[]): Pick<ParentAttachment, 'unserved'> {
  const closed = listeners.filter((each) => !each.serves)
  if (closed.length === 0 || attached.length === 0) return {}
  const names = attached.map(({ listener }) => closed.find((each) => each.key === listener)?.name)
  if (names.includes(undefined)) return {}
  const which = names.map((name) => `"${name}"`).join(', ')
  return {
    unserved: `${names.length === 1 ? `The listener ${which} serves` : `The listeners ${which} serve`} nobody: see the conditions there.`,
  }
}

function defaultParents(route: AttachingRoute, world: AttachingWorld): readonly ParentRef[] {
  if (!route.usesDefaultGateways) return []
  const named = new Set(route.parentRefs.filter((ref) => ref.kind === 'Gateway').map((ref) => parentKey(route, ref)))
  return world.defaultGateways().flatMap((key) => {
    const [namespace = '', name = ''] = key.split('/')
    return named.has(objectKey(namespace, name)) ? [] : [{ group: GATEWAY_GROUP, kind: 'Gateway', namespace, name }]
  })
}

function listenersOfParent(route: AttachingRoute, parentRef: ParentRef, world: AttachingWorld): readonly EffectiveListener[] {
  return parentRef.group === GATEWAY_GROUP ? world.listenersOf(parentRef.kind, parentKey(route, parentRef)) : []
}

function parentKey(route: AttachingRoute, parentRef: ParentRef): ObjectKey {
  return objectKey(parentRef.namespace ?? route.object.namespace, parentRef.name)
}

function attachToParent(
  route: AttachingRoute,
  parentRef: ParentRef,
  listeners: readonly EffectiveListener[],
  world: AttachingWorld,
): { readonly listeners: readonly AttachedListener[]; readonly problem?: Problem } {
  const selected = listeners.filter(
    (each) =>
      (parentRef.sectionName === undefined || each.name === parentRef.sectionName) &&
      (parentRef.port === undefined || each.port === parentRef.port),
  )
  if (selected.length === 0) return refused('NoMatchingParent', noListener(parentRef, listeners))
  const ofKind = selected.filter((each) => each.allowedKinds.includes(route.object.kind))
  if (ofKind.length === 0) {
    return refused('NotAllowedByListeners', `No listener that is asked for takes routes of kind ${route.object.kind}.`)
  }
  const allowed = ofKind.filter((each) => isNamespaceAllowed(each, route.object.namespace, world))
  if (allowed.length === 0) {
    return refused('NotAllowedByListeners', `No listener that is asked for takes routes from the namespace "${route.object.namespace}".`)
  }
  const attached = allowed.flatMap((each) => attachToListener(route, each))
  if (attached.length > 0) return { listeners: exactly(attached) }
  const hosts = allowed.map((each) => each.hostname ?? '*').join(', ')
  return refused('NoMatchingListenerHostname', `None of the route's hostnames is covered by a listener; the listeners serve ${hosts}.`)
}

function refused(reason: string, message: string): { readonly listeners: readonly AttachedListener[]; readonly problem: Problem } {
  return { listeners: [], problem: { reason, message } }
}

function attachToListener(route: AttachingRoute, listener: EffectiveListener): readonly AttachedListener[] {
  const hosts =
    route.object.kind === 'TCPRoute' || route.object.kind === 'UDPRoute' ? 'all' : intersectHostnames(listener.hostname, route.hostnames)
  if (hosts !== 'all' && hosts.length === 0) return []
  return [{ listener: listener.key, routeTable: listener.routeTable, hosts }]
}

function isNamespaceAllowed(listener: EffectiveListener, namespace: string, world: AttachingWorld): boolean {
  const { allowedNamespaces } = listener
  switch (allowedNamespaces.from) {
    case 'All':
      return true
    case 'Same':
      return namespace === listener.parent.namespace
    case 'None':
      return false
    case 'Selector': {
      // What is meant to be kept out by a label may be known before its namespace is.
      const labels = world.labelsOfNamespace(namespace)
      return labels !== undefined && selectorMatches(allowedNamespaces.selector, labels)
    }
  }
}

function noListener(parentRef: ParentRef, listeners: readonly EffectiveListener[]): string {
  const section = parentRef.sectionName === undefined ? [] : [`named "${parentRef.sectionName}"`]
  const port = parentRef.port === undefined ? [] : [`on port ${parentRef.port}`]
  const known = listeners.map((each) => `"${each.name}" on ${each.port}`).join(', ')
  return `The ${parentRef.kind} has no listener ${[...section, ...port].join(' ')}; it has ${known}.`
}
