/** The end of the program, once everything that it did has ended in good order. */

/** How long what is written last may take to get out, in milliseconds. */
const GRACE_MS = 1_000

/**
 * Ends the program with this code: at once where nothing is under way, else after a second. A gRPC client that was closed goes on connecting to
 * whoever does not answer, for two minutes; so a controller whose leader had vanished with its address was killed after 30 s.
 */
export function endProgram(code: number): void {
  process.exitCode = code
  setTimeout(() => process.exit(), GRACE_MS).unref()
}
