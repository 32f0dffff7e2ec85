/** Runs one command line of gatewayctl to its exit code. */
import { CommanderError } from 'commander'
import { CliError, EXIT } from './cli-error.js'
import { gatewayctlProgram, type ProgramSurroundings } from './program.js'

/** The exit code. Throws for bugs only: what the user can do something about is printed. */
export async function runGatewayctl(args: readonly string[], surroundings: ProgramSurroundings): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = gatewayctlProgram(surroundings, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (error instanceof CliError) {
      surroundings.error(`${error.message}\n`)
      return error.exitCode
    }
    throw error
  }
}
