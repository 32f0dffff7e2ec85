/**
 * What Envoy makes of the headers of a request before it looks for a route.
 *
 * Source: envoy/source/common/http/conn_manager_utility.cc, `mutateRequestHeaders`.
 */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy } from '../gen/envoy/types.js'
import { earlyMutations, mutateHeaders } from './early-headers.js'
import { headersByName, type SeenRequest } from './seen-request.js'
import { textMatches } from './text-match.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type Headers = readonly (readonly [name: string, value: string])[]

const UNDERSCORES = Enum['envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction']

/** @param sent without the host */
export function seenHeaders(
  manager: HttpConnectionManager,
  sent: Headers,
  scheme: SeenRequest['scheme'],
): Pick<SeenRequest, 'headers' | 'scheme'> {
  const dropsUnderscores = manager.commonHttpProtocolOptions?.headersWithUnderscoresAction === UNDERSCORES.DROP_HEADER
  const kept = dropsUnderscores ? sent.filter(([name]) => !name.includes('_')) : sent
  const headers = new Map(headersByName(mutateHeaders(forConnection(manager, kept), earlyMutations(manager))))
  // Who is not trusted with its address does not say either how its request came.
  const believed = manager.useRemoteAddress?.value !== true || (manager.xffNumTrustedHops ?? 0) > 0
  const told = believed ? headers.get(FORWARDED_PROTO)?.join(',') : undefined
  headers.set(FORWARDED_PROTO, [told ?? scheme])
  return { headers, scheme: SCHEMES.find((each) => each === told?.toLowerCase()) ?? scheme }
}

const SCHEMES = ['http', 'https'] as const
const FORWARDED_PROTO = 'x-forwarded-proto'

/** The protocol that the connection is to change to; undefined where it stays as it is. */
export function upgradeOf({ headers }: Pick<SeenRequest, 'headers'>): string | undefined {
  const tokens = (headers.get('connection') ?? []).flatMap((value) => value.split(',')).map((token) => token.trim().toLowerCase())
  const upgrade = headers.get('upgrade')?.join(',')
  return tokens.includes('upgrade') && upgrade !== '' ? upgrade : undefined
}

/** What is about the connection goes where the connection stays as it is; nobody is asked for HTTP/2 in this way. */
function forConnection({ httpProtocolOptions }: HttpConnectionManager, sent: Headers): Headers {
  const upgrade = upgradeOf({ headers: headersByName(sent) })
  const isIgnored =
    upgrade?.toLowerCase() === 'h2c' || (httpProtocolOptions?.ignoreHttp_11Upgrade ?? []).some((each) => textMatches(each, upgrade ?? ''))
  return upgrade === undefined || isIgnored ? sent.filter(([name]) => !OF_CONNECTION.has(name.toLowerCase())) : sent
}

const OF_CONNECTION: ReadonlySet<string> = new Set(['connection', 'upgrade'])
