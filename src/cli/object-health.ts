/** What a status means in one word: for the table of `gatewayctl status`, and for `gatewayctl wait`. */
import { GATEWAY_SERVES, NEGATIVE_CONDITIONS, REMARK_CONDITIONS } from '../gatewayapi/conditions.js'
import type { Condition } from '../gatewayapi/model.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'

/** Conditions of one part of an object: the object itself, one listener, or one parent of a route. */
export interface StatusPart {
  /** Empty for the object itself. */
  readonly name: string
  readonly conditions: readonly Condition[]
}

/** `ok`: all is as it should be. `waiting`: something has not happened yet. `problem`: somebody must act. */
export type ObjectHealth = 'ok' | 'waiting' | 'problem'

/** Reasons of a False that time alone heals. */
const PASSING = new Set(['Pending', 'AddressNotAssigned', 'NoProxy'])

/** The parts of an object that have conditions of their own. */
export function statusParts(status: ObjectStatus): readonly StatusPart[] {
  switch (status.shape) {
    case 'gatewayClass':
    case 'backend':
      return [{ name: '', conditions: status.conditions }]
    case 'gateway':
    case 'listenerSet':
      return [
        { name: '', conditions: status.conditions },
        ...status.listeners.map(({ name, conditions }) => ({ name: `listener ${name}`, conditions })),
      ]
    case 'route':
      return status.parents.map(({ parentRef, conditions }) => ({ name: `parent ${refName(parentRef)}`, conditions }))
    case 'policy':
      return status.ancestors.map(({ ancestorRef, conditions }) => ({ name: `target ${refName(ancestorRef)}`, conditions }))
  }
}

/** The worst of its conditions. */
export function conditionHealth({ type, status, reason }: Condition): ObjectHealth {
  if (REMARK_CONDITIONS.has(type)) return 'ok'
  const good = NEGATIVE_CONDITIONS.has(type) ? 'False' : 'True'
  if (status === good) return 'ok'
  return status === 'Unknown' || PASSING.has(reason) ? 'waiting' : 'problem'
}

/** The worst of all parts. */
export function objectHealth(status: ObjectStatus): ObjectHealth {
  const all = statusParts(status).flatMap(({ conditions }) => conditions.map(conditionHealth))
  if (all.includes('problem')) return 'problem'
  return all.includes('waiting') ? 'waiting' : 'ok'
}

/**
 * True when the condition has this value in every part that has it, at the generation of the object, and at least one part has it. Capitals of the
 * type do not matter.
 */
export function hasCondition(status: ObjectStatus, type: string, value: Condition['status']): boolean {
  const { generation } = status.object
  const isMeant = (condition: Condition): boolean => condition.type.toLowerCase() === type.toLowerCase()
  const found = statusParts(status).flatMap(({ conditions }) => conditions.filter(isMeant))
  return found.length > 0 && found.every((condition) => condition.status === value && condition.observedGeneration >= generation)
}

/** One line per condition that is not good or worth knowing, the parts in order. */
export function complaints(status: ObjectStatus): readonly string[] {
  return statusParts(status).flatMap(complaintsOfPart)
}

/** Those of one part. */
export function complaintsOfPart({ name, conditions }: StatusPart): readonly string[] {
  return conditions
    .filter((condition) => conditionHealth(condition) !== 'ok' || isRemark(condition))
    .map(({ type, reason, message }) =>
      [name, type, ...(reason === type ? [] : [reason]), message].filter((part) => part !== '').join(': '),
    )
}

/** True for what nobody must act on, and is worth knowing: also that a Gateway serves with fewer proxies than it wants. */
function isRemark({ type, status, message }: Condition): boolean {
  return status === 'True' && (REMARK_CONDITIONS.has(type) || message.startsWith(`${GATEWAY_SERVES} `))
}

function refName({
  namespace,
  name,
  sectionName,
  port,
}: {
  readonly namespace?: string
  readonly name: string
  readonly sectionName?: string
  readonly port?: number
}): string {
  const listener = `${sectionName === undefined ? '' : `#${sectionName}`}${port === undefined ? '' : `:${port}`}`
  return `${namespace === undefined ? '' : `${namespace}/`}${name}${listener}`
}
