/** What objects say of themselves where a request gets nowhere: the translation knows why, and Envoy's messages do not. */
import type { ListenerPlace, Problem, StatusReport } from '../admin/sources.js'
import type { Explanation } from '../explain/explanation.js'
import type { Question } from '../explain/question.js'
import { parseRouteName } from '../explain/route-name.js'
import { DELIVERED } from '../gatewayapi/delivered-condition.js'
import type { ListenerStatus, ObjectStatus, RouteStatus } from '../gatewayapi/object-status.js'
import { ROUTE_KINDS } from '../gatewayapi/routes/any-route.js'
import { describeObject, objectKey } from '../util/object-ref.js'
import { complaints, complaintsOfPart } from './object-health.js'

/** What routes that answer an error say of themselves, and what their files say. */
export function errorComplaints({ outcomes, gateways }: Explanation, report: StatusReport): readonly string[] {
  const failing = outcomes.filter((outcome) => outcome.does === 'answer' && outcome.status >= 500)
  const routes = new Set(failing.flatMap(({ route }) => (route === undefined ? [] : (parseRouteName(route)?.object ?? []))))
  return [...routes].flatMap((route) => routeComplaints(route, gateways, report))
}

/** What could serve a request whose host is not served: routes, and listeners where the connection is closed. */
export function unservedComplaints(
  question: Question,
  { domain, outcomes, gateways }: Explanation,
  report: StatusReport,
): readonly string[] {
  if (domain !== undefined) return []
  const isClosed = outcomes.some(({ does }) => does === 'close')
  return [...(isClosed ? unservedListeners(question, report) : []), ...idleRouteComplaints(gateways, report), ...lostRoutes(report)]
}

/** Routes that name no parent that is there: nothing has a status for them. */
function lostRoutes({ objects, problems }: StatusReport): readonly string[] {
  const known = new Set(objects.map(({ object }) => describeObject(object)))
  const isLost = ({ object }: Problem): boolean =>
    object !== undefined && ROUTE_KINDS.some((kind) => kind === object.kind) && !known.has(describeObject(object))
  return problems.filter(isLost).map(({ where, message }) => `${where}: ${message}`)
}

/** @param route `<Kind>/<namespace>/<name>` */
function routeComplaints(route: string, gateways: readonly string[], { objects, problems }: StatusReport): readonly string[] {
  const ofStatus = objects.filter(({ object }) => describeObject(object) === route).flatMap((status) => complaintsAt(gateways, status))
  const ofFiles = problems.filter(({ object }) => object !== undefined && describeObject(object) === route)
  return [...ofStatus, ...ofFiles.map(({ where, message }) => `${where}: ${message}`)]
}

/** What keeps routes that name these Gateways from serving anybody. Those that serve errors are in place. */
function idleRouteComplaints(gateways: readonly string[], { objects }: StatusReport): readonly string[] {
  return objects.flatMap((status) =>
    complaintsAt(gateways, status, isIdle).map((complaint) => `${describeObject(status.object)}: ${complaint}`),
  )
}

function isIdle({ conditions }: RouteParent): boolean {
  return conditions.some(({ type, status }) => status !== 'True' && (type === 'Accepted' || type === DELIVERED))
}

/**
 * Listeners that are written and not served, and why: those on the port of the question, and of its Gateway where it names one. Where none has
 * that port it may be one that proxies would have bound, so then all of them are told.
 */
export function unservedListeners({ port, scheme, gateway }: Question, { objects, listeners }: StatusReport): readonly string[] {
  const unserved = listeners.filter(
    (place) =>
      place.boundPort === undefined &&
      (place.protocol === 'UDP') === (scheme === 'udp') &&
      (gateway === undefined || place.gateway === gateway),
  )
  const onPort = unserved.filter((place) => place.port === port)
  return (onPort.length > 0 ? onPort : unserved).flatMap((place) => {
    const owner = ownerOf(place)
    const listener = listenerOf(owner, place.listener, objects)
    const said = listener === undefined ? [] : complaintsOfPart({ name: '', conditions: listener.conditions })
    const which = `${owner} listener ${place.listener} (${place.protocol} ${place.port})`
    return said.length === 0 ? [`${which} is not served`] : said.map((complaint) => `${which}: ${complaint}`)
  })
}

type RouteParent = RouteStatus['parents'][number]

/** A ListenerSet does not say whose it is: better told once too often. */
function complaintsAt(
  gateways: readonly string[],
  status: ObjectStatus,
  isMeant: (parent: RouteParent) => boolean = () => true,
): readonly string[] {
  if (status.shape !== 'route') return []
  const { namespace } = status.object
  const isHere = ({ parentRef }: RouteParent): boolean =>
    parentRef.kind === 'ListenerSet' || gateways.includes(objectKey(parentRef.namespace ?? namespace, parentRef.name))
  return complaints({ ...status, parents: status.parents.filter((parent) => isHere(parent) && isMeant(parent)) })
}

function ownerOf({ gateway, listenerSet }: ListenerPlace): string {
  return listenerSet === undefined ? `Gateway/${gateway}` : `ListenerSet/${listenerSet}`
}

function listenerOf(owner: string, name: string, objects: readonly ObjectStatus[]): ListenerStatus | undefined {
  const status = objects.find(({ object }) => describeObject(object) === owner)
  return status?.shape === 'gateway' || status?.shape === 'listenerSet' ? status.listeners.find((each) => each.name === name) : undefined
}
