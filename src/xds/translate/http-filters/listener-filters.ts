/**
 * Filters of listeners. Source: Gateway API v1.7 experimental channel, `ListenerFilters` (GEP-5224).
 *
 * Each virtual host is one listener's, so it brings the filters of the listener for its requests, whatever their route. What a filter
 * changes makes Envoy look for the route again, and what stands behind these places in the chain follows that route.
 */
import type { envoy, google } from '../../../gen/envoy/types.js'
import { type ExternalAuth, MAX_LISTENER_FILTERS, type VirtualHost } from '../../../ir/route.js'
import { any, bool } from '../../message.js'
import { SCOPE_HEADER } from '../scopes/scope-key.js'
import { EMPTY_PLACE, fillPlaceWith, IDLE_PLACE } from './composite.js'
import { claimedHeaders, EXT_AUTHZ_TYPE, extAuthz, largestBody, withoutBody } from './ext-authz.js'
import type { HttpFilter } from './http-filter.js'
import type { RouteFilter } from './slot.js'

/** The places, in their order. */
export const LISTENER_FILTERS: readonly HttpFilter[] = Array.from({ length: MAX_LISTENER_FILTERS }, (_, at) => ({
  name: `headgate.listener_filter.${at}`,
  config: EMPTY_PLACE,
  disabled: true,
  idle: IDLE_PLACE,
  perRoute: () => undefined,
}))

/** A listener is chosen before its filters run: nothing that it is chosen by may change. Other routing headers may, such as the method. */
const MUTATION_RULES = {
  allowAllRouting: bool(true),
  disallowExpression: { regex: `host|:authority|${SCOPE_HEADER}` },
}

/**
 * The configuration of the places that the listener of a virtual host fills. Each place looks once more at bodies that the filters before it
 * took: they wait for all of it, but let a larger one pass when it came at once with its end. So does the place behind the last filter.
 */
export function listenerFilterConfig({ listenerFilters }: VirtualHost): Readonly<Record<string, google.protobuf.Any>> {
  return Object.fromEntries(
    LISTENER_FILTERS.flatMap(({ name }, at) => {
      const own = listenerFilters.slice(at, at + 1)
      const filters = own.flatMap(filtersOf)
      const config = fillPlaceWith(filters, {
        maxBodyBytes: smallest(listenerFilters.slice(0, at + 1).map(largestBody)),
        forTunnels: own.every((auth) => largestBody(auth) === undefined) ? undefined : own.map(withoutBody).flatMap(filtersOf),
      })
      return config === undefined ? [] : [[name, config] as const]
    }),
  )
}

function filtersOf(auth: ExternalAuth): readonly RouteFilter[] {
  return [...withoutClaims(auth), filterOf(auth)]
}

function filterOf(auth: ExternalAuth): envoy.config.core.v3.TypedExtensionConfig {
  const filter = { ...extAuthz(auth), clearRouteCache: true, decoderHeaderMutationRules: MUTATION_RULES }
  return { name: 'ext_authz', typedConfig: any(EXT_AUTHZ_TYPE, filter) }
}

/** By a script: where it takes something away, Envoy looks for the route again, which the client would have chosen. Names have no quotes. */
function withoutClaims(auth: ExternalAuth): readonly RouteFilter[] {
  const claimed = claimedHeaders(auth)
  if (claimed.length === 0) return []
  const lines = claimed.map((name) => `  if headers:get("${name}") then headers:remove("${name}") end`)
  const inlineString = ['function envoy_on_request(request)', '  local headers = request:headers()', ...lines, 'end', ''].join('\n')
  const typedConfig = any('envoy.extensions.filters.http.lua.v3.Lua', { defaultSourceCode: { inlineString } })
  return [{ name: 'headgate.ext_authz_claims', typedConfig }]
}

function smallest(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
