/** What identity providers say about themselves. */

import type { ProviderRequest } from '../gatewayapi/fetches/fetch-request.js'
import { PROVIDER_DOCUMENT_PATH, readProviderDocument } from '../gatewayapi/fetches/provider-document.js'
import { FetchError } from './fetch-error.js'
import { get, requireOk } from './get.js'
import { DOCUMENT_TIMEOUT_MS, MAX_DOCUMENT_BYTES } from './limits.js'
import type { FetchContext, Outcome } from './outcome.js'

/** The document. It is small: it is read again rather than asked whether it has changed. */
export async function fetchProvider({ issuer, authorities }: ProviderRequest, { rules, signal }: FetchContext): Promise<Outcome> {
  const options = { rules, signal, authorities, maxBytes: MAX_DOCUMENT_BYTES, timeoutMs: DOCUMENT_TIMEOUT_MS }
  const url = new URL(`${issuer}${PROVIDER_DOCUMENT_PATH}`)
  const { body } = requireOk(await get(url, { ...options, headers: { accept: 'application/json' } }))
  const read = readProviderDocument(body.toString('utf8'), issuer)
  if (!read.ok) throw new FetchError(read.message)
  return { content: { kind: 'provider', provider: read.value }, revision: undefined }
}
