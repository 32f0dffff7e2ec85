/**
 * Finds the scope of a request whose host is not written as the key of a scope: in other case, covered by a wildcard, or unknown.
 *
 * It stands first in chains with scoped routes, and scopes of exact hosts switch it off. When it runs, the filters of the request have
 * been put together without a route: so none of them may be absent by default (`httpFilters`), or such requests would skip it.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import { type Any, any } from '../../message.js'
import { FALLBACK, SCOPE_HEADER } from '../scopes/scope-key.js'
import { structOf } from '../struct.js'
import { COMPOSITE, putFilter } from './composite.js'
import type { HttpFilter } from './http-filter.js'

/** What a route says to the script: the upgrades that it takes, between commas; `websocket` alone where it says nothing. */
const UPGRADES = 'upgrades'
const DEFAULT_UPGRADES = 'websocket'

const NAME = 'headgate.scope_search'
/** Says to the second script that an upgrade waits for it. */
const AGAIN_HEADER = 'x-headgate-upgrade-again'

/** `true` if a request asks for an upgrade that is not among those that its route takes. Asking for the metadata of a route chooses one. */
const REFUSES = `
local function refuses(request)
  local headers = request:headers()
  local upgrade = headers:get("upgrade")
  local taken = request:metadata():get("${UPGRADES}") or "${DEFAULT_UPGRADES}"
  return upgrade and string.find(string.lower(headers:get("connection") or ""), "upgrade", 1, true)
    and not string.find("," .. taken .. ",", "," .. string.lower(upgrade) .. ",", 1, true)
end
`

/**
 * A changed header makes Envoy forget the route, and `metadata()` choose one: at the first call and never again. Every route has a name.
 *
 * Envoy refuses upgrades that a route does not take when it puts filters together, and without a route it refuses none: so this does. Where
 * a host in capitals has no scope of its own, the route is chosen behind this script: then the next one asks what it takes.
 */
const SEARCH = `${REFUSES}
function envoy_on_request(request)
  if request:streamInfo():routeName() ~= "" then return end
  local headers = request:headers()
  local prefix, host = string.match(headers:get("${SCOPE_HEADER}") or "", "^([^#]*#)([^:]*)")
  if not prefix then return end
  local lower = string.lower(host)
  headers:replace("${SCOPE_HEADER}", prefix .. (lower == host and "${FALLBACK}" or lower))
  local is_refused = refuses(request)
  if lower ~= host and request:streamInfo():routeName() == "" then
    headers:replace("${SCOPE_HEADER}", prefix .. "${FALLBACK}")
    if headers:get("upgrade") then headers:replace("${AGAIN_HEADER}", "1") end
  elseif is_refused then
    request:respond({[":status"] = "403"}, "")
  end
end
`
const AGAIN = `${REFUSES}
function envoy_on_request(request)
  request:headers():remove("${AGAIN_HEADER}")
  if refuses(request) then request:respond({[":status"] = "403"}, "") end
end
`

function lua(inlineString: string): Any {
  return any('envoy.extensions.filters.http.lua.v3.Lua', { defaultSourceCode: { inlineString } })
}

/** Runs the second script for requests that the first one marked; who writes the mark himself is only asked what everybody is asked. */
const AGAIN_IF_MARKED = any('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
  extensionConfig: COMPOSITE,
  xdsMatcher: {
    matcherTree: {
      input: { name: 'mark', typedConfig: any('envoy.type.matcher.v3.HttpRequestHeaderMatchInput', { headerName: AGAIN_HEADER }) },
      exactMatchMap: {
        map: {
          1: { action: putFilter({ name: NAME, typedConfig: lua(AGAIN) }) },
        },
      },
    },
  },
})

/** Scripts: nothing else in Envoy can write a host in lower case. Both go by the name under which routes say what they take. */
export const SCOPE_SEARCH: HttpFilter & { readonly config: Any } = {
  name: NAME,
  config: any('envoy.extensions.filters.http.filter_chain.v3.FilterChainConfig', {
    defaultFilterChain: {
      filters: [
        { name: NAME, typedConfig: lua(SEARCH) },
        { name: NAME, typedConfig: AGAIN_IF_MARKED },
      ],
    },
  }),
  disabled: false,
  perRoute: () => undefined,
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
