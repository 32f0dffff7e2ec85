/** What a program writes and nobody takes: `gatewayctl routes | head`, a log whose reader has ended, a disk that is full. */

/** What a shell says of a program that SIGPIPE has ended, which is what becomes of other programs then. */
const NOBODY_READS = 141

/** For a program that goes on: what is written meanwhile is lost. Without this, Node ends the program with a trace. */
export function dropUnwritable(): void {
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
}

/** For a program that is there for its output: ends it, as others end, when that gets nowhere. */
export function endOnUnwritable(): void {
  dropUnwritable()
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(NOBODY_READS)
    process.stderr.write(`The output cannot be written: ${error.message}.\n`)
    process.exit(1)
  })
}
