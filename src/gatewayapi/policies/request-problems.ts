/** What the schema of a BackendTrafficPolicy lets through about requests and cannot be done. */
import type { BackendTrafficSettings, RateLimitSelector } from '../../gen/kinds.js'
import { isBodiless } from '../../ir/bodiless.js'
import { isFraming } from '../../ir/framing-headers.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { quantityBytes } from '../../kinds/quantity.js'
import { RegularExpressions, regularExpressionProblem } from '../regular-expressions.js'
import { parseAddressRange } from './address-range.js'
import { requestFormatProblem } from './request-formats.js'
import { kibPerSecond } from './request-traffic.js'

/** For each there are one or two questions more, about all of the rule: what Envoys are told grows with the square. */
const MAX_DISTINCT = 8

/** With so many in each of many rules it were megabytes all the same, for each match of each route. */
const MAX_DISTINCT_OF_ALL = 64

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

/** The first thing that cannot be done: the field and what to do about it. */
export function requestProblem(settings: BackendTrafficSettings): string | undefined {
  return (
    rateLimitProblem(settings) ?? overrideProblem(settings) ?? sizeProblem(settings) ?? tracingProblem(settings) ?? otherProblem(settings)
  )
}

function rateLimitProblem({ rateLimit }: BackendTrafficSettings): string | undefined {
  const expressions = new RegularExpressions()
  for (const [at, { clientSelectors, limit, cost, shared, beforeAuthentication }] of (rateLimit?.rules ?? []).entries()) {
    const field = `rateLimit.rules[${at}]`
    const wrong = (clientSelectors ?? []).flatMap((selector) => selectorProblem(selector, expressions) ?? [])[0]
    if (wrong !== undefined) return `${field}.clientSelectors.${wrong}`
    if (distinctIn(clientSelectors) > MAX_DISTINCT) {
      return `${field}.clientSelectors: at most ${MAX_DISTINCT} headers and parameters of a rule may be Distinct.`
    }
    if (beforeAuthentication === true) {
      if (rateLimit?.type !== 'Local') return `${field}.beforeAuthentication: goes with type Local.`
      if (clientSelectors?.some(({ jwtClaims }) => jwtClaims !== undefined))
        return `${field}.beforeAuthentication: nobody has looked at a token by then, so it does not go with jwtClaims.`
    }
    for (const side of ['request', 'response'] as const) {
      const format = cost?.[side]?.format
      const problem = format === undefined ? undefined : requestFormatProblem(format)
      if (problem !== undefined) return `${field}.cost.${side}.format: ${problem}.`
    }
    if (rateLimit?.type === 'Local' && shared === true) return `${field}.shared: goes with type Global.`
    if (rateLimit?.type === 'Local' && cost?.request?.number === 0) return `${field}.cost.request.number: 0 goes with type Global.`
    if (rateLimit?.type === 'Local' && limit.fromMetadata !== undefined) return `${field}.limit.fromMetadata: goes with type Global.`
    if (rateLimit?.type === 'Local' && cost?.response !== undefined) return `${field}.cost.response: goes with type Global.`
  }
  const all = (rateLimit?.rules ?? []).reduce((sum, { clientSelectors }) => sum + distinctIn(clientSelectors), 0)
  if (all > MAX_DISTINCT_OF_ALL)
    return `rateLimit.rules: at most ${MAX_DISTINCT_OF_ALL} headers and parameters of all rules may be Distinct.`
  return undefined
}

function distinctIn(selectors: readonly RateLimitSelector[] = []): number {
  return selectors.flatMap(({ headers = [], queryParams = [] }) => [...headers, ...queryParams]).filter(({ type }) => type === 'Distinct')
    .length
}

