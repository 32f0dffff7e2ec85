/** `gatewayctl wait KIND/NAME --for=delivered`: for scripts that change something and want to know when traffic has it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem, StatusReport } from '../../admin/sources.js'
import { DELIVERED } from '../../gatewayapi/delivered-condition.js'
import type { ObjectStatus } from '../../gatewayapi/object-status.js'
import type { ObjectRef } from '../../util/object-ref.js'
import { CliError, EXIT, NoAnswerError } from '../cli-error.js'
import type { CliContext } from '../context.js'
import { complaints, hasCondition, statusParts } from '../object-health.js'
import { matchesObject, nearObject, type ObjectName } from '../object-name.js'
import { printable } from '../output/printable.js'

/** What to wait for, and how long. */
export interface WaitOptions {
  readonly for: string
  readonly timeout: number
  readonly namespace: string
  /** Of this generation of the object, or a later one. Undefined: of what Headgate has read. */
  readonly generation?: number
}

const POLL_MILLISECONDS = 200
/** An answer gets as long, also where the time is up. */
const SHORTEST_PATIENCE_MILLISECONDS = 1_000
const LONGEST_PATIENCE_MILLISECONDS = 30_000

const NAMES: ReadonlyMap<string, string> = new Map([
  ['accepted', 'Accepted'],
  ['programmed', 'Programmed'],
  ['resolved', 'ResolvedRefs'],
  ['delivered', DELIVERED],
])

/** A condition, and what it should say. */
interface WantedCondition {
  readonly type: string
  readonly value: 'True' | 'False' | 'Unknown'
}

/** The condition that a `--for` names: a word of ours, or `condition=TYPE` and `condition=TYPE=VALUE` as kubectl takes them. */
function wantedCondition(wanted: string): WantedCondition {
  const [, other, text = 'true'] = /^condition=([^=]+)(?:=(true|false|unknown))?$/i.exec(wanted) ?? []
  const type = NAMES.get(wanted.toLowerCase()) ?? other
  if (type === undefined) {
    const words = [...NAMES.keys()].join(', ')
    throw new CliError(`--for takes ${words}, condition=TYPE or condition=TYPE=False, not "${wanted}".`, EXIT.usage)
  }
  const value = (['True', 'False', 'Unknown'] as const).find((each) => each.toLowerCase() === text.toLowerCase()) ?? 'True'
  return { type, value }
}

/**
 * Waits, also for a Headgate that is about to start. The exit code is 4 when the time is up before the condition holds, and 1 when nobody answers
 * then.
 */
export async function waitCommand(context: CliContext, target: ObjectName, options: WaitOptions): Promise<number> {
  if (target.name === undefined) throw new CliError('Name one object to wait for, such as httproute/www.', EXIT.usage)
  const condition = wantedCondition(options.for)
  const name: ObjectName = { namespace: options.namespace, ...target }
  const began = context.now()
  while (true) {
    const leftMs = options.timeout - (context.now() - began)
    const isOver = leftMs <= 0
    const patienceMs = Math.min(Math.max(leftMs, SHORTEST_PATIENCE_MILLISECONDS), LONGEST_PATIENCE_MILLISECONDS)
    const report = await context.client.status(patienceMs).catch((error: unknown) => {
      if (!(error instanceof NoAnswerError) || isOver) throw error
    })
    if (report === undefined) {
      await sleep(POLL_MILLISECONDS)
      continue
    }
    const { objects, problems } = report
    const status = find(objects, name)
    const isRead = status !== undefined && status.object.generation >= (options.generation ?? 0)
    // Of an object that was refused, an older version may be in use: not what whoever waits has written.
    const refused = problems.filter(({ severity, object }) => severity === 'error' && object !== undefined && isMeant(name, object))
    if (isRead && refused.length === 0 && holds(status, condition)) {
      context.out(`${label(name)} is ${options.for}\n`)
      return EXIT.ok
    }
    if (isOver) {
      const text = ({ where, message }: Said): string => `${where}: ${message}`
      const reasons = [
        ...(refused.length > 0 ? refused.map(text) : reasonsOf(status, isRead, condition)),
        ...(status === undefined ? whyMissing(name, report).map(text) : []),
        ...problems.filter(({ isGeneral }) => isGeneral).map(text),
      ]
      context.error(
        `${label(name)} is not ${options.for} after ${options.timeout / 1000} s\n${reasons.map((reason) => `  ${printable(reason)}\n`).join('')}`,
      )
      return EXIT.timeout
    }
    await sleep(POLL_MILLISECONDS)
  }
}

/** What is said, and of what. */
type Said = Pick<Problem, 'where' | 'message'>

/** What is said of an object that has no status, and which other one may be meant. */
function whyMissing(name: ObjectName, { objects, problems }: StatusReport): readonly Said[] {
  const near = nearObject(
    name,
    objects.map(({ object }) => object),
  )
  return [
    ...problems.filter(({ severity, object }) => severity === 'warning' && object !== undefined && isMeant(name, object)),
    ...(near === undefined ? [] : [{ where: near, message: 'is this one meant?' }]),
  ]
}

function reasonsOf(status: ObjectStatus | undefined, isRead: boolean, { type }: WantedCondition): readonly string[] {
  if (status === undefined) return ['there is no such object with a status of Headgate']
  if (!isRead) return [`Headgate has read its generation ${status.object.generation}`]
  const types = [...new Set(statusParts(status).flatMap(({ conditions }) => conditions.map((each) => each.type)))]
  const isUnknown = !types.some((each) => each.toLowerCase() === type.toLowerCase())
  return [...(isUnknown ? [`it has no condition ${type}, but ${types.join(', ')}`] : []), ...complaints(status)]
}

/** Gateways say `Programmed` where routes say `Delivered`: the same promise. */
function holds(status: ObjectStatus, { type, value }: WantedCondition): boolean {
  const isPromised = type === DELIVERED && value === 'True' && status.shape !== 'route' && hasCondition(status, 'Programmed', value)
  return isPromised || hasCondition(status, type, value)
}

function find(objects: readonly ObjectStatus[], name: ObjectName): ObjectStatus | undefined {
  return objects.find(({ object }) => isMeant(name, object))
}

function isMeant(name: ObjectName, object: ObjectRef): boolean {
  return matchesObject(object.namespace === '' ? { ...name, namespace: '' } : name, object)
}

const label = ({ kind, namespace, name }: ObjectName): string => `${kind}/${namespace}/${name}`
