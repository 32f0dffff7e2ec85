/** `gatewayctl status`: every object that Headgate looks after, and what is wrong with it. */
import type { ListenerPlace, Problem, StatusReport } from '../../admin/sources.js'
import type { ObjectStatus } from '../../gatewayapi/object-status.js'
import { compareText } from '../../util/compare-text.js'
import { EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { complaints, objectHealth } from '../object-health.js'
import { matchesObject, nearObject, type ObjectName } from '../object-name.js'
import { printValue } from '../output/print.js'
import { printable } from '../output/printable.js'
import type { Style } from '../output/style.js'
import { printTable } from '../output/table.js'

/** Which objects. */
export interface StatusOptions extends OutputOptions {
  readonly namespace?: string
}

/** Prints statuses. The exit code is 3 when an object has a problem. */
export async function statusCommand(context: CliContext, names: readonly ObjectName[], options: StatusOptions): Promise<number> {
  const report = await context.client.status()
  const objects = selectObjects(report.objects, names, options.namespace)
  const isAll = names.length === 0 && options.namespace === undefined
  const selected = { ...report, objects, problems: isAll ? report.problems : selectProblems(report.problems, names, options.namespace) }
  const isNothing = objects.length === 0 && selected.problems.every(({ isGeneral }) => isGeneral)
  // What was asked for by its name may be what a file could not be read for.
  const others = isNothing
    ? report.problems.filter(({ severity, object, isGeneral }) => severity === 'error' && object === undefined && isGeneral !== true)
    : []
  const shown = { ...selected, problems: [...selected.problems, ...others] }
  context.out(
    printValue(options.output, shown, () => printStatus(shown, context.style, isAll ? NOTHING : nothingSuch(names, report.objects))),
  )
  const isMissing = !isAll && objects.length === 0 && names.some(({ name }) => name !== undefined)
  return isMissing || hasFindings(shown) ? EXIT.findings : EXIT.ok
}

const NOTHING =
  'There is no object that Headgate looks after. A GatewayClass with its controllerName is the first; with files, a Gateway of the class "headgate" is enough.'
const NOTHING_SUCH = 'There is no object of this kind, name and namespace that has a status.'

function nothingSuch(names: readonly ObjectName[], objects: readonly ObjectStatus[]): string {
  const refs = objects.map(({ object }) => object)
  const meant = names.flatMap((name) => nearObject(name, refs) ?? [])
  return meant.length === 0 ? NOTHING_SUCH : `${NOTHING_SUCH} Is ${meant.join(', ')} meant?`
}

/** The problems of objects that are asked for, and those of everything. */
function selectProblems(problems: readonly Problem[], names: readonly ObjectName[], namespace: string | undefined): readonly Problem[] {
  return problems.filter(
    ({ object, isGeneral }) =>
      isGeneral === true ||
      (object !== undefined &&
        (namespace === undefined || object.namespace === namespace) &&
        (names.length === 0 || names.some((name) => matchesObject(name, object)))),
  )
}

/** The objects in question, sorted as people look for them: classes, gateways, then what hangs on them. */
export function selectObjects(
  objects: readonly ObjectStatus[],
  names: readonly ObjectName[],
  namespace: string | undefined,
): readonly ObjectStatus[] {
  return objects
    .filter(({ object }) => namespace === undefined || object.namespace === namespace)
    .filter(({ object }) => names.length === 0 || names.some((name) => matchesObject(name, object)))
    .toSorted((a, b) => rank(a) - rank(b) || compareText(a.object.kind, b.object.kind) || compareText(fullName(a), fullName(b)))
}

/** True when somebody must act. */
export function hasFindings({ objects, problems }: StatusReport): boolean {
  return problems.some(({ severity }) => severity === 'error') || objects.some((status) => objectHealth(status) === 'problem')
}

/** The table of objects, with a line for each complaint, and the problems that no object has. */
export function printStatus({ objects, listeners, problems }: StatusReport, style: Style, nothing: string = NOTHING): string {
  const rows = objects.flatMap((status) => statusRows(status, listeners, style))
  const table = printTable(
    [
      { title: 'KIND', cell: (row: StatusRow) => row.kind },
      { title: 'NAME', cell: (row) => row.name },
      { title: 'STATE', cell: (row) => row.state },
      { title: 'DETAILS', cell: (row) => row.details },
    ],
    rows,
    nothing,
  )
  return problems.length === 0 ? table : `${table}\n${printProblems(problems, style)}`
}

/** A line per problem. */
export function printProblems(problems: readonly Problem[], style: Style): string {
  return problems
    .map(
      ({ severity, where, message }) =>
        `${severity === 'error' ? style.bad('error') : style.waiting('warning')} ${printable(`${where}: ${message}`)}\n`,
    )
    .join('')
}

interface StatusRow {
  readonly kind: string
  readonly name: string
  readonly state: string
  readonly details: string
}

function statusRows(status: ObjectStatus, listeners: readonly ListenerPlace[], style: Style): readonly StatusRow[] {
  const health = objectHealth(status)
  const state = { ok: style.good('ok'), waiting: style.waiting('waiting'), problem: style.bad('problem') }[health]
  const [first = '', ...more] = [...summary(status, listeners), ...complaints(status)]
  const row = { kind: status.object.kind, name: fullName(status), state, details: first }
  return [row, ...more.map((details) => ({ kind: '', name: '', state: '', details }))]
}

/** What is worth knowing of an object that is in order. */
function summary(status: ObjectStatus, listeners: readonly ListenerPlace[]): readonly string[] {
  if (status.shape !== 'gateway' && status.shape !== 'listenerSet') return []
  const key = fullName(status)
  return status.listeners.map(({ name, attachedRoutes }) => {
    const place = listeners.find(
      ({ gateway, listenerSet, listener }) =>
        listener === name && (status.shape === 'gateway' ? listenerSet === undefined && gateway === key : listenerSet === key),
    )
    const routes = `${attachedRoutes} route${attachedRoutes === 1 ? '' : 's'}`
    return place === undefined ? `${name}: ${routes}` : `${name}: ${printPlace(place)}, ${routes}`
  })
}

function printPlace({ protocol, addresses, port, boundPort }: ListenerPlace): string {
  if (boundPort === undefined) return `${protocol} ${port}, not served`
  return `${protocol} on ${addresses.map((address) => `${address.includes(':') ? `[${address}]` : address}:${boundPort}`).join(', ')}`
}

const ORDER = ['GatewayClass', 'Gateway', 'ListenerSet']

function rank({ object }: ObjectStatus): number {
  const index = ORDER.indexOf(object.kind)
  return index === -1 ? ORDER.length : index
}

const fullName = ({ object }: ObjectStatus): string => (object.namespace === '' ? object.name : `${object.namespace}/${object.name}`)
