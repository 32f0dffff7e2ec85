/**
 * A listener that listens nowhere and makes Envoy subscribe to the scopes of its group.
 *
 * Envoy opens a listener after the first message with scopes, and there are many of those: without this one, a listener would answer 404
 * for hosts whose scopes are still on their way.
 */
import { any, bool } from '../message.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { encodeResource } from './encoded.js'
import { ROUTER } from './http-filters/router.js'
import { SCOPE_LOADER, scopedRoutesOf } from './scoped-routes.js'

/** The listener; the same for every group. */
export function encodeScopeLoader(): EncodedResource {
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    statPrefix: SCOPE_LOADER,
    ...scopedRoutesOf(''),
    httpFilters: [{ name: ROUTER.name, typedConfig: ROUTER.config }],
  })
  return encodeResource(
    'envoy.config.listener.v3.Listener',
    {
      name: SCOPE_LOADER,
      address: { socketAddress: { address: '127.0.0.1', portValue: 0 } },
      bindToPort: bool(false),
      filterChains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typedConfig: manager }] }],
    },
    { typeUrl: TYPE_URL.listener, name: SCOPE_LOADER, origins: [], references: [] },
  )
}
