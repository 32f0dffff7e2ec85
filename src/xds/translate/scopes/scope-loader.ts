/**
 * A listener that listens nowhere and makes Envoy subscribe to the scopes of its group.
 *
 * Envoy opens a listener after the first message with scopes, and there are many of those: without this one, a listener would answer 404
 * for hosts whose scopes are still on their way.
 *
 * An Envoy that starts calls itself ready (`LIVE`) when the listeners that it has are, and this one would be long before there is one
 * that listens. So it waits for a route configuration besides, which is sent after the last of all listeners.
 */
import { any, bool } from '../../message.js'
import { type EncodedResource, type ResourceReference, TYPE_URL } from '../../resource.js'
import { ADS } from '../config-source.js'
import { encodeResource } from '../encoded.js'
import { ROUTER } from '../http-filters/router.js'
import { routeConfigurationFrame } from '../routes/route-configuration.js'
import { READY, SCOPE_LOADER, scopedRoutesOf } from './scoped-routes.js'

const MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/** What comes into a group with its first scopes; the same for every group. */
export const SCOPE_LOADING: readonly ResourceReference[] = [
  { typeUrl: TYPE_URL.listener, name: SCOPE_LOADER },
  { typeUrl: TYPE_URL.routeConfiguration, name: READY },
]

/** The resources that `SCOPE_LOADING` names. */
export function encodeScopeLoading(): readonly EncodedResource[] {
  return [encodeScopeLoader(), encodeReadiness()]
}

function encodeScopeLoader(): EncodedResource {
  const httpFilters = [{ name: ROUTER.name, typedConfig: ROUTER.config }]
  const chain = (routes: object) => ({
    filters: [
      {
        name: 'envoy.filters.network.http_connection_manager',
        typedConfig: any(MANAGER, { statPrefix: SCOPE_LOADER, ...routes, httpFilters }),
      },
    ],
  })
  // However long it takes: after Envoy's default of 15 s it would be ready without listeners.
  const whenReady = { rds: { routeConfigName: READY, configSource: { ...ADS, initialFetchTimeout: { seconds: 0 } } } }
  const listener = encodeResource(
    'envoy.config.listener.v3.Listener',
    {
      name: SCOPE_LOADER,
      address: { socketAddress: { address: '127.0.0.1', portValue: 0 } },
      bindToPort: bool(false),
      filterChains: [chain(scopedRoutesOf(''))],
      defaultFilterChain: chain(whenReady),
    },
    { typeUrl: TYPE_URL.listener, name: SCOPE_LOADER, origins: [], references: [{ typeUrl: TYPE_URL.routeConfiguration, name: READY }] },
  )
  return { ...listener, isPreparation: true }
}

function encodeReadiness(): EncodedResource {
  return encodeResource('envoy.config.route.v3.RouteConfiguration', routeConfigurationFrame(READY), {
    typeUrl: TYPE_URL.routeConfiguration,
    name: READY,
    origins: [],
    references: [{ typeUrl: TYPE_URL.listener, name: '*' }],
  })
}
