/** The Lua program behind `GET /drain` of a pod: Envoy has no other way to do several things for one request. */

/** The name of the static cluster that is the admin socket. */
export const ADMIN_CLUSTER = 'headgate_admin'

/** The name of the static cluster whose answer takes `WAIT_MILLISECONDS`: the program's clock. */
export const WAIT_CLUSTER = 'headgate_wait'

/** The time between two looks at the open connections. */
export const WAIT_MILLISECONDS = 250

/** Used when the request names no times: `/drain?minimum=5&maximum=60&unready=0`, in seconds. */
const DEFAULT_DRAIN_SECONDS = { minimum: 5, maximum: 60, unready: 0 } as const

/**
 * Asks clients to leave, makes the proxy unready, at once or after a while, and answers when no client connection is left. It waits at
 * least the minimum, since load balancers need a while to notice, and at most the maximum.
 */
export const DRAIN_SCRIPT: string = `
local function call(handle, cluster, method, path)
  local _, body = handle:httpCall(cluster, { [":method"] = method, [":path"] = path, [":authority"] = "localhost" }, nil, 5000)
  return body or ""
end

local function seconds(path, name, default)
  return tonumber(string.match(path, "[?&]" .. name .. "=(%d+)")) or default
end

-- The connections of clients on every listener but our own.
local function connections(handle)
  local open = 0
  local lines = call(handle, "${ADMIN_CLUSTER}", "GET", "/stats?usedonly&filter=^listener%5C..*%5C.downstream_cx_active$")
  for name, value in string.gmatch(lines, "listener%.([^\\n]-)%.downstream_cx_active: (%d+)") do
    if name ~= "admin" and string.sub(name, 1, 6) ~= "admin." and string.sub(name, 1, 9) ~= "headgate_" then
      open = open + tonumber(value)
    end
  end
  return open
end

function envoy_on_request(handle)
  local path = handle:headers():get(":path")
  local minimum = seconds(path, "minimum", ${DEFAULT_DRAIN_SECONDS.minimum})
  local maximum = seconds(path, "maximum", ${DEFAULT_DRAIN_SECONDS.maximum})
  local unready = math.min(seconds(path, "unready", ${DEFAULT_DRAIN_SECONDS.unready}), maximum)
  if unready == 0 then call(handle, "${ADMIN_CLUSTER}", "POST", "/healthcheck/fail") end
  call(handle, "${ADMIN_CLUSTER}", "POST", "/drain_listeners?graceful&skip_exit")
  local waited = 0
  while waited < maximum and (waited < minimum or waited < unready or connections(handle) > 0) do
    if unready > 0 and waited >= unready then
      call(handle, "${ADMIN_CLUSTER}", "POST", "/healthcheck/fail")
      unready = 0
    end
    call(handle, "${WAIT_CLUSTER}", "GET", "/")
    waited = waited + ${WAIT_MILLISECONDS / 1000}
  end
  if unready > 0 then call(handle, "${ADMIN_CLUSTER}", "POST", "/healthcheck/fail") end
  handle:respond({ [":status"] = "200" }, "drained\\n")
end
`
