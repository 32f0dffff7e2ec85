/**
 * Empty places in the chain, for filters whose settings are those of the whole filter in Envoy and not of a route: a route or a virtual
 * host brings the whole filter.
 */
import type { envoy, google } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'

/** The filter that takes the place of another one. */
export const COMPOSITE: envoy.config.core.v3.TypedExtensionConfig = {
  name: 'composite',
  typedConfig: any('envoy.extensions.filters.http.composite.v3.Composite', {}),
}

/** What stands in the chain. It does nothing. */
export const EMPTY_PLACE: google.protobuf.Any = any('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
  extensionConfig: COMPOSITE,
  xdsMatcher: {},
})

/** The configuration of a route or virtual host whose place stays empty. */
export const IDLE_PLACE: google.protobuf.Any = any('envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute', { xdsMatcher: {} })

/** What a matcher does to put a filter into the place. */
export function putFilter(filter: envoy.config.core.v3.TypedExtensionConfig): envoy.config.core.v3.TypedExtensionConfig {
  const typedConfig = any('envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', { typedConfig: filter })
  return { name: 'execute', typedConfig }
}

/** The configuration of a route or virtual host that brings a filter. */
export function fillPlace(filter: envoy.config.core.v3.TypedExtensionConfig): google.protobuf.Any {
  return any('envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute', {
    xdsMatcher: { onNoMatch: { action: putFilter(filter) } },
  })
}
