/** The list of rejected versions in a file, for standalone mode. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { RejectedVersion, RejectedVersionStore } from '../rejected-versions.js'
import { formatRejectedVersions, parseRejectedVersions, RejectedVersionFormatError } from './rejected-version-format.js'

/** The file holds something else than a list of rejected versions. */
class RejectedVersionFileError extends Error {
  override readonly name = 'RejectedVersionFileError'
}

/** A store in this file. It is written beside and renamed, so that a crash leaves the old or the new list. */
export function rejectedVersionFile(path: string): RejectedVersionStore {
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '[]'
        throw error
      })
      return parse(path, text)
    },
    async save(versions) {
      await writeFile(`${path}.new`, formatRejectedVersions(versions), { mode: 0o600 })
      await rename(`${path}.new`, path)
    },
  }
}

function parse(path: string, text: string): readonly RejectedVersion[] {
  try {
    return parseRejectedVersions(text)
  } catch (error) {
    if (!(error instanceof RejectedVersionFormatError)) throw error
    throw new RejectedVersionFileError(`${path} ${error.message}: remove it to forget which versions were rejected`)
  }
}
