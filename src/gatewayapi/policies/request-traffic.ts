/** What BackendTrafficPolicies do to requests and answers on their way, in the words of the IR. */
import type {
  AdmissionControl,
  BackendTracing,
  BackendTrafficSettings,
  Bandwidth as BandwidthSpec,
  Compression as CompressionSpec,
  FaultInjection,
  LocalObjectReference,
  ResponseOverride as OverrideSpec,
} from '../../gen/kinds.js'
import type {
  Admission,
  Bandwidth,
  Compression,
  CustomAnswer,
  CustomRedirect,
  Fault,
  RequestShare,
  RequestTraffic,
  ResponseOverride,
} from '../../ir/request-traffic.js'
import type { RouteTracing } from '../../ir/telemetry.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { quantityBytes } from '../../kinds/quantity.js'
import type { Effective } from './policy.js'
import { rateLimitOf } from './rate-limit.js'

const ALL: RequestShare = { numerator: 100, denominator: 100 }
const ALGORITHMS = { Brotli: 'brotli', Gzip: 'gzip', Zstd: 'zstd' } as const
const LEVELS = { Fastest: 'fastest', Balanced: 'balanced', Smallest: 'smallest' } as const
const SECONDS = { Second: 1, Minute: 60, Hour: 3_600 } as const

/** Envoy's own limit below which compressing is not worth it. */
const MIN_COMPRESSED_BYTES = 30

/**
 * What happens to requests of a rule; undefined where policies say nothing of it.
 *
 * @param scope the rule, as counts are named by it
 */
export function requestTraffic(
  effective: Effective<BackendTrafficSettings> | undefined,
  scope: string,
  { bodyOf, tracingOf }: TrafficContext,
): RequestTraffic | undefined {
  if (effective === undefined) return undefined
  const { faultInjection, compression, decompression, responseOverride, admissionControl, bandwidthLimit, requestBuffer, telemetry } =
    effective.settings
  const { origins } = effective
  const limit = rateLimitOf(effective, scope)
  const statName = telemetry?.metrics?.routeStatName
  const tracing = telemetry?.tracing && tracingOf(telemetry.tracing)
  const traffic: RequestTraffic = {
    ...(faultInjection === undefined ? {} : { fault: fault(faultInjection) }),
    ...(compression === undefined || compression.length === 0 ? {} : { compression: compression.map(compressionOf) }),
    ...(decompression === undefined || decompression.length === 0
      ? {}
      : {
          decompression: decompression.map(({ type, requests, responses }) => ({
            algorithm: ALGORITHMS[type],
            requests: requests ?? true,
            responses: responses ?? false,
          })),
        }),
    ...(responseOverride === undefined || responseOverride.length === 0
      ? {}
      : { overrides: responseOverride.map((each) => override(each, (ref) => bodyOf(origins.responseOverride?.namespace ?? '', ref))) }),
    ...(admissionControl === undefined ? {} : { admission: admission(admissionControl) }),
    ...(limit === undefined ? {} : { rateLimit: limit }),
    ...(bandwidthLimit === undefined ? {} : { bandwidth: bandwidth(bandwidthLimit) }),
    ...(requestBuffer === undefined ? {} : { maxBufferedBytes: quantityBytes(requestBuffer.limit) }),
    ...(statName === undefined ? {} : { statName }),
    ...(tracing === undefined ? {} : { tracing }),
  }
  return Object.keys(traffic).length === 0 ? undefined : traffic
}

/** Whole KiB per second, which is what Envoy counts in: at least one. */
export function kibPerSecond({ value, unit }: BandwidthSpec): number {
  return Math.max(Math.floor(quantityBytes(value) / SECONDS[unit] / 1024), 0)
}

function fault({ delay, abort }: FaultInjection): Fault {
  return {
    ...(delay === undefined ? {} : { delay: { ms: durationMilliseconds(delay.fixedDelay), share: delay.percentage ?? ALL } }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            status: abort.httpStatus === undefined ? { grpc: abort.grpcStatus ?? 0 } : { http: abort.httpStatus },
            share: abort.percentage ?? ALL,
          },
        }),
  }
}

