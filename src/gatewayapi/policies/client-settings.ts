/** What the settings of ClientTrafficPolicies mean, in the words of the IR. */
import type { ClientHeaderChanges, ClientIPDetection, ClientTrafficSettings, StringMatch } from '../../gen/kinds.js'
import type {
  ClientAddress,
  ClientSettings,
  HeaderMutation,
  Http1Settings,
  Http2Settings,
  SocketSettings,
  TextMatch,
} from '../../ir/client.js'
import type { TcpKeepalive } from '../../ir/cluster.js'
import { DEFAULT_CLIENT_SETTINGS, DEFAULT_SOCKET_SETTINGS } from '../../ir/defaults.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { quantityBytes } from '../../kinds/quantity.js'
import { parseAddressRange } from './address-range.js'
import { withOperators } from './header-operators.js'

type Settings = ClientTrafficSettings

const ESCAPED_SLASHES = {
  KeepUnchanged: 'keep',
  RejectRequest: 'reject',
  UnescapeAndRedirect: 'redirect',
  UnescapeAndForward: 'forward',
} as const
const UNDERSCORES = { Allow: 'allow', RejectRequest: 'reject', DropHeader: 'drop' } as const
const REQUEST_IDS = { PreserveOrGenerate: 'preserveOrGenerate', Preserve: 'preserve', Generate: undefined, Disable: 'disable' } as const
const FORWARD_MODES = {
  Sanitize: 'sanitize',
  ForwardOnly: 'forwardOnly',
  AppendForward: 'appendForward',
  SanitizeSet: 'sanitizeSet',
  AlwaysForwardOnly: 'alwaysForwardOnly',
} as const
const DETAILS = { Cert: 'cert', Chain: 'chain', DNS: 'dns', Subject: 'subject', URI: 'uri' } as const
const MATCHES = { Exact: 'exact', Prefix: 'prefix', Suffix: 'suffix', RegularExpression: 'regex' } as const
const KIB = 1_024

/** What a port does with connections, whatever chain they get. */
export function socketSettings({ tcpKeepalive, proxyProtocol, timeout, connection, tls }: Settings): SocketSettings {
  const fingerprints = [...(tls?.fingerprints ?? [])].sort()
  return {
    ...DEFAULT_SOCKET_SETTINGS,
    ...(proxyProtocol === undefined ? {} : { proxyProtocol: proxyProtocol.optional === true ? 'optional' : 'required' }),
    ...(tcpKeepalive === undefined ? {} : { tcpKeepalive: keepalive(tcpKeepalive) }),
    ...milliseconds('inspectionTimeoutMs', timeout?.tcp?.connectionInspectionTimeout),
    ...(connection?.bufferLimit === undefined ? {} : { bufferLimitBytes: quantityBytes(connection.bufferLimit) }),
    ...(connection?.maxAcceptPerSocketEvent === undefined ? {} : { maxAcceptsPerEvent: connection.maxAcceptPerSocketEvent }),
    ...(fingerprints.length === 0 ? {} : { fingerprints }),
  }
}

/** Where slashes are not merged, nobody is redirected: `/%2Fother.example` would lead to `//other.example`, which is another host. */
function escapedSlashes(path: Settings['path']): ClientSettings['escapedSlashes'] {
  const action =
    path?.escapedSlashesAction === undefined ? DEFAULT_CLIENT_SETTINGS.escapedSlashes : ESCAPED_SLASHES[path.escapedSlashesAction]
  return action === 'redirect' && path?.disableMergeSlashes === true ? 'forward' : action
}

/**
 * What holds for the connections of a chain.
 *
 * @param hostname of the listener, for requests without a host; undefined where there is none, or more than one
 */
export function clientSettings(settings: Settings, hostname: string | undefined): ClientSettings {
  const { timeout, connection, path, headers, healthCheck, scheme } = settings
  const limit = connection?.connectionLimit
  const http1 = http1Settings(settings, hostname)
  const requestId = headers?.requestID && REQUEST_IDS[headers.requestID]
  const certificate = headers?.xForwardedClientCert
  const early = headerMutations(headers?.earlyRequestHeaders)
  const late = headerMutations(headers?.lateResponseHeaders)
  return {
    ...DEFAULT_CLIENT_SETTINGS,
    ...milliseconds('tcpIdleTimeoutMs', timeout?.tcp?.idleTimeout),
    ...milliseconds('tlsHandshakeTimeoutMs', timeout?.tcp?.tlsHandshakeTimeout),
    ...milliseconds('requestTimeoutMs', timeout?.http?.requestReceivedTimeout),
    ...milliseconds('requestHeadersTimeoutMs', timeout?.http?.requestHeadersReceivedTimeout),
    ...milliseconds('idleTimeoutMs', timeout?.http?.idleTimeout),
    ...milliseconds('streamIdleTimeoutMs', timeout?.http?.streamIdleTimeout),
    ...milliseconds('maxConnectionDurationMs', limit?.maxConnectionDuration),
    ...milliseconds('maxStreamDurationMs', limit?.maxStreamDuration),
    ...(limit?.maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection: limit.maxRequestsPerConnection }),
    ...(limit?.value === undefined
      ? {}
      : { connectionLimit: { connections: limit.value, ...milliseconds('closeDelayMs', limit.closeDelay) } }),
    ...(settings.clientIPDetection === undefined ? {} : { address: clientAddress(settings.clientIPDetection) }),
    escapedSlashes: escapedSlashes(path),
    ...(path?.disableMergeSlashes === undefined ? {} : { mergeSlashes: !path.disableMergeSlashes }),
    ...(headers?.withUnderscoresAction === undefined ? {} : { underscoresInHeaders: UNDERSCORES[headers.withUnderscoresAction] }),
    ...(headers?.enableEnvoyHeaders === true ? { envoyHeaders: true } : {}),
    ...(headers?.host?.stripTrailingHostDot === undefined ? {} : { stripTrailingHostDot: headers.host.stripTrailingHostDot }),
    ...(headers?.maxRequestHeaderLimit === undefined ? {} : { maxRequestHeadersKib: quantityBytes(headers.maxRequestHeaderLimit) / KIB }),
    ...(headers?.maxRequestHeaders === undefined ? {} : { maxRequestHeaders: headers.maxRequestHeaders }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(certificate === undefined
      ? {}
      : {
          forwardedClientCertificate: {
            mode: FORWARD_MODES[certificate.mode],
            details: (certificate.certDetailsToAdd ?? []).map((detail) => DETAILS[detail]).sort(),
          },
        }),
    ...(early.length === 0 ? {} : { earlyRequestHeaders: early }),
    ...(late.length === 0 ? {} : { lateResponseHeaders: late }),
    ...(healthCheck === undefined ? {} : { healthCheckPath: healthCheck.path }),
    ...(scheme === 'MatchBackend' ? { schemeOfBackend: true } : {}),
    ...(Object.keys(http1).length === 0 ? {} : { http1 }),
    http2: http2Settings(settings),
  }
}

