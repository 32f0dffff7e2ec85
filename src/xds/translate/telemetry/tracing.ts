/** Traces of requests. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { RouteTracing, TraceTag, Tracing, TracingProvider } from '../../../ir/telemetry.js'
import { any, bool } from '../../message.js'
import { earlyHeaderMutations } from '../client-header-mutations.js'
import { fraction } from '../fraction.js'
import { grpcCollector } from './collector.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager

const SAMPLERS = 'envoy.tracers.opentelemetry.samplers'

/** The settings of a connection manager; nothing where nothing is traced. */
export function tracingOf(tracing: Tracing | undefined): Pick<HttpConnectionManager, 'tracing' | 'requestIdExtension'> {
  if (tracing === undefined) return {}
  const { provider, share, clientShare = 0, overallShare = 1, spanName, upstreamSpanName, tags, requestId } = tracing
  return {
    ...(requestId === undefined ? {} : { requestIdExtension: requestIdOf(requestId) }),
    tracing: {
      // A client that sends `x-client-trace-id` asks for a trace: nobody pays for what strangers ask, unless it is said.
      clientSampling: { value: clientShare * 100 },
      randomSampling: { value: provider.kind === 'openTelemetry' ? 100 : share * 100 },
      overallSampling: { value: overallShare * 100 },
      provider: providerOf(provider, tracing),
      // A span for the request and one for each try of it, so that retries are seen.
      spawnUpstreamSpan: bool(true),
      ...(spanName === undefined ? {} : { operation: spanName }),
      ...(upstreamSpanName === undefined ? {} : { upstreamOperation: upstreamSpanName }),
      customTags: tags.map(customTag),
    },
  }
}

/**
 * What says for Zipkin and Datadog whether the trace of the client is sampled: they follow it whatever the connection manager decides, and nothing
 * tells them not to. The ids of the trace stay, but where one header holds both. OpenTelemetry has a sampler for it.
 */
const DECISIONS_OF_CLIENTS: Readonly<Record<TracingProvider['kind'], readonly string[]>> = {
  openTelemetry: [],
  zipkin: ['x-b3-sampled', 'b3'],
  datadog: ['x-datadog-sampling-priority', 'traceparent', 'tracestate'],
}

/** Takes away, before a request is traced, what a client says about it. */
export function withoutDecisionsOfClients(tracing: Tracing | undefined): readonly envoy.config.core.v3.TypedExtensionConfig[] {
  if (tracing === undefined || tracing.respectsParents) return []
  return earlyHeaderMutations(DECISIONS_OF_CLIENTS[tracing.provider.kind].map((name) => ({ do: 'remove', name })))
}

function requestIdOf(use: NonNullable<Tracing['requestId']>): NonNullable<HttpConnectionManager['requestIdExtension']> {
  return {
    typedConfig: any('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig', {
      packTraceReason: bool(false),
      useRequestIdForTraceSampling: bool(use === 'decides'),
    }),
  }
}

/** What a route says for itself. */
export function routeTracing({
  share,
  clientShare,
  overallShare,
  spanName,
  upstreamSpanName,
  tags,
}: RouteTracing): envoy.config.route.v3.Tracing {
  return {
    clientSampling: fraction(clientShare),
    randomSampling: fraction(share),
    overallSampling: fraction(overallShare),
    ...(spanName === undefined ? {} : { operation: spanName }),
    ...(upstreamSpanName === undefined ? {} : { upstreamOperation: upstreamSpanName }),
    ...(tags.length === 0 ? {} : { customTags: tags.map(customTag) }),
  }
}

function providerOf(provider: TracingProvider, tracing: Tracing): envoy.config.trace.v3.Tracing.Http {
  switch (provider.kind) {
    case 'openTelemetry':
      return {
        name: 'envoy.tracers.opentelemetry',
        typedConfig: any('envoy.config.trace.v3.OpenTelemetryConfig', {
          grpcService: grpcCollector(provider.collector),
          serviceName: provider.serviceName,
          ...resourceOf(provider.resourceAttributes),
          sampler: samplerOf(tracing),
        }),
      }
    case 'zipkin':
      return {
        name: 'envoy.tracers.zipkin',
        typedConfig: any('envoy.config.trace.v3.ZipkinConfig', {
          collectorCluster: provider.cluster,
          collectorEndpoint: provider.path,
          collectorHostname: provider.hostname,
          collectorEndpointVersion: Enum['envoy.config.trace.v3.ZipkinConfig.CollectorEndpointVersion'].HTTP_JSON,
          traceId_128bit: !provider.hasShortTraceIds,
          ...(provider.keepsSpansApart ? { sharedSpanContext: bool(false) } : {}),
        }),
      }
    case 'datadog':
      return {
        name: 'envoy.tracers.datadog',
        typedConfig: any('envoy.config.trace.v3.DatadogConfig', {
          collectorCluster: provider.cluster,
          collectorHostname: provider.hostname,
          serviceName: provider.serviceName,
        }),
      }
  }
}

function resourceOf(attributes: Readonly<Record<string, string>>): Pick<envoy.config.trace.v3.OpenTelemetryConfig, 'resourceDetectors'> {
  if (Object.keys(attributes).length === 0) return {}
  return {
    resourceDetectors: [
      {
        name: 'envoy.tracers.opentelemetry.resource_detectors.static_config',
        typedConfig: any('envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig', { attributes }),
      },
    ],
  }
}

/**
 * Which spans are kept. Not left to the connection manager: what it does not sample is not kept either where the parent is sampled.
 */
function samplerOf({ respectsParents, share }: Tracing): envoy.config.core.v3.TypedExtensionConfig {
  const byShare = {
    name: `${SAMPLERS}.trace_id_ratio_based`,
    typedConfig: any('envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig', {
      samplingPercentage: fraction(share),
    }),
  }
  if (!respectsParents) return byShare
  return {
    name: `${SAMPLERS}.parent_based`,
    typedConfig: any('envoy.extensions.tracers.opentelemetry.samplers.v3.ParentBasedSamplerConfig', { wrappedSampler: byShare }),
  }
}

function customTag(tag: TraceTag): envoy.type.tracing.v3.CustomTag {
  switch (tag.kind) {
    case 'literal':
      return { tag: tag.name, literal: { value: tag.value } }
    case 'format':
      return { tag: tag.name, value: tag.value }
    case 'header':
      return { tag: tag.name, requestHeader: { name: tag.header } }
  }
}
