/**
 * How requests of a rule are traced, where policies say it besides the Gateway.
 *
 * Envoy takes shares either from the route or from the listener, never one from each: so what policies leave out comes from the Gateway.
 */
import type { BackendTracing, Fraction } from '../../gen/kinds.js'
import type { RouteTracing } from '../../ir/telemetry.js'
import type { TracingWish } from './telemetry-wishes.js'
import { tagsOf } from './trace-tags.js'

/**
 * What the route carries.
 *
 * @param wish what the Gateway says; undefined where it traces nothing, and then neither do its routes
 */
export function routeTracing(
  { samplingRate, clientSamplingRate, overallSamplingRate, spanName, upstreamSpanName, tags }: BackendTracing,
  wish: TracingWish | undefined,
): RouteTracing | undefined {
  if (wish === undefined) return undefined
  const ofGateway = wish.kind === 'config' ? wish.settings : undefined
  // The sampler of OpenTelemetry keeps the share of the Gateway by itself, of what the connection manager lets through.
  const isSampledBehind = wish.kind === 'policy' || wish.provider.type === 'OpenTelemetry'
  return {
    share: shareOf(samplingRate, 1) * (isSampledBehind ? 1 : shareOf(wish.settings.samplingRate, 1)),
    clientShare: shareOf(clientSamplingRate ?? ofGateway?.clientSamplingRate, 0),
    overallShare: shareOf(overallSamplingRate ?? ofGateway?.overallSamplingRate, 1),
    ...(spanName === undefined ? {} : { spanName }),
    ...(upstreamSpanName === undefined ? {} : { upstreamSpanName }),
    tags: tagsOf(tags ?? []),
  }
}

function shareOf(fraction: Fraction | undefined, otherwise: number): number {
  return fraction === undefined ? otherwise : fraction.numerator / fraction.denominator
}
