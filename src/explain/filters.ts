/** Which HTTP filters a request meets. Source: envoy/extensions/filters/network/http_connection_manager/v3, `HttpFilter.disabled`. */
import type { envoy, google } from '../gen/envoy/types.js'
import { decode } from '../xds/message.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type FilterConfigs = Readonly<Record<string, google.protobuf.Any>>

const ROUTER = 'envoy.filters.http.router'
const SWITCH = '/envoy.config.route.v3.FilterConfig'

/**
 * Names of filters in the order in which a request passes them: those that a route, its host or its backend configures, and those of the
 * listener that are always on.
 *
 * @param configs from the outside in: of the route configuration, of the host, of the route, of the backend
 */
export function filtersInEffect(
  { httpFilters = [] }: HttpConnectionManager,
  configs: readonly (FilterConfigs | undefined)[],
): readonly string[] {
  const said = new Map(configs.flatMap((each) => Object.entries(each ?? {})))
  return httpFilters.flatMap(({ name = '', disabled = false }) => {
    const config = said.get(name)
    const isOn = config === undefined ? !disabled : !isSwitchedOff(config)
    return isOn && name !== ROUTER ? [name] : []
  })
}

function isSwitchedOff({ type_url = '', value }: google.protobuf.Any): boolean {
  return type_url.endsWith(SWITCH) && decode('envoy.config.route.v3.FilterConfig', value ?? Buffer.alloc(0)).disabled === true
}
