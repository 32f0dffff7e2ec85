/**
 * Empty places in the chain, for filters whose settings are those of the whole filter in Envoy and not of a route: a route or a virtual
 * host brings the whole filter.
 */
import type { envoy, google, xds } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'
import { isLarger, TOO_LARGE } from './body-limit.js'
import { IS_TUNNEL } from './tunnel.js'

type TypedExtensionConfig = envoy.config.core.v3.TypedExtensionConfig
type OnMatch = xds.type.matcher.v3.Matcher.OnMatch
type FieldMatcher = xds.type.matcher.v3.Matcher.MatcherList.FieldMatcher

/** The filter that takes the place of another one. */
export const COMPOSITE: TypedExtensionConfig = {
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
export function putFilter(filter: TypedExtensionConfig): TypedExtensionConfig {
  const typedConfig = any('envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', { typedConfig: filter })
  return { name: 'execute', typedConfig }
}

/** The configuration of a route or virtual host that brings a filter, for requests with bodies of no more than so many bytes where it says so. */
export function fillPlace(filter: TypedExtensionConfig, maxBodyBytes?: number): google.protobuf.Any {
  return configOf({ action: putFilter(filter) }, maxBodyBytes)
}

/**
 * The same for several filters, in the order in which a request passes them; undefined when there is nothing to do.
 *
 * Of the filters that wait or hand bytes on later there can be one, behind all others: Envoy goes on behind the place then.
 */
export function fillPlaceWith(filters: readonly TypedExtensionConfig[], maxBodyBytes?: number): google.protobuf.Any | undefined {
  return filters.length === 0 && maxBodyBytes === undefined ? undefined : configOf(putFilters(filters), maxBodyBytes)
}

/**
 * The same where one filter waits for whole requests, behind others: those that have no end are not waited for.
 *
 * @param filters those before it
 */
export function fillPlaceWithWaiting(
  filters: readonly TypedExtensionConfig[],
  waiting: TypedExtensionConfig,
  maxBodyBytes?: number,
): google.protobuf.Any {
  const forTunnels = { predicate: IS_TUNNEL, onMatch: putFilters(filters) ?? { action: SKIP } }
  return configOf(putFilters([...filters, waiting]), maxBodyBytes, [forTunnels])
}

const SKIP = { name: 'skip', typedConfig: any('envoy.extensions.filters.common.matcher.action.v3.SkipFilter', {}) }

function putFilters(filters: readonly TypedExtensionConfig[]): OnMatch | undefined {
  if (filters.length === 0) return undefined
  const execute = any('envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', { filterChain: { typedConfig: filters } })
  return { action: { name: 'execute', typedConfig: execute } }
}

function configOf(onNoMatch: OnMatch | undefined, maxBodyBytes?: number, more: readonly FieldMatcher[] = []): google.protobuf.Any {
  const matchers = [
    ...(maxBodyBytes === undefined ? [] : [{ predicate: isLarger(maxBodyBytes), onMatch: { action: putFilter(TOO_LARGE) } }]),
    ...more,
  ]
  return any('envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute', {
    xdsMatcher: {
      ...(matchers.length === 0 ? {} : { matcherList: { matchers } }),
      ...(onNoMatch === undefined ? {} : { onNoMatch }),
    },
  })
}
