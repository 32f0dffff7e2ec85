/** BackendTrafficPolicy as a kind of policy: what it may be about, and which of its settings cannot be done. */
import type { BackendTrafficPolicySpec, BackendTrafficSettings } from '../../gen/kinds.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { quantityBytes } from '../../kinds/quantity.js'
import type { Problem } from '../conditions.js'
import { bodyOfConfigMap } from '../routes/response-body.js'
import { ZONE_AWARE } from './load-balancing.js'
import { leavesOf } from './merge.js'
import type { PolicyKind } from './policy-kind.js'
import { isBackendTarget, isConnectionTarget } from './policy-targets.js'
import { requestProblem } from './request-problems.js'
import { periodProblem } from './shortest-period.js'

/** Choices and what belongs to them. */
const ATOMS: ReadonlySet<string> = new Set([
  'loadBalancer',
  'retry.retryOn',
  'retry.perRetry.backOff',
  'healthCheck.active',
  'tcpKeepalive',
  'circuitBreaker.retryBudget',
  'http2.connectionKeepalive',
  'rateLimit',
  'faultInjection.delay',
  'faultInjection.abort',
  'bandwidthLimit.request',
  'bandwidthLimit.response',
  'telemetry.tracing.samplingRate',
  'telemetry.tracing.clientSamplingRate',
  'telemetry.tracing.overallSamplingRate',
])

/** Settings that hold for requests, before a backend is chosen. */
const OF_REQUESTS: readonly string[] = [
  'retry',
  'timeouts.http.requestTimeout',
  'timeouts.http.streamIdleTimeout',
  'timeouts.http.maxStreamDuration',
  'rateLimit',
  'faultInjection',
  'bandwidthLimit',
  'admissionControl',
  'compression',
  'decompression',
  'responseOverride',
  'requestBuffer',
  'httpUpgrade',
  'telemetry',
]

/** BackendTrafficPolicy. */
export const BACKEND_TRAFFIC_POLICY: PolicyKind<'BackendTrafficPolicy', BackendTrafficSettings> = {
  name: 'BackendTrafficPolicy',
  failsClosed: false,
  whyUnsupported: 'For some backends it cannot be done',
  atoms: ATOMS,
  settingsOf: ({ targetRefs: _refs, targetSelectors: _selectors, mergeType: _type, overrides: _overrides, ...settings }) => settings,
  overridesOf: ({ overrides }: BackendTrafficPolicySpec) => overrides,
  problemOf: (settings) =>
    tableSizeProblem(settings) ??
    zoneProblem(settings) ??
    keepaliveProblem(settings) ??
    bufferProblem(settings) ??
    timeProblem(settings) ??
    problemOfRequests(settings),
  contentProblem: ({ view, inputs }, { responseOverride }, { namespace }) => {
    for (const [at, { response }] of (responseOverride ?? []).entries()) {
      if (response?.bodyRef === undefined) continue
      const body = bodyOfConfigMap(view, inputs, namespace, response.bodyRef)
      if (!body.ok) return { reason: 'RefNotFound', message: `responseOverride[${at}].response.bodyRef: ${body.message}` }
    }
    return undefined
  },
  isTarget: () => true,
  targetProblem: (settings, kind) =>
    isBackendTarget(kind) ? backendProblem(settings) : isConnectionTarget(kind) ? connectionProblem(settings) : undefined,
}

/** True for settings that make a cluster different from the plain one. */
export function isClusterSetting(path: string): boolean {
  return !OF_REQUESTS.some((each) => path === each || path.startsWith(`${each}.`))
}

/** True for settings that routes carry. A hash is both: the cluster balances by what the route names. */
export function isRequestSetting(path: string): boolean {
  return !isClusterSetting(path) || path === 'loadBalancer'
}

function connectionProblem(settings: BackendTrafficSettings): Problem | undefined {
  const hash = settings.loadBalancer?.consistentHash?.type
  const fields = [
    ...ofRequests(settings),
    ...(hash === undefined || hash === 'SourceIP' ? [] : [`loadBalancer.consistentHash.type ${hash}`]),
  ]
  return fields.length === 0 ? undefined : unsupported(`${fields.join(', ')}: these routes forward connections, and know no requests.`)
}

function ofRequests(settings: BackendTrafficSettings): readonly string[] {
  return leavesOf(settings, ATOMS)
    .filter(({ path }) => !isClusterSetting(path))
    .map(({ path }) => path)
}

