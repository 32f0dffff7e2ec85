/** Colours, where a person looks. */
import { styleText } from 'node:util'

/** Paints text; without colours it returns it as it is. */
export interface Style {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly waiting: (text: string) => string
  readonly faint: (text: string) => string
  readonly strong: (text: string) => string
}

/** Colours on a terminal only, and never when `NO_COLOR` or `--no-color` says so. */
export function createStyle(colour: boolean): Style {
  const paint = (format: 'green' | 'red' | 'yellow' | 'dim' | 'bold') => (text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text
  return { good: paint('green'), bad: paint('red'), waiting: paint('yellow'), faint: paint('dim'), strong: paint('bold') }
}
