/**
 * Empty places in the chain, for filters whose settings are those of the whole filter in Envoy and not of a route: a route or a virtual
 * host brings the whole filter.
 */
import type { envoy, google, xds } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'
import { isLarger, TOO_LARGE } from './body-limit.js'

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

/** The configuration of a route or virtual host that brings a filter, for requests with bodies of no more than so many bytes where it says so. */
export function fillPlace(filter: envoy.config.core.v3.TypedExtensionConfig, maxBodyBytes?: number): google.protobuf.Any {
  return configOf({ action: putFilter(filter) }, maxBodyBytes)
}

/**
 * The same for several filters, in the order in which a request passes them; undefined when there is nothing to do.
 *
 * Of the filters that wait or hand bytes on later there can be one, behind all others: Envoy goes on behind the place then.
 */
export function fillPlaceWith(
  filters: readonly envoy.config.core.v3.TypedExtensionConfig[],
  maxBodyBytes?: number,
): google.protobuf.Any | undefined {
  if (filters.length === 0) return maxBodyBytes === undefined ? undefined : configOf(undefined, maxBodyBytes)
  const execute = any('envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', { filterChain: { typedConfig: filters } })
  return configOf({ action: { name: 'execute', typedConfig: execute } }, maxBodyBytes)
}

function configOf(onNoMatch: xds.type.matcher.v3.Matcher.OnMatch | undefined, maxBodyBytes?: number): google.protobuf.Any {
  return any('envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute', {
    xdsMatcher: {
      ...(maxBodyBytes === undefined
        ? {}
        : { matcherList: { matchers: [{ predicate: isLarger(maxBodyBytes), onMatch: { action: putFilter(TOO_LARGE) } }] } }),
      ...(onNoMatch === undefined ? {} : { onNoMatch }),
    },
  })
}
