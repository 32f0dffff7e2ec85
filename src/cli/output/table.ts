/** Tables as kubectl prints them: a head line, columns two blanks apart, no lines. */
import { stripVTControlCharacters } from 'node:util'
import { printable } from './printable.js'

/** A column: its title and the cell of a row. */
export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
}

/** The text of a table, or a sentence when there is no row. */
export function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], whenEmpty: string): string {
  if (rows.length === 0) return `${whenEmpty}\n`
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => printable(cell(row))))]
  const widths = columns.map((_, index) => lines.reduce((widest, line) => Math.max(widest, width(line[index] ?? '')), 0))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, index) => pad(cell, widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

const pad = (text: string, size: number): string => text + ' '.repeat(Math.max(size - width(text), 0))

/** Colours take no room. */
const width = (text: string): number => stripVTControlCharacters(text).length
