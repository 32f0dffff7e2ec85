/** `gatewayctl version`: its own version and that of the Headgate it talks to. */
import { headgateVersion } from '../../config/version.js'
import { CliError, EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { printValue } from '../output/print.js'

/** Prints versions. A Headgate that does not answer is no failure: it is said. */
export async function versionCommand(context: CliContext, { output }: OutputOptions): Promise<number> {
  const client = headgateVersion()
  const server = await context.client.version().catch((error: unknown) => {
    if (error instanceof CliError) return undefined
    throw error
  })
  const table = (): string => {
    const answer =
      server === undefined ? 'does not answer' : `${server.version}${server.version === client ? '' : ' (another one than gatewayctl)'}`
    return `gatewayctl  ${client}\nheadgate    ${answer}\n`
  }
  context.out(printValue(output, { client, server: server?.version ?? null }, table))
  return EXIT.ok
}
