/** From wishes to what proxies do: collectors become clusters, and what leads nowhere is left out and told. */
import type {
  Fraction,
  GatewayAccessLog,
  GatewayTracing,
  AccessLogSink as SinkSpec,
  AccessLogSubject as SubjectWord,
  TelemetryAttribute,
} from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type {
  AccessLog,
  AccessLogSink,
  AccessLogSubject,
  GrpcCollector,
  Telemetry,
  TraceTag,
  Tracing,
  TracingProvider,
} from '../../ir/telemetry.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { OurGateway } from '../gateways/gateways.js'
import { toBackendRef } from '../routes/backend-references.js'
import { findBackend, type RuleSources } from '../routes/find-backend.js'
import type { TelemetryWishes, TracingWish } from './telemetry-wishes.js'
import { attributeFormat } from './trace-attributes.js'
import { tagsOf } from './trace-tags.js'

const SUBJECTS: Readonly<Record<SubjectWord, AccessLogSubject>> = {
  Requests: 'request',
  Connections: 'connection',
  Handshakes: 'handshake',
}
const ALL_SUBJECTS: readonly SubjectWord[] = ['Requests', 'Connections', 'Handshakes']

/** Telemetry of a Gateway and what is wrong with it. */
export interface GatewayTelemetry {
  readonly telemetry: Telemetry
  /** A collector of the configuration that cannot be used: a reason of `ResolvedRefs`. */
  readonly problem: Problem | undefined
  /** The same for the collector of the policy. */
  readonly policyProblem: Problem | undefined
}

/** Resolves the wishes for a Gateway. */
export function resolveTelemetry(view: View, sources: RuleSources, gateway: OurGateway, wishes: TelemetryWishes): GatewayTelemetry {
  const finder = new CollectorFinder(view, sources, gateway)
  const accessLogs = wishes.accessLogs?.logs.flatMap((log) => accessLogOf(finder, wishes.accessLogs?.by, log, gateway) ?? [])
  const ofLogs = finder.takeProblem()
  const tracing = wishes.tracing && tracingOf(finder, gateway, wishes.tracing)
  const ofTracing = finder.takeProblem()
  const isPolicy = wishes.tracing?.kind === 'policy'
  return {
    telemetry: {
      ...(accessLogs === undefined ? {} : { accessLogs }),
      ...(tracing === undefined ? {} : { tracing }),
      ...(wishes.countsGrpcCalls ? { countsGrpcCalls: true as const } : {}),
      origins: wishes.origins,
    },
    problem: ofLogs ?? (isPolicy ? undefined : ofTracing),
    policyProblem: isPolicy ? ofTracing : undefined,
  }
}

interface Reference {
  readonly backendRef: Parameters<typeof findBackend>[1]
  readonly headers?: readonly { readonly name: string; readonly value: string }[]
}

/** Follows references and remembers the first that leads nowhere. */
class CollectorFinder {
  readonly #view: View
  readonly #sources: RuleSources
  readonly #gateway: OurGateway
  #problem: Problem | undefined

  constructor(view: View, sources: RuleSources, gateway: OurGateway) {
    this.#view = view
    this.#sources = sources
    this.#gateway = gateway
  }

