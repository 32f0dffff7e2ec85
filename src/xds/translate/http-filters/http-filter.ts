import type { google } from '../../../gen/envoy/types.js'
import type { Route } from '../../../ir/route.js'
import type { MessageName } from '../../message.js'
import type { ResourceReference } from '../../resource.js'

/** The configuration of a filter that arrives over the ADS stream. */
export interface DiscoveredConfig {
  readonly discovered: MessageName
}

/**
 * An HTTP filter. It stands in the chain of every HTTP listener from the start, without effect until a route configures it: so the
 * first use of any filter changes no listener and drains no connection.
 */
export interface HttpFilter {
  /** The name of the instance: key of its configuration in routes. */
  readonly name: string
  /** What stands in the chain, or that it only names what arrives for the group of proxies. */
  readonly config: google.protobuf.Any | DiscoveredConfig
  /**
   * True: absent for routes that do not configure it. That saves time and nothing else: it must be harmless with its configuration in the
   * chain either way, because with scoped routes it is present where the scope had to be searched (`present-filters.ts`).
   */
  readonly disabled: boolean
  /**
   * For one that is disabled: a configuration for a virtual host without any effect but that the filter is there. A filter
   * of a listener may lead a request to another route, whose filters must stand in its chain.
   */
  readonly idle?: google.protobuf.Any
  /** The configuration for one route; undefined leaves the filter without effect. */
  perRoute(route: Route): google.protobuf.Any | undefined
  /** What the configuration for one route names; absent where it never names anything. */
  references?(route: Route): readonly ResourceReference[]
}
