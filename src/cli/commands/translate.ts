/** `gatewayctl translate -f DIR`: what Headgate would make of files, without running anything. For editors and CI. */
import type { DumpSection } from '../../admin/dump.js'
import { DUMPED_TYPES } from '../../admin/dump.js'
import type { Condition } from '../../gatewayapi/model.js'
import type { ObjectStatus } from '../../gatewayapi/object-status.js'
import { EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { conditionHealth } from '../object-health.js'
import { printValue } from '../output/print.js'
import { translateFiles } from '../translate-files.js'
import { printSections } from './dump.js'
import { hasFindings, printProblems, printStatus, selectObjects } from './status.js'

/** What to print besides what is wrong. */
export const TRANSLATE_PARTS: readonly TranslatePart[] = ['status', ...(Object.keys(DUMPED_TYPES) as DumpSection[]), 'all']

/** A part of the result. */
export type TranslatePart = 'status' | DumpSection | 'all'

/** What to translate. */
export interface TranslateOptions extends OutputOptions {
  readonly file: readonly string[]
  readonly show: TranslatePart
  readonly controllerName?: string
}

/** Translates and prints. The exit code is 3 when something is wrong with the files or an object. */
export async function translateCommand(context: CliContext, { file, show, output, controllerName }: TranslateOptions): Promise<number> {
  const { workingFolder } = context
  const translated = await translateFiles({ names: file, workingFolder, ...(controllerName === undefined ? {} : { controllerName }) })
  const { objects: all, listeners, problems } = translated
  const objects = selectObjects(all.map(withoutDelivery), [], undefined)
  const report = { objects, listeners, problems }
  const sections = show === 'status' ? undefined : show
  const shown =
    sections === undefined ? [] : (await translated.resources()).filter(({ type }) => sections === 'all' || isOf(sections, type))
  const value = {
    ...(show === 'status' || show === 'all' ? report : { problems }),
    ...(sections === undefined ? {} : { resources: shown }),
  }
  context.out(
    printValue(output, value, () => {
      if (sections === undefined) return printStatus(report, context.style)
      const tables = printSections(sections, shown, context)
      return show === 'all' ? `${printStatus(report, context.style)}\n${tables}` : tables
    }),
  )
  if (output !== 'table' || sections !== undefined) context.error(printProblems(problems, context.style))
  return hasFindings(report) ? EXIT.findings : EXIT.ok
}

function isOf(section: DumpSection, type: string): boolean {
  return DUMPED_TYPES[section].some((typeUrl) => typeUrl.endsWith(`/${type}`))
}

/** No proxy is here to deliver to: that nothing is programmed says nothing. */
function withoutDelivery(status: ObjectStatus): ObjectStatus {
  const keep = (conditions: readonly Condition[]): readonly Condition[] =>
    conditions.filter((condition) => !(DELIVERY.has(condition.type) && conditionHealth(condition) === 'waiting'))
  switch (status.shape) {
    case 'gatewayClass':
    case 'backend':
      return { ...status, conditions: keep(status.conditions) }
    case 'gateway':
    case 'listenerSet':
      return {
        ...status,
        conditions: keep(status.conditions),
        listeners: status.listeners.map((listener) => ({ ...listener, conditions: keep(listener.conditions) })),
      }
    case 'route':
      return { ...status, parents: status.parents.map((parent) => ({ ...parent, conditions: keep(parent.conditions) })) }
    case 'policy':
      return { ...status, ancestors: status.ancestors.map((ancestor) => ({ ...ancestor, conditions: keep(ancestor.conditions) })) }
  }
}

const DELIVERY = new Set(['Programmed', 'headgate.dev/Delivered'])
