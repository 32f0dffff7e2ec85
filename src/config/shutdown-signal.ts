/** Ends the program on the user's word: the first signal asks for an orderly end, a later one insists. */

/** A second signal within this time is the same Ctrl-C, delivered once more by npm or by a shell on the way. */
const SAME_SIGNAL_MILLISECONDS = 1_000

/** Aborts on SIGINT or SIGTERM. A signal later than a second after the first ends the process at once. */
export function shutdownSignal(onFirst: (signal: NodeJS.Signals) => void): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const listen = (signal: NodeJS.Signals): void => {
    if (first === undefined) {
      first = performance.now()
      onFirst(signal)
      controller.abort()
    } else if (performance.now() - first > SAME_SIGNAL_MILLISECONDS) process.exit(130)
  }
  process.on('SIGINT', listen).on('SIGTERM', listen)
  return controller.signal
}
