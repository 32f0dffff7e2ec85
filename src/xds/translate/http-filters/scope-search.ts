/**
 * Finds the scope of a request whose host is not written as the key of a scope: in other case, covered by a wildcard, or unknown.
 *
 * It stands first in chains with scoped routes, and scopes of exact hosts switch it off. When it runs, the filters of the request have
 * been put together without a route: so none of them may be absent by default (`httpFilters`), or such requests would skip it.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import { type Any, any } from '../../message.js'
import { FALLBACK, SCOPE_HEADER } from '../scope-key.js'
import { structOf } from '../struct.js'
import type { HttpFilter } from './http-filter.js'

/** What a route says to the script: the upgrades that it takes, between commas; `websocket` alone where it says nothing. */
const UPGRADES = 'upgrades'
const DEFAULT_UPGRADES = 'websocket'

/**
 * A changed header makes Envoy forget the route, and `metadata()` choose one: at the first call and never again. Every route has a name.
 *
 * Envoy refuses upgrades that a route does not take when it puts filters together, and without a route it refuses none: so this does. Where
 * a host in capitals has no scope of its own, the route is chosen behind the script, which cannot say what it takes: no upgrade passes.
 */
const SCRIPT = `
function envoy_on_request(request)
  if request:streamInfo():routeName() ~= "" then return end
  local headers = request:headers()
  local prefix, host = string.match(headers:get("${SCOPE_HEADER}") or "", "^([^#]*#)([^:]*)")
  if not prefix then return end
  local upgrade = headers:get("upgrade")
  local asks = upgrade and string.find(string.lower(headers:get("connection") or ""), "upgrade", 1, true)
  local function refuses(taken)
    return asks and not string.find("," .. taken .. ",", "," .. string.lower(upgrade) .. ",", 1, true)
  end
  local function taken()
    return request:metadata():get("${UPGRADES}") or "${DEFAULT_UPGRADES}"
  end
  local lower = string.lower(host)
  local is_refused
  if lower ~= host then
    headers:replace("${SCOPE_HEADER}", prefix .. lower)
    is_refused = refuses(taken())
    if request:streamInfo():routeName() == "" then
      headers:replace("${SCOPE_HEADER}", prefix .. "${FALLBACK}")
      is_refused = asks
    end
  else
    headers:replace("${SCOPE_HEADER}", prefix .. "${FALLBACK}")
    is_refused = refuses(taken())
  end
  if is_refused then request:respond({[":status"] = "403"}, "") end
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

/**
 * What a route says to the script.
 *
 * @param upgrades the protocols that it takes, in lower case
 */
export function upgradeMetadata(upgrades: readonly string[]): Pick<envoy.config.route.v3.Route, 'metadata'> {
  const taken = upgrades.join(',')
  return taken === DEFAULT_UPGRADES ? {} : { metadata: { filterMetadata: { [SCOPE_SEARCH.name]: structOf({ [UPGRADES]: taken }) } } }
}
