/** What the schema of ClientTrafficPolicies lets through and cannot be done. */
import type { ClientHeaderChanges, ClientTrafficSettings, StringMatch } from '../../gen/kinds.js'
import { isFraming } from '../../ir/framing-headers.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { quantityBytes } from '../../kinds/quantity.js'
import type { Problem } from '../conditions.js'
import { regularExpressionProblem } from '../regular-expressions.js'
import { parseAddressRange } from './address-range.js'
import { operatorProblem } from './header-operators.js'

type Settings = ClientTrafficSettings

const MIN_WINDOW_BYTES = 65_535
const MAX_WINDOW_BYTES = 2 ** 31 - 1
const MAX_BUFFER_BYTES = 2 ** 32 - 1
const MAX_HEADERS_KIB = 8_192
const KIB = 1_024

/** Why settings cannot be done; undefined for those that can. */
export function clientProblem(settings: Settings): Problem | undefined {
  const [message] = [
    ...rangeProblems(settings),
    ...keepaliveProblems(settings),
    ...zeroProblems(settings),
    ...quantityProblems(settings),
    ...matchProblems(settings),
    ...headerProblems('headers.earlyRequestHeaders', settings.headers?.earlyRequestHeaders),
    ...headerProblems('headers.lateResponseHeaders', settings.headers?.lateResponseHeaders),
  ]
  return message === undefined ? undefined : { reason: 'UnsupportedValue', message }
}

function rangeProblems({ clientIPDetection }: Settings): readonly string[] {
  const ranges = clientIPDetection?.xForwardedFor?.trustedCIDRs ?? []
  return ranges
    .filter((range) => parseAddressRange(range) === undefined)
    .map((range) => `clientIPDetection.xForwardedFor.trustedCIDRs: "${range}" is no range such as 10.0.0.0/8.`)
}

function keepaliveProblems({ tcpKeepalive }: Settings): readonly string[] {
  return (['idleTime', 'interval'] as const)
    .filter((field) => {
      const text = tcpKeepalive?.[field]
      const milliseconds = text === undefined ? 1_000 : durationMilliseconds(text)
      return milliseconds < 1_000 || milliseconds % 1_000 !== 0
    })
    .map((field) => `tcpKeepalive.${field}: use whole seconds, at least one.`)
}

/** Times of which none at all means nothing. */
function zeroProblems({ connection, http2 }: Settings): readonly string[] {
  const times = {
    'connection.connectionLimit.maxConnectionDuration': connection?.connectionLimit?.maxConnectionDuration,
    'connection.connectionLimit.maxStreamDuration': connection?.connectionLimit?.maxStreamDuration,
    'http2.connectionKeepalive.interval': http2?.connectionKeepalive?.interval,
    'http2.connectionKeepalive.timeout': http2?.connectionKeepalive?.timeout,
  }
  return Object.entries(times).flatMap(([path, text]) =>
    text !== undefined && durationMilliseconds(text) === 0 ? [`${path}: must be longer than 0.`] : [],
  )
}

function quantityProblems({ connection, headers, http2 }: Settings): readonly string[] {
  const sizes = [
    { path: 'connection.bufferLimit', text: connection?.bufferLimit, min: 1, max: MAX_BUFFER_BYTES, step: 1 },
    { path: 'headers.maxRequestHeaderLimit', text: headers?.maxRequestHeaderLimit, min: KIB, max: MAX_HEADERS_KIB * KIB, step: KIB },
    { path: 'http2.initialStreamWindowSize', text: http2?.initialStreamWindowSize, min: MIN_WINDOW_BYTES, max: MAX_WINDOW_BYTES, step: 1 },
    {
      path: 'http2.initialConnectionWindowSize',
      text: http2?.initialConnectionWindowSize,
      min: MIN_WINDOW_BYTES,
      max: MAX_WINDOW_BYTES,
      step: 1,
    },
  ]
  return sizes.flatMap(({ path, text, min, max, step }) => {
    if (text === undefined) return []
    const bytes = quantityBytes(text)
    const fits = bytes >= min && bytes <= max && bytes % step === 0
    return fits ? [] : [`${path}: must be from ${min} to ${max} bytes${step === 1 ? '' : `, in steps of ${step}`}.`]
  })
}

function matchProblems({ http1, tls }: Settings): readonly string[] {
  const names = tls?.clientValidation?.subjectAltNames
  const within = 'tls.clientValidation.subjectAltNames'
  return [
    ...expressionProblems('http1.ignoredUpgradeTypes', http1?.ignoredUpgradeTypes),
    ...expressionProblems(`${within}.dnsNames`, names?.dnsNames),
    ...expressionProblems(`${within}.emailAddresses`, names?.emailAddresses),
    ...expressionProblems(`${within}.ipAddresses`, names?.ipAddresses),
    ...expressionProblems(`${within}.uris`, names?.uris),
    ...expressionProblems(`${within}.otherNames`, names?.otherNames),
  ]
}

function headerProblems(path: string, changes: ClientHeaderChanges | undefined): readonly string[] {
  if (changes === undefined) return []
  const written = [...(changes.set ?? []), ...(changes.add ?? []), ...(changes.addIfAbsent ?? [])]
  const names = [...written.map(({ name }) => name), ...(changes.remove ?? [])]
  return [
    ...names.filter((name) => name.toLowerCase() === 'host').map(() => `${path}: the host is not changed here; use a URLRewrite filter.`),
    ...written
      .filter(({ name }) => isFraming(name.toLowerCase()))
      .map(({ name }) => `${path}: "${name}" says where a message ends or what becomes of its connection, and is not written here.`),
    ...written.flatMap(({ name, value }) => {
      const problem = operatorProblem(value)
      return problem === undefined ? [] : [`${path}: the value of "${name}" ${problem}.`]
    }),
    ...expressionProblems(`${path}.removeOnMatch`, changes.removeOnMatch),
  ]
}

function expressionProblems(path: string, matches: readonly StringMatch[] = []): readonly string[] {
  return matches.flatMap(({ type, value }) => {
    const problem = type === 'RegularExpression' ? regularExpressionProblem(value) : undefined
    return problem === undefined ? [] : [`${path}: the regular expression ${problem}.`]
  })
}
