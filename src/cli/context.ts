/** What every command of gatewayctl works with. */
import type { AdminClient } from './admin-client.js'
import type { OutputFormat } from './output/print.js'
import type { Style } from './output/style.js'

/** Results go to `out`, everything else to `error`. */
export interface CliContext {
  readonly client: AdminClient
  readonly style: Style
  readonly out: (text: string) => void
  readonly error: (text: string) => void
  /** True when a person watches: `-w` then repaints instead of going on below. */
  readonly isTerminal: boolean
  readonly now: () => number
  /** Relative file names start here. */
  readonly workingFolder: string
}

/** Commands that print values. */
export interface OutputOptions {
  readonly output: OutputFormat
}
