/** What has come of a request of a policy. */
import { type Found, found, missing } from '../authentication/found.js'
import type { Fetched, FetchRequest } from './fetch-request.js'
import type { FetchWorld } from './referred-trust.js'

/**
 * What was fetched, or why the policy has to wait.
 *
 * @param what is fetched, at the beginning of messages
 */
export function fetchedContent(
  { view, inputs }: Pick<FetchWorld, 'view' | 'inputs'>,
  { key }: Pick<FetchRequest, 'key'>,
  what: string,
): Found<Extract<Fetched, { readonly state: 'fetched' }>> {
  const fetched = view.get(inputs.fetched, key)
  if (fetched === undefined) return missing('Pending', `${what} has not been fetched yet.`)
  if (fetched.state === 'failed') return missing('FetchFailed', `${what} could not be fetched: ${fetched.reason}.`)
  return found(fetched)
}