function backendProblem(settings: BackendTrafficSettings): Problem | undefined {
  const hash = settings.loadBalancer?.type === 'ConsistentHash' ? ['loadBalancer.type ConsistentHash'] : []
  const fields = [...ofRequests(settings), ...hash]
  if (fields.length === 0) return undefined
  return unsupported(`${fields.join(', ')}: for a backend nothing can be said about requests; target the routes or their Gateway.`)
}

function tableSizeProblem({ loadBalancer }: BackendTrafficSettings): Problem | undefined {
  const size = loadBalancer?.consistentHash?.tableSize
  return size === undefined || isPrime(size)
    ? undefined
    : unsupported(`loadBalancer.consistentHash.tableSize: ${size} is no prime number; take 65537.`)
}

function zoneProblem({ loadBalancer }: BackendTrafficSettings): Problem | undefined {
  const { preferLocal, weightedZones } = loadBalancer?.zoneAware ?? {}
  if (loadBalancer === undefined || preferLocal === undefined) return undefined
  const field = 'loadBalancer.zoneAware.preferLocal'
  if (weightedZones !== undefined) return unsupported(`${field}: does not go with weightedZones.`)
  if (!ZONE_AWARE.includes(loadBalancer.type))
    return unsupported(`${field}: does not go with ${loadBalancer.type}, but with ${ZONE_AWARE.join(', ')}.`)
  return preferLocal.force === undefined
    ? unsupported(`${field}: set force; without it Envoys would have to know where all others are.`)
    : undefined
}

function keepaliveProblem({ tcpKeepalive }: BackendTrafficSettings): Problem | undefined {
  const wrong = (['idleTime', 'interval'] as const).find((field) => {
    const text = tcpKeepalive?.[field]
    const milliseconds = text === undefined ? 1_000 : durationMilliseconds(text)
    return milliseconds < 1_000 || milliseconds % 1_000 !== 0
  })
  return wrong === undefined ? undefined : unsupported(`tcpKeepalive.${wrong}: use whole seconds, at least one.`)
}

function problemOfRequests(settings: BackendTrafficSettings): Problem | undefined {
  const message = requestProblem(settings)
  return message === undefined ? undefined : unsupported(message)
}

function bufferProblem({ connection }: BackendTrafficSettings): Problem | undefined {
  const limit = connection?.bufferLimit
  const bytes = limit === undefined ? 1 : quantityBytes(limit)
  return bytes >= 1 && bytes <= 0xffff_ffff ? undefined : unsupported('connection.bufferLimit: use 1 to 4294967295 bytes.')
}

/** Times of which none at all means nothing, and how often something is done. */
function timeProblem({ loadBalancer, timeouts, retry, healthCheck, dns, http2 }: BackendTrafficSettings): Problem | undefined {
  const times = {
    'loadBalancer.slowStart.window': loadBalancer?.slowStart?.window,
    'timeouts.tcp.connectTimeout': timeouts?.tcp?.connectTimeout,
    'retry.perRetry.idleTimeout': retry?.perRetry?.idleTimeout,
    'http2.connectionKeepalive.timeout': http2?.connectionKeepalive?.timeout,
    'loadBalancer.backendUtilization.weightExpirationPeriod': loadBalancer?.backendUtilization?.weightExpirationPeriod,
    'loadBalancer.backendUtilization.weightUpdatePeriod': loadBalancer?.backendUtilization?.weightUpdatePeriod,
    'retry.perRetry.backOff.baseInterval': retry?.perRetry?.backOff?.baseInterval,
    'healthCheck.active.timeout': healthCheck?.active?.timeout,
    'healthCheck.passive.baseEjectionTime': healthCheck?.passive?.baseEjectionTime,
  }
  const [zero] = Object.entries(times).find(([, text]) => text !== undefined && durationMilliseconds(text) === 0) ?? []
  if (zero !== undefined) return unsupported(`${zero}: must be longer than 0.`)
  const tooOften = periodProblem({
    'dns.dnsRefreshRate': dns?.dnsRefreshRate,
    'http2.connectionKeepalive.interval': http2?.connectionKeepalive?.interval,
    'loadBalancer.backendUtilization.outOfBand.reportingPeriod': loadBalancer?.backendUtilization?.outOfBand?.reportingPeriod,
    'healthCheck.active.interval': healthCheck?.active?.interval,
    'healthCheck.passive.interval': healthCheck?.passive?.interval,
  })
  return tooOften === undefined ? undefined : unsupported(tooOften)
}

function unsupported(message: string): Problem {
  return { reason: 'UnsupportedValue', message }
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false
  return candidate > 1
}
