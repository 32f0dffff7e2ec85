/**
 * Empty places in the chain, for filters whose settings are those of the whole filter in Envoy and not of a route: a route or a virtual
 * host brings the whole filter.
 */
import type { envoy, google, xds } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'
import { SKIP_FILTER } from '../matching.js'
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

/** What is done with some requests in another way. */
export interface PlaceOptions<Filling> {
  /** Requests with larger bodies get 413. */
  readonly maxBodyBytes?: number | undefined
  /** For requests for another protocol: these have no end that a filter could wait for. */
  readonly forTunnels?: Filling | undefined
}

/** The configuration of a route or virtual host that brings a filter. */
export function fillPlace(filter: TypedExtensionConfig, options: PlaceOptions<TypedExtensionConfig> = {}): google.protobuf.Any {
  const { maxBodyBytes, forTunnels } = options
  return configOf({ action: putFilter(filter) }, maxBodyBytes, forTunnels && { action: putFilter(forTunnels) })
}

/**
 * The same for several filters, in the order in which a request passes them; undefined when there is nothing to do.
 *
 * Of the filters that wait or hand bytes on later there can be one, behind all others: Envoy goes on behind the place then.
 */
export function fillPlaceWith(
  filters: readonly TypedExtensionConfig[],
  { maxBodyBytes, forTunnels }: PlaceOptions<readonly TypedExtensionConfig[]> = {},
): google.protobuf.Any | undefined {
  if (filters.length === 0 && maxBodyBytes === undefined) return undefined
  return configOf(putFilters(filters), maxBodyBytes, forTunnels && (putFilters(forTunnels) ?? SKIP_FILTER))
}

function putFilters(filters: readonly TypedExtensionConfig[]): OnMatch | undefined {
  if (filters.length === 0) return undefined
  const execute = any('envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', { filterChain: { typedConfig: filters } })
  return { action: { name: 'execute', typedConfig: execute } }
}

function configOf(onNoMatch: OnMatch | undefined, maxBodyBytes: number | undefined, onTunnel: OnMatch | undefined): google.protobuf.Any {
  const matchers: readonly FieldMatcher[] = [
    ...(maxBodyBytes === undefined ? [] : [{ predicate: isLarger(maxBodyBytes), onMatch: { action: putFilter(TOO_LARGE) } }]),
    ...(onTunnel === undefined ? [] : [{ predicate: IS_TUNNEL, onMatch: onTunnel }]),
  ]
  return any('envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute', {
    xdsMatcher: {
      ...(matchers.length === 0 ? {} : { matcherList: { matchers } }),
      ...(onNoMatch === undefined ? {} : { onNoMatch }),
    },
  })
}
