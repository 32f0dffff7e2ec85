import type { ProxyIdentity } from '../delivery-tracker.js'
import { type Fleet, suspectsOf } from '../rejected-versions.js'
import type { TypeUrl } from '../resource.js'
import type { RejectionMessage } from './rejection-message.js'
import type { Culprit } from './session.js'
import type { StreamContext } from './stream-context.js'
import { traceRejection } from './trace-rejection.js'

/** A response that a proxy rejected. */
export interface RejectedResponse {
  readonly typeUrl: TypeUrl
  readonly nonce: string
  readonly message: RejectionMessage
  /** None while they are searched for. */
  readonly culprits: readonly Culprit[]
}

/** Where a rejection is noted. */
export type RejectionSinks = Pick<StreamContext, 'cache' | 'rejected' | 'tracker' | 'clock' | 'log'>

/**
 * Notes for people that a proxy rejected a response, and for all streams which versions are not to be sent again, with the objects that they
 * were made from.
 *
 * @param by whose proxies rejected it; undefined where the proxy does not say which image it is
 */
export function reportRejection(proxy: ProxyIdentity, by: Fleet | undefined, response: RejectedResponse, sinks: RejectionSinks): void {
  const { typeUrl, nonce, message, culprits } = response
  const { rejected, tracker, clock, log } = sinks
  const now = clock.now()
  const names = culprits.map(({ resource }) => resource.name)
  const { text } = message
  tracker.rejected(proxy, typeUrl, nonce, text, names, now)
  if (culprits.length === 0) log.info({ proxy: proxy.node, group: proxy.group, typeUrl }, `rejected, the culprit is searched for: ${text}`)
  else log.warn({ proxy: proxy.node, group: proxy.group, typeUrl, names }, `rejected: ${text}`)
  const at = new Date(now).toISOString()
  for (const culprit of culprits) {
    const { name, version } = culprit.resource
    const traced = trace(culprit, message, proxy.group, sinks)
    const entry = { typeUrl, name, version, message: text, ...traced, at, ...(by === undefined ? {} : { by }) }
    if (rejected.add(entry)) tracker.reportRejection(proxy, entry)
  }
}

/** The objects that the resource was made from, and those of them that the message points at. */
function trace({ resource, previous }: Culprit, message: RejectionMessage, group: string, { cache }: Pick<RejectionSinks, 'cache'>) {
  // The same bytes may have been made from later generations meanwhile.
  const current = cache.resource(group, resource)
  const origins = current?.version === resource.version ? current.origins : resource.origins
  const accepted = previous?.value === undefined ? undefined : previous
  return { origins, suspects: traceRejection(message, resource, accepted, suspectsOf(origins, accepted?.origins)) }
}
