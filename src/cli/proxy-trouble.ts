/** What keeps proxies from running what they should. */
import type { TypeDelivery } from '../xds/delivery.js'
import { printDuration } from './output/duration.js'
import type { Style } from './output/style.js'

/** What keeps a proxy from it, a phrase each; empty for one that is in sync. */
export function proxyTrouble(types: readonly TypeDelivery[], style: Style): readonly string[] {
  return types.flatMap(({ typeUrl, pendingMs, lastRejection, acknowledgedAt }) => {
    const name = typeUrl.slice(typeUrl.lastIndexOf('.') + 1)
    // A later response that was accepted settles an older rejection.
    const rejected = lastRejection !== undefined && (acknowledgedAt === undefined || acknowledgedAt < lastRejection.at)
    return [
      ...(rejected ? [style.bad(`rejected ${name}: ${lastRejection.message}`)] : []),
      ...(pendingMs === undefined ? [] : [style.waiting(`${name} unanswered for ${printDuration(pendingMs)}`)]),
    ]
  })
}
