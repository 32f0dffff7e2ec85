/** The list of rejected versions in a text of bounded size. */

import { shortened } from '../../util/shortened.js'
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
  for (const version of [...versions].reverse()) {
    const short = { ...version, message: shortened(version.message, MAX_MESSAGE) }
    bytes += Buffer.byteLength(formatRejectedVersions([short]))
    if (bytes > maxBytes) break
    kept.unshift(short)
  }
  return formatRejectedVersions(kept)
}
