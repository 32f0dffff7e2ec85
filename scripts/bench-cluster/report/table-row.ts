import type { PeerResult } from '../result.js'

/** A row of the table; a cell that is undefined was not measured. */
export interface TableRow {
  readonly work: string
  readonly goal: string
  /** Whether it stands in the README of the project, too. */
  readonly isHeadline?: true
  readonly cell: (result: PeerResult) => string | undefined
}