function selectorProblem(
  { headers, queryParams, path, sourceCIDR }: RateLimitSelector,
  expressions: RegularExpressions,
): string | undefined {
  for (const [field, values] of Object.entries({ headers, queryParams })) {
    for (const { type, value } of values ?? []) {
      const problem = type === 'RegularExpression' ? expressions.problemOf(value ?? '') : undefined
      if (problem !== undefined) return `${field}.value: the regular expression ${problem}.`
    }
  }
  if (path?.type === 'RegularExpression') {
    const problem = expressions.problemOf(path.value)
    if (problem !== undefined) return `path.value: the regular expression ${problem}.`
  } else if (path !== undefined && !path.value.startsWith('/')) return 'path.value: begins with a slash.'
  if (sourceCIDR === undefined) return undefined
  if (parseAddressRange(sourceCIDR.value) === undefined) return `sourceCIDR.value: "${sourceCIDR.value}" is no range such as 10.0.0.0/8.`
  return sourceCIDR.type === 'Distinct' && sourceCIDR.invert ? 'sourceCIDR.invert: does not go with Distinct.' : undefined
}

function overrideProblem({ responseOverride }: BackendTrafficSettings): string | undefined {
  for (const [at, { match, redirect, response }] of (responseOverride ?? []).entries()) {
    const status = redirect?.statusCode
    const framing = [...(response?.header?.set ?? []), ...(response?.header?.add ?? [])].find(({ name }) => isFraming(name.toLowerCase()))
    if (framing !== undefined) {
      return `responseOverride[${at}].response.header: "${framing.name}" says where an answer ends or what becomes of its connection, and is not written here.`
    }
    if (status !== undefined && !REDIRECTS.includes(status)) {
      return `responseOverride[${at}].redirect.statusCode: use one of ${REDIRECTS.join(', ')}.`
    }
    for (const { value } of match.responseHeaders ?? []) {
      const problem = value.type === 'RegularExpression' ? regularExpressionProblem(value.value) : undefined
      if (problem !== undefined) return `responseOverride[${at}].match.responseHeaders.value: the regular expression ${problem}.`
    }
  }
  return undefined
}

function sizeProblem({ requestBuffer, bandwidthLimit, compression }: BackendTrafficSettings): string | undefined {
  const buffered = requestBuffer === undefined ? 1 : quantityBytes(requestBuffer.limit)
  if (!(buffered >= 1 && buffered <= 0xffff_ffff)) return 'requestBuffer.limit: use 1 to 4294967295 bytes.'
  for (const direction of ['request', 'response'] as const) {
    const limit = bandwidthLimit?.[direction]?.limit
    if (limit !== undefined && kibPerSecond(limit) < 1) return `bandwidthLimit.${direction}.limit: use 1024 bytes per second at least.`
  }
  const small = (compression ?? []).some(
    ({ minContentLength }) => minContentLength !== undefined && quantityBytes(minContentLength) > 0xffff_ffff,
  )
  return small ? 'compression.minContentLength: use 4294967295 bytes at most.' : undefined
}

function tracingProblem({ telemetry }: BackendTrafficSettings): string | undefined {
  const { spanName, upstreamSpanName, tags = [] } = telemetry?.tracing ?? {}
  const formats = { spanName, upstreamSpanName, ...Object.fromEntries(tags.map(({ name, value }) => [`tags "${name}"`, value])) }
  for (const [field, format] of Object.entries(formats)) {
    const problem = format === undefined ? undefined : requestFormatProblem(format)
    if (problem !== undefined) return `telemetry.tracing.${field}: ${problem}.`
  }
  return undefined
}

function otherProblem({ admissionControl, faultInjection, httpUpgrade }: BackendTrafficSettings): string | undefined {
  const window = admissionControl?.samplingWindow
  if (window !== undefined && (durationMilliseconds(window) < 1_000 || durationMilliseconds(window) % 1_000 !== 0)) {
    return 'admissionControl.samplingWindow: use whole seconds, at least one.'
  }
  if (faultInjection?.delay !== undefined && durationMilliseconds(faultInjection.delay.fixedDelay) === 0) {
    return 'faultInjection.delay.fixedDelay: must be longer than 0.'
  }
  const abortStatus = faultInjection?.abort?.httpStatus
  if (abortStatus !== undefined && isBodiless(abortStatus)) {
    return `faultInjection.abort.httpStatus: an answer with ${abortStatus} has no body, and this one gets one.`
  }
  const terminating = (httpUpgrade ?? []).find(({ type, connect }) => connect?.terminate === true && type !== 'CONNECT')
  return terminating === undefined ? undefined : `httpUpgrade: ${terminating.type} cannot end here, only CONNECT can.`
}
