/** Modules from web servers. */
import { createHash } from 'node:crypto'
import type { ModuleRequest } from '../gatewayapi/fetches/fetch-request.js'
import { FetchError } from './fetch-error.js'
import { get, requireOk } from './get.js'
import { DOCUMENT_TIMEOUT_MS, MAX_MODULE_BYTES, MODULE_TIMEOUT_MS } from './limits.js'
import { type FetchContext, moduleContent, type Outcome } from './outcome.js'

const NOT_MODIFIED = 304

/** The module; undefined: it is the one of before. Source of the question whether it has changed: RFC 9110, section 13.1.2. */
export async function fetchModule(request: ModuleRequest, { rules, signal, revision }: FetchContext): Promise<Outcome | undefined> {
  const url = new URL(request.url)
  const answer = await get(url, {
    rules,
    signal,
    authorities: request.authorities,
    maxBytes: MAX_MODULE_BYTES,
    timeoutMs: MODULE_TIMEOUT_MS,
    beginMs: DOCUMENT_TIMEOUT_MS,
    ...(revision === undefined ? {} : { headers: { 'if-none-match': revision } }),
  })
  if (revision !== undefined && answer.status === NOT_MODIFIED) return undefined
  const { body, header } = requireOk(answer)
  const digest = createHash('sha256').update(body).digest('hex')
  if (request.sha256 !== undefined && digest !== request.sha256) throw new FetchError('what came has another SHA-256 than the policy says')
  return { content: moduleContent(body), revision: header('etag') }
}