  find(referrer: ObjectVersion, { backendRef, headers = [] }: Reference, usage: 'http' | 'grpc'): GrpcCollector | undefined {
    const found = findBackend({ ...this.#sources, view: this.#view, referrer, gateway: this.#gateway.key }, backendRef, usage)
    if (!found.ok) {
      const message = found.problem?.message ?? `The ${backendRef.kind} "${backendRef.name}" cannot be used: its own conditions say why.`
      this.#problem ??= { reason: found.problem?.reason ?? 'BackendNotFound', message: `${referrer.kind} "${referrer.name}": ${message}` }
      return undefined
    }
    const ref = toBackendRef(backendRef, referrer.namespace, 'TCP')
    const authority = `${backendRef.name}.${ref?.namespace ?? referrer.namespace}${ref?.port === undefined ? '' : `:${ref.port}`}`
    return { cluster: found.cluster, authority, headers: headers.map(({ name, value }) => ({ name: name.toLowerCase(), value })) }
  }

  takeProblem(): Problem | undefined {
    const problem = this.#problem
    this.#problem = undefined
    return problem
  }
}

function accessLogOf(
  finder: CollectorFinder,
  by: ObjectVersion | undefined,
  { of: subjects, format, expressions, sample, sink }: GatewayAccessLog,
  gateway: OurGateway,
): AccessLog | undefined {
  const target = by && sinkOf(finder, by, sink, gateway)
  if (target === undefined) return undefined
  const text = format?.text
  return {
    of: (subjects ?? ALL_SUBJECTS).map((subject) => SUBJECTS[subject]),
    ...(format === undefined ? {} : { format: text === undefined ? { kind: 'json', fields: format.json ?? {} } : { kind: 'text', text } }),
    expressions: expressions ?? [],
    ...(sample === undefined ? {} : { share: shareOf(sample) }),
    sink: target,
  }
}

function sinkOf(finder: CollectorFinder, by: ObjectVersion, sink: SinkSpec | undefined, gateway: OurGateway): AccessLogSink | undefined {
  switch (sink?.type ?? 'Stdout') {
    case 'Stdout':
      return { kind: 'stdout' }
    case 'File':
      return sink?.file === undefined ? undefined : { kind: 'file', path: sink.file.path }
    case 'OpenTelemetry': {
      const spec = sink?.openTelemetry
      const collector = spec && finder.find(by, spec, 'grpc')
      if (spec === undefined || collector === undefined) return undefined
      return { kind: 'openTelemetry', collector, attributes: spec.attributes ?? {}, resourceAttributes: spec.resourceAttributes ?? {} }
    }
    case 'GRPC': {
      const spec = sink?.grpc
      const collector = spec && finder.find(by, spec, 'grpc')
      if (spec === undefined || collector === undefined) return undefined
      return {
        kind: 'grpc',
        collector,
        logName: spec.logName ?? gateway.key,
        requestHeaders: (spec.requestHeaders ?? []).map((name) => name.toLowerCase()),
        responseHeaders: (spec.responseHeaders ?? []).map((name) => name.toLowerCase()),
      }
    }
  }
}

function tracingOf(finder: CollectorFinder, gateway: OurGateway, wish: TracingWish): Tracing | undefined {
  const { settings } = wish
  const serviceName = settings.serviceName ?? `${gateway.object.name}.${gateway.object.namespace}`
  const provider = providerOf(finder, wish, serviceName)
  if (provider === undefined) return undefined
  const common = {
    provider,
    share: settings.samplingRate === undefined ? 1 : shareOf(settings.samplingRate),
    ...(settings.spanName === undefined ? {} : { spanName: settings.spanName }),
  }
  if (wish.kind === 'policy') {
    const respectsParents = wish.settings.parentBasedSampling?.mode !== 'Disabled'
    return { ...common, respectsParents, tags: (wish.settings.attributes ?? []).flatMap(tagOf) }
  }
  return {
    ...common,
    ...(wish.settings.clientSamplingRate === undefined ? {} : { clientShare: shareOf(wish.settings.clientSamplingRate) }),
    ...(wish.settings.overallSamplingRate === undefined ? {} : { overallShare: shareOf(wish.settings.overallSamplingRate) }),
    ...(wish.settings.upstreamSpanName === undefined ? {} : { upstreamSpanName: wish.settings.upstreamSpanName }),
    ...requestIdUse(wish.settings.requestId),
    respectsParents: wish.settings.respectParents ?? true,
    tags: tagsOf(wish.settings.tags ?? []),
  }
}

/** To decide and to say so is what Envoy does anyway. */
function requestIdUse(use: GatewayTracing['requestId']): Pick<Tracing, 'requestId'> {
  if (use === undefined || use === 'PackAndSample') return {}
  return { requestId: use === 'Sample' ? 'decides' : 'unrelated' }
}

function providerOf(finder: CollectorFinder, wish: TracingWish, serviceName: string): TracingProvider | undefined {
  if (wish.kind === 'policy') {
    const collector = wish.settings.provider && finder.find(wish.by, wish.settings.provider, 'grpc')
    return collector && { kind: 'openTelemetry', collector, serviceName, resourceAttributes: {} }
  }
  const { provider, by } = wish
  const collector = finder.find(by, provider, provider.type === 'OpenTelemetry' ? 'grpc' : 'http')
  if (collector === undefined) return undefined
  const { cluster, authority: hostname } = collector
  switch (provider.type) {
    case 'OpenTelemetry':
      return { kind: 'openTelemetry', collector, serviceName, resourceAttributes: provider.resourceAttributes ?? {} }
    case 'Zipkin':
      return {
        kind: 'zipkin',
        cluster,
        hostname,
        path: provider.path ?? '/api/v2/spans',
        ...(provider.traceId128Bit === false ? { hasShortTraceIds: true } : {}),
        ...(provider.sharedSpanContext === false ? { keepsSpansApart: true } : {}),
      }
    case 'Datadog':
      return { kind: 'datadog', cluster, hostname, serviceName }
  }
}

function tagOf({ name, headerName, literalValue, attributeKey }: TelemetryAttribute): readonly TraceTag[] {
  if (headerName !== undefined) return [{ name, kind: 'header', header: headerName.toLowerCase() }]
  if (literalValue !== undefined) return [{ name, kind: 'literal', value: literalValue }]
  const format = attributeKey === undefined ? undefined : attributeFormat(attributeKey)
  return format === undefined ? [] : [{ name, kind: 'format', value: format }]
}

function shareOf({ numerator, denominator }: Fraction): number {
  return numerator / denominator
}
