/** The command line's surroundings in a real process. */
import { join } from 'node:path'

/** Where the command line meets its surroundings; tests pass their own. */
export interface CommandLineSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingFolder: string
  /** The folder of the package: it holds `examples/quickstart`. */
  readonly packageFolder: string
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
}

/**
 * What the process was started with.
 *
 * @param programFolder the folder of the program itself: `dist` in the package, `src` in the repository
 */
export function surroundingsOfProcess(programFolder: string): CommandLineSurroundings {
  return {
    environment: process.env,
    // npm runs scripts in the package's folder and says here where the user stands.
    workingFolder: process.env.INIT_CWD ?? process.cwd(),
    packageFolder: join(programFolder, '..'),
    writeOut: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
  }
}
