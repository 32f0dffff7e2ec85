/** From what we say about an object, and what its status says now, to what its status should say. */
import { DELIVERED } from '../gatewayapi/delivered-condition.js'
import type { ListenerStatus, ObjectStatus } from '../gatewayapi/object-status.js'
import { type JsonObject, listAt, stringAt } from '../k8s/kube-json.js'
import { mergeConditions, newestGeneration, withTimes } from './merge-conditions.js'
import { mergeEntries, newestOwn, type OwnEntry } from './merge-entries.js'

/** What to write. */
export interface NextStatus {
  /** The whole status: ours and what others wrote. Equal to the stored one when there is nothing to write. */
  readonly merged: JsonObject
  /** Our part alone, for server-side apply; undefined for kinds whose lists are shared as a whole, which are replaced instead. */
  readonly applied: JsonObject | undefined
  /** What cannot be said, as other controllers have filled the list that all share. */
  readonly unsaid: readonly OwnEntry[]
}

/** Types of conditions that only the controller of an object writes, by the shape of its status. */
const OWN_TYPES: Readonly<Record<ObjectStatus['shape'] | 'listener', ReadonlySet<string>>> = {
  gatewayClass: new Set(['Accepted', 'SupportedVersion']),
  gateway: new Set(['Accepted', 'Programmed', 'ResolvedRefs', 'AddressesAssigned', 'InsecureFrontendValidationMode', 'DefaultGateway']),
  listener: new Set(['Accepted', 'Programmed', 'ResolvedRefs', 'Conflicted', 'OverlappingTLSConfig']),
  listenerSet: new Set(['Accepted', 'Programmed']),
  route: new Set(['Accepted', 'ResolvedRefs', 'PartiallyInvalid', DELIVERED]),
  backend: new Set(['Accepted']),
  policy: new Set(['Accepted', 'ResolvedRefs', 'PartiallyInvalid', 'Overridden']),
}

/** Lengths of shared lists that the schemas allow. */
const MAX_PARENTS = 32
const MAX_ANCESTORS = 16

/**
 * The status to write, or undefined if the stored one already speaks of a newer generation in our name.
 *
 * @param stored the status as the API server has it
 * @param now RFC 3339, for conditions that change
 * @param latest the generation of the object that the status stands in: what speaks of a later one came with a backup, or was said of an
 * object of the same name that is gone, and says nothing
 */
export function nextStatus(
  stored: JsonObject,
  ours: ObjectStatus,
  controllerName: string,
  now: string,
  latest: number = Number.MAX_SAFE_INTEGER,
): NextStatus | undefined {
  switch (ours.shape) {
    case 'route':
    case 'policy':
      return sharedEntries(stored, ours, controllerName, now, latest)
    default:
      return ownObject(stored, ours, now, latest)
  }
}

function sharedEntries(
  stored: JsonObject,
  ours: Extract<ObjectStatus, { shape: 'route' | 'policy' }>,
  controllerName: string,
  now: string,
  latest: number,
): NextStatus | undefined {
  const isRoute = ours.shape === 'route'
  const field = isRoute ? 'parents' : 'ancestors'
  const before = listAt(stored, field)
  if (isOvertaken(newestOwn(before, controllerName), ours.object.generation, latest)) return undefined
  const entries = isRoute
    ? ours.parents.map(({ parentRef, conditions }) => ({ ref: parentRef, conditions }))
    : ours.ancestors.map(({ ancestorRef, conditions }) => ({ ref: ancestorRef, conditions }))
  const rules = {
    refField: isRoute ? ('parentRef' as const) : ('ancestorRef' as const),
    controllerName,
    ownTypes: OWN_TYPES[ours.shape],
    maxEntries: isRoute ? MAX_PARENTS : MAX_ANCESTORS,
  }
  const { entries: merged, unsaid } = mergeEntries(before, entries, rules, now)
  // A status that nobody ever wrote, and to which we add nothing, stays missing.
  const nothing = merged.length === 0 && stored[field] === undefined
  return { merged: nothing ? stored : { ...stored, [field]: merged }, applied: undefined, unsaid }
}

function ownObject(
  stored: JsonObject,
  ours: Exclude<ObjectStatus, { shape: 'route' | 'policy' }>,
  now: string,
  latest: number,
): NextStatus | undefined {
  const before = listAt(stored, 'conditions')
  const ownTypes = OWN_TYPES[ours.shape]
  const own = before.filter((condition) => ownTypes.has(stringAt(condition, 'type')))
  if (isOvertaken(newestGeneration(own), ours.object.generation, latest)) return undefined
  const conditions = withTimes(before, ours.conditions, now)
  const listeners = ours.shape === 'gatewayClass' || ours.shape === 'backend' ? undefined : listenersOf(stored, ours.listeners, now)
  const rest = fieldsOf(ours)
  const merged = {
    ...withoutFields(stored, ['addresses']),
    ...rest,
    conditions: mergeConditions(before, conditions, ownTypes),
    ...(listeners === undefined ? {} : { listeners: listeners.merged }),
  }
  return { merged, applied: { ...rest, conditions, ...(listeners === undefined ? {} : { listeners: listeners.applied }) }, unsaid: [] }
}

/** True if a newer generation than ours was already reported under our name: by a replica that knows more. */
function isOvertaken(reported: number, ours: number, latest: number): boolean {
  return reported > ours && reported <= latest
}

function fieldsOf(ours: Exclude<ObjectStatus, { shape: 'route' | 'policy' }>): JsonObject {
  switch (ours.shape) {
    case 'gatewayClass':
      return { supportedFeatures: ours.supportedFeatures.map((name) => ({ name })) }
    case 'gateway':
      return {
        ...(ours.addresses.length === 0 ? {} : { addresses: ours.addresses }),
        attachedListenerSets: ours.attachedListenerSets,
      }
    case 'listenerSet':
    case 'backend':
      return {}
  }
}

function listenersOf(
  stored: JsonObject,
  ours: readonly ListenerStatus[],
  now: string,
): { readonly merged: readonly unknown[]; readonly applied: readonly unknown[] } {
  const before = new Map(listAt(stored, 'listeners').map((listener) => [stringAt(listener, 'name'), listener]))
  const written = ours.map(({ name, supportedKinds, attachedRoutes, conditions }) => {
    const storedConditions = listAt(before.get(name), 'conditions')
    const timed = withTimes(storedConditions, conditions, now)
    const base = { name, supportedKinds, attachedRoutes }
    const whole = mergeConditions(storedConditions, timed, OWN_TYPES.listener)
    return { applied: { ...base, conditions: timed }, merged: { ...base, conditions: whole } }
  })
  // The list is a map by name: the stored order stays, or every write would look like a change.
  const position = new Map([...before.keys()].map((name, index) => [name, index]))
  const placeOf = (name: string): number => position.get(name) ?? before.size
  const merged = written.map((each) => each.merged).sort((a, b) => placeOf(a.name) - placeOf(b.name))
  return { merged, applied: written.map((each) => each.applied) }
}

function withoutFields(object: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)))
}
