/** The list of rejected versions in a text of bounded size. */

import type { RejectedVersion } from '../rejected-versions.js'
import { formatRejectedVersions } from './rejected-version-format.js'

/** Characters of the proxy's words: enough to tell what was wrong, once the condition is gone. */
const MAX_MESSAGE = 500

/**
 * The newest versions that fit, the oldest first.
 *
 * @param maxBytes of the text
 */
export function boundedRejectedVersions(versions: readonly RejectedVersion[], maxBytes: number): string {
  const kept: RejectedVersion[] = []
  let bytes = Buffer.byteLength(formatRejectedVersions([]))
  for (const version of [...versions].reverse().map(shortened)) {
    bytes += Buffer.byteLength(formatRejectedVersions([version]))
    if (bytes > maxBytes) break
    kept.unshift(version)
  }
  return formatRejectedVersions(kept)
}

function shortened(version: RejectedVersion): RejectedVersion {
  const { message } = version
  return message.length > MAX_MESSAGE ? { ...version, message: `${message.slice(0, MAX_MESSAGE - 1)}…` } : version
}
