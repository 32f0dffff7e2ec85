/** `gatewayctl wait KIND/NAME --for=delivered`: for scripts that change something and want to know when traffic has it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectStatus } from '../../gatewayapi/object-status.js'
import type { ObjectRef } from '../../util/object-ref.js'
import { CliError, EXIT } from '../cli-error.js'
import type { CliContext } from '../context.js'
import { complaints, hasCondition } from '../object-health.js'
import { matchesObject, type ObjectName } from '../object-name.js'
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
const NAMES: Readonly<Record<string, string>> = {
  accepted: 'Accepted',
  programmed: 'Programmed',
  resolved: 'ResolvedRefs',
  delivered: 'headgate.dev/Delivered',
}

/** The condition type that a `--for` names: a word of ours, or `condition=TYPE`. */
export function conditionType(wanted: string): string {
  const type = NAMES[wanted.toLowerCase()] ?? /^condition=(.+)$/i.exec(wanted)?.[1]
  if (type === undefined) throw new CliError(`--for takes ${Object.keys(NAMES).join(', ')} or condition=TYPE, not "${wanted}".`, EXIT.usage)
  return type
}

/** Waits. The exit code is 4 when the time is up before the condition holds. */
export async function waitCommand(context: CliContext, target: ObjectName, options: WaitOptions): Promise<number> {
  if (target.name === undefined) throw new CliError('Name one object to wait for, such as httproute/www.', EXIT.usage)
  const type = conditionType(options.for)
  const name: ObjectName = { namespace: options.namespace, ...target }
  const began = context.now()
  while (true) {
    const { objects, problems } = await context.client.status()
    const status = find(objects, name)
    const isRead = status !== undefined && status.object.generation >= (options.generation ?? 0)
    // Of an object that was refused, an older version may be in use: not what whoever waits has written.
    const refused = problems.filter(({ severity, object }) => severity === 'error' && object !== undefined && isMeant(name, object))
    if (isRead && refused.length === 0 && holds(status, type)) {
      context.out(`${label(name)} is ${options.for}\n`)
      return EXIT.ok
    }
    if (context.now() - began >= options.timeout || context.signal.aborted) {
      const reasons = refused.length > 0 ? refused.map(({ where, message }) => `${where}: ${message}`) : reasonsOf(status, isRead)
      context.error(
        `${label(name)} is not ${options.for} after ${options.timeout / 1000} s\n${reasons.map((reason) => `  ${printable(reason)}\n`).join('')}`,
      )
      return EXIT.timeout
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal: context.signal }).catch(() => {})
  }
}

function reasonsOf(status: ObjectStatus | undefined, isRead: boolean): readonly string[] {
  if (status === undefined) return ['there is no such object with a status of Headgate']
  return isRead ? complaints(status) : [`Headgate has read its generation ${status.object.generation}`]
}

/** Gateways say `Programmed` where routes say `Delivered`: the same promise. */
function holds(status: ObjectStatus, type: string): boolean {
  return hasCondition(status, type) || (type === NAMES.delivered && status.shape !== 'route' && hasCondition(status, 'Programmed'))
}

function find(objects: readonly ObjectStatus[], name: ObjectName): ObjectStatus | undefined {
  return objects.find(({ object }) => isMeant(name, object))
}

function isMeant(name: ObjectName, object: ObjectRef): boolean {
  return matchesObject(object.namespace === '' ? { ...name, namespace: '' } : name, object)
}

const label = ({ kind, namespace, name }: ObjectName): string => `${kind}/${namespace}/${name}`