/** Texts that match. */
export function textMatch({ type, value }: StringMatch): TextMatch {
  return { kind: MATCHES[type], value }
}

function clientAddress({ xForwardedFor, customHeader }: ClientIPDetection): ClientAddress {
  if (customHeader !== undefined)
    return { from: 'header', name: customHeader.name.toLowerCase(), required: customHeader.failClosed === true }
  const append = xForwardedFor?.disableXForwardedForAppend !== true
  if (xForwardedFor?.trustedCIDRs === undefined) return { from: 'connection', trustedHops: xForwardedFor?.numTrustedHops ?? 0, append }
  // A policy with a range that is none does not get here.
  return { from: 'trustedRanges', ranges: xForwardedFor.trustedCIDRs.flatMap((range) => parseAddressRange(range) ?? []), append }
}

function http1Settings({ http1 }: Settings, hostname: string | undefined): Http1Settings {
  const { http10, ignoredUpgradeTypes = [] } = http1 ?? {}
  const host = http10?.useDefaultHost === true ? hostname : undefined
  return {
    ...(http1?.enableTrailers === true ? { trailers: true } : {}),
    ...(http1?.preserveHeaderCase === true ? { preserveHeaderCase: true } : {}),
    ...(http1?.allowAbsoluteURL === false ? { absoluteUrl: false } : {}),
    ...(http10 === undefined ? {} : { http10: host === undefined ? {} : { defaultHost: host } }),
    ...(http1?.disableSafeMaxConnectionDuration === true ? { abruptMaxConnectionDuration: true } : {}),
    ...(ignoredUpgradeTypes.length === 0 ? {} : { ignoredUpgrades: ignoredUpgradeTypes.map(textMatch) }),
  }
}

function http2Settings({ http2 }: Settings): Http2Settings {
  const ping = http2?.connectionKeepalive
  return {
    ...DEFAULT_CLIENT_SETTINGS.http2,
    ...(http2?.maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams: http2.maxConcurrentStreams }),
    ...(http2?.initialStreamWindowSize === undefined ? {} : { streamWindowBytes: quantityBytes(http2.initialStreamWindowSize) }),
    ...(http2?.initialConnectionWindowSize === undefined
      ? {}
      : { connectionWindowBytes: quantityBytes(http2.initialConnectionWindowSize) }),
    ...(http2?.onInvalidMessage === 'TerminateStream' ? { invalidMessageEndsStream: true } : {}),
    ...(ping === undefined
      ? {}
      : {
          keepalive: {
            timeoutMs: durationMilliseconds(ping.timeout),
            ...milliseconds('intervalMs', ping.interval),
            ...(ping.intervalJitter === undefined ? {} : { jitterPercent: ping.intervalJitter }),
          },
        }),
  }
}

/** Removals come first, so that a header can be removed and written anew. */
function headerMutations(changes: ClientHeaderChanges | undefined): readonly HeaderMutation[] {
  const { set = [], add = [], addIfAbsent = [], remove = [], removeOnMatch = [] } = changes ?? {}
  const written = (how: 'set' | 'add' | 'addIfAbsent', headers: typeof set): readonly HeaderMutation[] =>
    headers.map(({ name, value }) => ({ do: how, header: { name: name.toLowerCase(), value: withOperators(value) } }))
  return [
    ...remove.map((name): HeaderMutation => ({ do: 'remove', name: name.toLowerCase() })),
    ...removeOnMatch.map((match): HeaderMutation => ({ do: 'removeMatching', names: lowerCase(textMatch(match)) })),
    ...written('set', set),
    ...written('add', add),
    ...written('addIfAbsent', addIfAbsent),
  ]
}

/** Envoy compares names in lower case. */
function lowerCase(match: TextMatch): TextMatch {
  return match.kind === 'regex' ? match : { ...match, value: match.value.toLowerCase() }
}

function keepalive({ probes, idleTime, interval }: NonNullable<Settings['tcpKeepalive']>): TcpKeepalive {
  return {
    ...(probes === undefined ? {} : { probes }),
    ...(idleTime === undefined ? {} : { idleSeconds: durationMilliseconds(idleTime) / 1_000 }),
    ...(interval === undefined ? {} : { intervalSeconds: durationMilliseconds(interval) / 1_000 }),
  }
}

function milliseconds<K extends string>(name: K, text: string | undefined): { readonly [P in K]?: number } {
  return text === undefined ? {} : ({ [name]: durationMilliseconds(text) } as { readonly [P in K]?: number })
}