function compressionOf({ type, level, minContentLength, contentTypes }: CompressionSpec): Compression {
  return {
    algorithm: ALGORITHMS[type],
    level: LEVELS[level ?? 'Balanced'],
    minBytes: minContentLength === undefined ? MIN_COMPRESSED_BYTES : quantityBytes(minContentLength),
    contentTypes: contentTypes ?? [],
  }
}

/** What only the rule knows. */
export interface TrafficContext {
  /** The text in a ConfigMap of a namespace. */
  readonly bodyOf: (namespace: string, ref: LocalObjectReference) => string
  /** How requests are traced; undefined where the Gateway traces none. */
  readonly tracingOf: (tracing: BackendTracing) => RouteTracing | undefined
}

function override({ match, source, response, redirect }: OverrideSpec, bodyOf: (ref: LocalObjectReference) => string): ResponseOverride {
  return {
    statuses: (match.statusCodes ?? []).map(({ value, range }) => ({ from: range?.start ?? value ?? 0, to: range?.end ?? value ?? 0 })),
    headers: (match.responseHeaders ?? []).map(({ name, value }) => ({
      name: name.toLowerCase(),
      kind: MATCHES[value.type],
      value: value.value,
    })),
    source: source === 'Local' ? 'local' : source === 'Backend' ? 'backend' : 'any',
    answer: redirect === undefined ? answer(response ?? {}, bodyOf) : redirected(redirect),
  }
}

const MATCHES = { Exact: 'exact', Prefix: 'prefix', Suffix: 'suffix', RegularExpression: 'regex' } as const

function answer(
  { statusCode, contentType, body: inline, bodyRef, header }: NonNullable<OverrideSpec['response']>,
  bodyOf: (ref: LocalObjectReference) => string,
): CustomAnswer {
  const body = bodyRef === undefined ? inline : bodyOf(bodyRef)
  const lower = (headers: readonly { readonly name: string; readonly value: string }[] | undefined): CustomAnswer['set'] =>
    (headers ?? []).map(({ name, value }) => ({ name: name.toLowerCase(), value }))
  return {
    kind: 'answer',
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(body === undefined ? {} : { body }),
    set: lower(header?.set),
    add: lower(header?.add),
  }
}

function redirected({ scheme, hostname, port, path, statusCode }: NonNullable<OverrideSpec['redirect']>): CustomRedirect {
  return {
    kind: 'redirect',
    statusCode: statusCode ?? 302,
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path }),
  }
}

function admission(control: AdmissionControl): Admission {
  const { samplingWindow, minSuccessRate, rejectionAggression, minRequestRate, maxRejectionPercent, successCriteria } = control
  return {
    ...(samplingWindow === undefined ? {} : { windowSeconds: durationMilliseconds(samplingWindow) / 1_000 }),
    ...(minSuccessRate === undefined ? {} : { minSuccessPercent: minSuccessRate }),
    ...(rejectionAggression === undefined ? {} : { aggression: rejectionAggression }),
    ...(minRequestRate === undefined ? {} : { minRequestsPerSecond: minRequestRate }),
    ...(maxRejectionPercent === undefined ? {} : { maxRejectionPercent }),
    ...(successCriteria?.http === undefined ? {} : { goodStatuses: sorted(successCriteria.http.statusCodes) }),
    ...(successCriteria?.grpc === undefined ? {} : { goodGrpcStatuses: sorted(successCriteria.grpc.statusCodes) }),
  }
}

function sorted(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b)
}

function bandwidth({ request, response }: NonNullable<BackendTrafficSettings['bandwidthLimit']>): Bandwidth {
  return {
    ...(request === undefined ? {} : { requestKibPerSecond: kibPerSecond(request.limit) }),
    ...(response === undefined ? {} : { responseKibPerSecond: kibPerSecond(response.limit) }),
    ...(response?.responseTrailers === undefined ? {} : { trailerPrefix: response.responseTrailers.prefix?.toLowerCase() ?? '' }),
  }
}
