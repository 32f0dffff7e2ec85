/** How HTTP connection managers get their routes by scopes. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import { literally } from '../../../util/literally.js'
import { any } from '../../message.js'
import { type ResourceReference, TYPE_URL } from '../../resource.js'
import { ADS } from '../config-source.js'
import { SCOPE_HEADER, scopeKeyPrefix } from './scope-key.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager

const APPEND_ACTION = Enum['envoy.config.core.v3.HeaderValueOption.HeaderAppendAction']

/** The name of the listener that loads scopes: see `scope-loader.ts`. */
export const SCOPE_LOADER = 'headgate_scopes'

/** The name of the route configuration without routes that a proxy gets when it has all listeners: see `scope-loader.ts`. */
export const READY = 'headgate_ready'

/** All managers ask with the same words, and share one subscription. */
const SCOPED_ROUTES: envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes = {
  name: 'headgate',
  scopeKeyBuilder: { fragments: [{ headerValueExtractor: { name: SCOPE_HEADER, elementSeparator: ':', index: 0 } }] },
  rdsConfigSource: ADS,
  scopedRds: { scopedRdsConfigSource: ADS },
}

/** The part of a manager that finds the scope of a request: by its host, among the scopes of the route table. */
export function scopedRoutesOf(
  routeTable: string,
): Pick<HttpConnectionManager, 'earlyHeaderMutationExtensions'> & { readonly scopedRoutes: typeof SCOPED_ROUTES } {
  const header = { key: SCOPE_HEADER, value: `${literally(scopeKeyPrefix(routeTable))}%REQ(:AUTHORITY)%` }
  const mutation = any('envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
    // Whatever the client sent under this name goes.
    mutations: [{ append: { header, appendAction: APPEND_ACTION.OVERWRITE_IF_EXISTS_OR_ADD } }],
  })
  return {
    scopedRoutes: SCOPED_ROUTES,
    earlyHeaderMutationExtensions: [{ name: 'envoy.http.early_header_mutation.header_mutation', typedConfig: mutation }],
  }
}

/** What a listener with scoped routes refers to: it is sent after the one that loads scopes, and after the last scope. */
export const SCOPE_REFERENCES: readonly ResourceReference[] = [
  { typeUrl: TYPE_URL.listener, name: SCOPE_LOADER },
  { typeUrl: TYPE_URL.scopedRouteConfiguration, name: '*' },
]
