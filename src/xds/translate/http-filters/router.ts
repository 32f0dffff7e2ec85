import { type Any, any } from '../../message.js'
import type { HttpFilter } from './http-filter.js'

/** Forwards the request: always the last one. It adds no headers of its own, such as `x-envoy-upstream-service-time`. */
export const ROUTER: HttpFilter & { readonly config: Any } = {
  name: 'envoy.filters.http.router',
  config: any('envoy.extensions.filters.http.router.v3.Router', { suppressEnvoyHeaders: true }),
  disabled: false,
  perRoute: () => undefined,
}

/** The configuration of a router that adds the headers of Envoy. */
export const ROUTER_WITH_HEADERS: Any = any('envoy.extensions.filters.http.router.v3.Router', {})
