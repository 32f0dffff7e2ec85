/**
 * When a status may be written: at once when it is quiet, seldom in a storm.
 *
 * What people wait for (conditions, addresses) is urgent and goes out at most once a second. Numbers of attached routes move with every
 * route: they wait for a pause, so that a thousand routes created one by one cost a Gateway a few writes, and are right within a second
 * after the last.
 */
import { DELIVERED } from '../gatewayapi/delivered-condition.js'
import type { Condition } from '../gatewayapi/model.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { deepEqual } from '../util/deep-equal.js'

/** What the pace of one object depends on. All times in milliseconds of one clock. */
export interface PaceFacts {
  /** When the last write was sent; undefined before the first. */
  readonly writtenMs: number | undefined
  /** When what is waiting began to wait, and when it last changed. */
  readonly sinceMs: number
  readonly changedMs: number
  /** False while nothing but numbers of attached routes waits. */
  readonly urgent: boolean
  /** True while something is open that may be about to be decided. */
  readonly unsettled: boolean
  /** How many statuses wait, with this one. */
  readonly waiting: number
}

/** At most one urgent write in so long, for Gateways and ListenerSets. */
const URGENT_INTERVAL_MS = 1_000

/** Numbers wait for a pause of this length … */
const QUIET_MS = 700

/** … but at most so long, … */
const MAX_WAIT_MS = 10_000

/** … and not at all when nothing was written for this long. */
const IDLE_MS = 5_000

/** An open question, such as whether the proxies take a new route, is mostly answered sooner than this: then one write says all. */
const SETTLE_MS = 300

/**
 * What proxies need for one of many: they take thousands of routes as one, and what is written meanwhile is written again, and keeps the
 * processor from what they wait for.
 */
const SETTLE_EACH_MS = 0.5

/** When the status of a Gateway or a ListenerSet, whose numbers sum up others, may be written. */
export function sharedObjectDueMs(facts: PaceFacts): number {
  const settled = facts.unsettled ? facts.sinceMs + SETTLE_MS : facts.sinceMs
  if (facts.writtenMs === undefined) return settled
  if (facts.urgent) return Math.max(settled, facts.writtenMs + URGENT_INTERVAL_MS)
  if (facts.sinceMs - facts.writtenMs >= IDLE_MS) return facts.sinceMs
  return Math.min(facts.changedMs + QUIET_MS, facts.sinceMs + MAX_WAIT_MS)
}

/** When the status of any other object may be written: at once, unless it is about to be decided. */
export function singleObjectDueMs({ sinceMs, unsettled, waiting }: PaceFacts): number {
  return unsettled ? sinceMs + SETTLE_MS + SETTLE_EACH_MS * (waiting - 1) : sinceMs
}

/** True if two statuses differ in more than numbers of attached routes. */
export function differsUrgently(a: ObjectStatus | undefined, b: ObjectStatus): boolean {
  return a === undefined || !deepEqual(withoutCounts(a), withoutCounts(b))
}

/** True while something is open that the proxies may be about to answer. */
export function isUnsettled(status: ObjectStatus): boolean {
  switch (status.shape) {
    case 'route':
      return status.parents.some(({ conditions }) => conditions.some(isOpen) || awaitsDelivery(conditions))
    case 'policy':
      return status.ancestors.some(({ conditions }) => conditions.some(isOpen))
    default:
      return status.conditions.some(isOpen)
  }
}

function isOpen({ status, reason }: Condition): boolean {
  return status === 'Unknown' || reason === 'Pending'
}

/** Delivery is not mentioned until the proxies have answered. */
function awaitsDelivery(conditions: readonly Condition[]): boolean {
  const isAccepted = conditions.some(({ type, status }) => type === 'Accepted' && status === 'True')
  return isAccepted && !conditions.some(({ type }) => type === DELIVERED)
}

function withoutCounts(status: ObjectStatus): unknown {
  if (status.shape !== 'gateway' && status.shape !== 'listenerSet') return status
  return { ...status, listeners: status.listeners.map(({ attachedRoutes: _attachedRoutes, ...listener }) => listener) }
}
