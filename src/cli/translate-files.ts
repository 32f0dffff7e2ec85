/** Translates files for a command. */
import { type OfflineInput, type OfflineTranslation, translateOffline, UnreadableInputError } from '../pipeline/translate-offline.js'
import { CliError } from './cli-error.js'

/** What Headgate would make of files and folders. Throws `CliError` for what cannot be read. */
export async function translateFiles(input: OfflineInput): Promise<OfflineTranslation> {
  try {
    return await translateOffline(input)
  } catch (error) {
    throw error instanceof UnreadableInputError ? new CliError(error.message, undefined, { cause: error }) : error
  }
}
