/** What a program writes and nobody reads any more: `gatewayctl routes | head`, or a log whose reader has ended. */

/** What a shell says of a program that SIGPIPE has ended, which is what becomes of other programs then. */
export const NOBODY_READS = 141

/**
 * Calls this when somebody has closed the other end of standard output or of standard error. What is written there is dropped from then on; without
 * this, Node ends the program with a trace.
 */
export function onClosedOutput(then: (output: 'stdout' | 'stderr') => void): void {
  for (const output of ['stdout', 'stderr'] as const) {
    process[output].on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      then(output)
    })
  }
}
