/** Whether what a listener gets is weaker than what its policies ask for. */
import type { ClientSettings } from '../../ir/client.js'
import { deepEqual } from '../../util/deep-equal.js'

/** From the weakest to the strictest. */
const UNDERSCORES: readonly ClientSettings['underscoresInHeaders'][] = ['allow', 'drop', 'reject']
const ESCAPED_SLASHES: readonly ClientSettings['escapedSlashes'][] = ['keep', 'forward', 'redirect', 'reject']

/** True if something would pass that should not: where there is no order of strictness, anything else than what was asked for is weaker. */
export function isWeaker(wanted: ClientSettings, got: ClientSettings): boolean {
  return (
    UNDERSCORES.indexOf(got.underscoresInHeaders) < UNDERSCORES.indexOf(wanted.underscoresInHeaders) ||
    ESCAPED_SLASHES.indexOf(got.escapedSlashes) < ESCAPED_SLASHES.indexOf(wanted.escapedSlashes) ||
    (wanted.mergeSlashes && !got.mergeSlashes) ||
    !deepEqual(wanted.address, got.address) ||
    !deepEqual(wanted.forwardedClientCertificate, got.forwardedClientCertificate) ||
    !deepEqual(wanted.earlyRequestHeaders, got.earlyRequestHeaders)
  )
}
