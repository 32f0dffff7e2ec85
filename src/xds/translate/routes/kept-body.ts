/** How much of the body of a request Envoy keeps for another try, where that is not what its virtual host or its connection says. */
import { DEFAULT_KEPT_BODY_BYTES } from '../../../ir/defaults.js'
import type { ExternalAuth, Route, VirtualHost } from '../../../ir/route.js'

interface KeptBody {
  readonly requestBodyBufferLimit?: { readonly value: number }
}

/** What waits until it is complete, for the backend or for a server that sees all of it, can be sent another time. */
export function keptByRoute({ traffic, externalAuth }: Route): KeptBody {
  return kept(traffic?.maxBufferedBytes ?? longBody(externalAuth === undefined ? [] : [externalAuth]))
}

/** The same for what every request of a host waits for. */
export function keptByHost({ keptBodyBytes, listenerFilters }: VirtualHost): KeptBody {
  return kept(longBody(listenerFilters) ?? keptBodyBytes)
}

/** The longest body that a server sees, if it is longer than what is kept anyway. */
function longBody(servers: readonly ExternalAuth[]): number | undefined {
  const longest = Math.max(...servers.map(({ maxBodyBytes }) => maxBodyBytes), 0)
  return longest > DEFAULT_KEPT_BODY_BYTES ? longest : undefined
}

function kept(bytes: number | undefined): KeptBody {
  return bytes === undefined ? {} : { requestBodyBufferLimit: { value: bytes } }
}
