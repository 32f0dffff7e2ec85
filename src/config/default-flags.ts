/** Lets Node take its own modules from the compiled code that it brings, whatever flags of V8 the program was started with. */
import { setFlagsFromString } from 'node:v8'

/** Flags that V8 reads when it makes the heap, and not again. */
const READ_ONCE = ['--max-semi-space-size', '--max-old-space-size']
/** Read at each collection of old objects. */
const HEAP_GROWTH = '--heap-growing-percent'

/**
 * Gives the flags of V8 that the image sets their defaults, and returns what has to be called when the program is loaded: how fast the heap may grow
 * holds again from then on. Its sizes stay as they were made.
 *
 * V8 takes no compiled code that was made with other flags than it has at the time, and of those of Node the defaults: with
 * `--max-semi-space-size=2` alone some 150 modules of Node are compiled anew, an eighth of what loading this program takes.
 *
 * @param nodeFlags what stood before the program, as in `process.execArgv`
 */
export function useDefaultFlags(nodeFlags: readonly string[]): () => void {
  // Zero says that a flag is not given.
  for (const flag of [...READ_ONCE, HEAP_GROWTH]) setFlagsFromString(`${flag}=0`)
  return () => {
    for (const flag of nodeFlags) if (flag.startsWith(`${HEAP_GROWTH}=`)) setFlagsFromString(flag)
  }
}
