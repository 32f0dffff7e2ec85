/** Conditions of ours among the conditions of others. */
import { DELIVERED } from '../gatewayapi/delivered-condition.js'
import type { Condition } from '../gatewayapi/model.js'
import { isJsonObject, stringAt } from '../k8s/kube-json.js'

/** A condition as it is written: ours, with the time since when its status holds. */
export interface WrittenCondition extends Condition {
  readonly lastTransitionTime: string
}

/** The API server refuses longer messages. */
const MAX_MESSAGE_LENGTH = 32_768

/** Types of conditions under this prefix are ours on every kind. */
const OWN_PREFIX = 'headgate.dev/'

/**
 * Our conditions with their times: the stored time stays as long as the stored status does.
 *
 * `Programmed` and `Delivered` are not taken back for want of proxies: a leader that took over a moment ago has not heard of them all, and
 * what a leader before it saw acknowledged in this generation was so.
 *
 * @param stored the conditions of the object as it is
 * @param now RFC 3339
 */
export function withTimes(stored: readonly unknown[], ours: readonly Condition[], now: string): readonly WrittenCondition[] {
  const written = ours.map((condition): WrittenCondition => {
    const before = typed(stored, condition.type)
    const confirmed = isUnheardOf(condition) ? confirmedBefore(before, condition) : undefined
    if (confirmed !== undefined) return confirmed
    const since = stringAt(before, 'status') === condition.status ? stringAt(before, 'lastTransitionTime') : ''
    const { type, status, observedGeneration, reason } = condition
    return {
      type,
      status,
      observedGeneration,
      lastTransitionTime: since || now,
      reason,
      // Half of a letter would be another text to the API server, and be written again and again.
      message: condition.message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed(),
    }
  })
  const accepted = ours.find(({ type, status }) => type === 'Accepted' && status === 'True')
  const isSilent = accepted !== undefined && !ours.some(({ type }) => type === DELIVERED)
  const delivered = isSilent ? confirmedBefore(typed(stored, DELIVERED), { ...accepted, type: DELIVERED }) : undefined
  return delivered === undefined ? written : [...written, delivered]
}

function typed(stored: readonly unknown[], type: string): unknown {
  return stored.find((candidate) => stringAt(candidate, 'type') === type)
}

function isUnheardOf({ type, status, reason }: Condition): boolean {
  return type === 'Programmed' && status === 'False' && reason === 'Pending'
}

function confirmedBefore(stored: unknown, { type, observedGeneration }: Condition): WrittenCondition | undefined {
  if (!isJsonObject(stored) || stored.status !== 'True' || stored.observedGeneration !== observedGeneration) return undefined
  return {
    type,
    status: 'True',
    observedGeneration,
    lastTransitionTime: stringAt(stored, 'lastTransitionTime'),
    reason: stringAt(stored, 'reason'),
    message: stringAt(stored, 'message'),
  }
}

/**
 * The stored conditions with ours in their place: foreign ones stay as they are, ours that are no longer said go, new ones come last.
 *
 * @param ownTypes types that only we write on this kind
 */
export function mergeConditions(
  stored: readonly unknown[],
  ours: readonly WrittenCondition[],
  ownTypes: ReadonlySet<string>,
): readonly unknown[] {
  const byType = new Map(ours.map((condition) => [condition.type, condition]))
  const kept = stored.flatMap((condition) => {
    const type = stringAt(condition, 'type')
    const own = byType.get(type)
    byType.delete(type)
    if (own !== undefined) return [own]
    return ownTypes.has(type) || type.startsWith(OWN_PREFIX) ? [] : [condition]
  })
  return [...kept, ...byType.values()]
}

/** The newest generation that the conditions speak of; 0 if they name none. */
export function newestGeneration(conditions: readonly unknown[]): number {
  return conditions.reduce<number>((newest, condition) => {
    const generation = isJsonObject(condition) ? condition.observedGeneration : undefined
    return typeof generation === 'number' ? Math.max(newest, generation) : newest
  }, 0)
}
