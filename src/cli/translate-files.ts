/** Translates files for a command. */
import { type OfflineTranslation, translateOffline, UnreadableInputError } from '../pipeline/translate-offline.js'
import { CliError } from './cli-error.js'

/** What Headgate would make of files and folders. Throws `CliError` for what cannot be read. */
export async function translateFiles(names: readonly string[], workingFolder: string): Promise<OfflineTranslation> {
  try {
    return await translateOffline(names, workingFolder)
  } catch (error) {
    throw error instanceof UnreadableInputError ? new CliError(error.message, undefined, { cause: error }) : error
  }
}
