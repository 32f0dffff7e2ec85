/**
 * Finds the scope of a request whose host is not written as the key of a scope: in other case, covered by a wildcard, or unknown.
 *
 * It stands first in chains with scoped routes, and scopes of exact hosts switch it off. When it runs, the filters of the request have
 * been put together without a route: so none of them may be absent by default (`httpFilters`), or such requests would skip it.
 */
import { type Any, any } from '../../message.js'
import { FALLBACK, SCOPE_HEADER } from '../scope-key.js'
import type { HttpFilter } from './http-filter.js'

/**
 * A changed header makes Envoy forget the route, and `metadata()` choose one at once. Every route has a name.
 *
 * Envoy refuses upgrades that a route does not take when it puts filters together, and without a route it refuses none: so this does. No
 * route of ours takes another one than WebSocket.
 */
const SCRIPT = `
function envoy_on_request(request)
  if request:streamInfo():routeName() ~= "" then return end
  local headers = request:headers()
  local prefix, host = string.match(headers:get("${SCOPE_HEADER}") or "", "^([^#]*#)([^:]*)")
  if not prefix then return end
  local upgrade = headers:get("upgrade")
  local asks = string.find(string.lower(headers:get("connection") or ""), "upgrade", 1, true)
  if upgrade and asks and string.lower(upgrade) ~= "websocket" then
    request:respond({[":status"] = "403"}, "")
    return
  end
  local lower = string.lower(host)
  if lower ~= host then
    headers:replace("${SCOPE_HEADER}", prefix .. lower)
    request:metadata()
    if request:streamInfo():routeName() ~= "" then return end
  end
  headers:replace("${SCOPE_HEADER}", prefix .. "${FALLBACK}")
end
`

/** A script: nothing else in Envoy can write a host in lower case. */
export const SCOPE_SEARCH: HttpFilter & { readonly config: Any } = {
  name: 'headgate.scope_search',
  config: any('envoy.extensions.filters.http.lua.v3.Lua', {
    defaultSourceCode: { inlineString: SCRIPT },
  }),
  disabled: false,
  perRoute: () => undefined,
  references: () => [],
}
