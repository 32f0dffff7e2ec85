/** What gatewayctl knows about a request. */
import type { PlacedExplanation } from '../admin/explain.js'
import type { EffectiveField } from '../gatewayapi/policies/effective-report.js'
import type { ProxyDelivery } from '../xds/delivery.js'

/** An explanation, and what else is known about it. */
export interface ExplainedRequest extends PlacedExplanation {
  /** Fields of policies that hold for its routes on its Gateways. */
  readonly policies: readonly EffectiveField[]
  /** The proxies that have this configuration, or should. Without a running Headgate there is none. */
  readonly proxies: readonly ProxyDelivery[]
  /** What routes that answer an error say of themselves, and what their files say. */
  readonly because: readonly string[]
  /** Listeners and routes that could serve the request and do not, with what they say; empty where a host is served. */
  readonly unserved: readonly string[]
}
