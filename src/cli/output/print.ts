/** One value, as a table for people, or as YAML or JSON for programs. */
import { stringify } from 'yaml'

/** What `-o` takes. */
export const OUTPUT_FORMATS = ['table', 'yaml', 'json'] as const

/** How results are printed. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** The text of a value. The table is only made when it is asked for. */
export function printValue(format: OutputFormat, value: unknown, table: () => string): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(value, undefined, 2)}\n`
    case 'yaml':
      return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
    case 'table':
      return table()
  }
}
