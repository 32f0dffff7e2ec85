/** The list of rejected versions in a text of bounded size. */

import type { RejectedVersion } from '../rejected-versions.js'
import { formatRejectedVersions } from './rejected-version-format.js'

/** Of one entry more suspects are not written down: among so many the culprit has to be searched for again anyway. */
const MAX_SUSPECTS = 20
/** Characters of the proxy's words: enough to tell what was wrong, once the condition is gone. */
const MAX_MESSAGE = 500

/**
 * The newest versions that fit, the oldest first. An entry keeps what makes it work, the version, and what finds the culprit again; the
 * whole list of objects stays out.
 *
 * @param maxBytes of the text
 */
export function boundedRejectedVersions(versions: readonly RejectedVersion[], maxBytes: number): string {
  const kept: RejectedVersion[] = []
  let bytes = Buffer.byteLength(formatRejectedVersions([]))
  for (const version of [...versions].reverse().map(withoutDetails)) {
    bytes += Buffer.byteLength(formatRejectedVersions([version]))
    if (bytes > maxBytes) break
    kept.unshift(version)
  }
  return formatRejectedVersions(kept)
}

function withoutDetails({ origins: _all, suspects, message, ...rest }: RejectedVersion): RejectedVersion {
  return {
    ...rest,
    message: message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message,
    origins: [],
    suspects: suspects.length > MAX_SUSPECTS ? [] : suspects,
  }
}
