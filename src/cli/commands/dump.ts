/** `gatewayctl dump`: the configuration that Envoys get, as Headgate has translated it. */
import { DUMPED_TYPES, type DumpedResource, type DumpSection } from '../../admin/dump.js'
import { EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { printDumpTable } from '../output/dump-table.js'
import { printValue } from '../output/print.js'

/** What `gatewayctl dump` takes. */
export const DUMP_SECTIONS: readonly (DumpSection | 'bootstrap' | 'all')[] = [
  ...(Object.keys(DUMPED_TYPES) as DumpSection[]),
  'bootstrap',
  'all',
]

/** Prints one section or all of them. A bootstrap is one document, a table would hide it: it is YAML then. */
export async function dumpCommand(
  context: CliContext,
  section: DumpSection | 'bootstrap' | 'all',
  { output }: OutputOptions,
): Promise<number> {
  if (section === 'bootstrap') {
    context.out(printValue(output === 'table' ? 'yaml' : output, await context.client.bootstraps(), () => ''))
    return EXIT.ok
  }
  const resources = await context.client.dump(section)
  context.out(printValue(output, resources, () => printSections(section, resources, context)))
  return EXIT.ok
}

/** The tables of the sections, with a title each when there are several. */
export function printSections(
  section: DumpSection | 'all',
  resources: readonly DumpedResource[],
  { style }: Pick<CliContext, 'style'>,
): string {
  if (section !== 'all') return printDumpTable(section, resources)
  return (Object.keys(DUMPED_TYPES) as DumpSection[])
    .map((each) => {
      const own = resources.filter(({ type }) => DUMPED_TYPES[each].some((typeUrl) => typeUrl.endsWith(`/${type}`)))
      return `${style.strong(each)}\n${printDumpTable(each, own)}`
    })
    .join('\n')
}
