/** How gatewayctl ends. */

/** Exit codes, documented in `gatewayctl --help`. */
export const EXIT = {
  ok: 0,
  /** Something failed: no connection, a file that cannot be read. */
  failure: 1,
  /** The command line is wrong. */
  usage: 2,
  /** It worked, and what it found is not in order. */
  findings: 3,
  /** What was waited for did not happen in time. */
  timeout: 4,
} as const

/** Ends gatewayctl with a message for people, without a stack. */
export class CliError extends Error {
  override readonly name: string = 'CliError'
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT.failure, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** Nobody answers: whoever waits asks again. */
export class NoAnswerError extends CliError {
  override readonly name = 'NoAnswerError'
}
