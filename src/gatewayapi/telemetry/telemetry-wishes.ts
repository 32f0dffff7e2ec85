/** What GatewayConfigs and XTelemetryPolicies say about the telemetry of a Gateway, before anybody looked for the collectors. */
import type { GatewayAccessLog, GatewayMetrics, GatewayTracing, GatewayTracingProvider, TracingConfig } from '../../gen/kinds.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { BackendReference } from '../routes/backend-references.js'
import type { ResolvedTelemetryPolicy } from './telemetry-policies.js'

/** A configuration and its object. */
export interface ConfigVersion {
  readonly object: ObjectVersion
  readonly spec: {
    readonly accessLogs?: readonly GatewayAccessLog[]
    readonly tracing?: GatewayTracing
    readonly metrics?: Pick<GatewayMetrics, 'enableGRPCStats'>
  }
}

/** What is asked for, and by whom: references are followed on behalf of the object that has them. */
export interface TelemetryWishes {
  readonly accessLogs: { readonly by: ObjectVersion; readonly logs: readonly GatewayAccessLog[] } | undefined
  readonly tracing: TracingWish | undefined
  /** Whether calls of gRPC are counted. */
  readonly countsGrpcCalls: boolean
  /** Every object that says something. */
  readonly origins: readonly ObjectVersion[]
}

/** How requests are to be traced, by configuration or by a policy. */
export type TracingWish =
  | {
      readonly kind: 'config'
      readonly by: ObjectVersion
      readonly provider: GatewayTracingProvider
      readonly settings: Omit<GatewayTracing, 'provider'>
    }
  | { readonly kind: 'policy'; readonly by: ObjectVersion; readonly settings: TracingConfig }

/**
 * Puts together what is said: configurations field by field, lists as a whole; a policy that says anything about tracing goes first.
 *
 * @param configs that of the class, then that of the Gateway
 * @param policy the one that counts for the Gateway
 */
export function telemetryWishes(
  configs: readonly ConfigVersion[],
  policy: ResolvedTelemetryPolicy | undefined,
): TelemetryWishes | undefined {
  const logging = configs.findLast(({ spec }) => spec.accessLogs !== undefined)
  const tracing = tracingWish(configs, policy)
  const counting = configs.findLast(({ spec }) => spec.metrics?.enableGRPCStats !== undefined)
  const speakers = [
    ...(logging === undefined ? [] : [logging.object]),
    ...configs.filter(({ spec }) => spec.tracing !== undefined && tracing?.kind === 'config').map(({ object }) => object),
    ...(counting === undefined ? [] : [counting.object]),
    ...(policy === undefined ? [] : [policy.object]),
  ]
  if (speakers.length === 0) return undefined
  return {
    accessLogs: logging && { by: logging.object, logs: logging.spec.accessLogs ?? [] },
    tracing,
    countsGrpcCalls: counting?.spec.metrics?.enableGRPCStats === true,
    origins: [...new Set(speakers)],
  }
}

/** The references to collectors, with the object that has each. */
export function collectorReferences({
  accessLogs,
  tracing,
}: TelemetryWishes): readonly { readonly by: ObjectVersion; readonly ref: BackendReference }[] {
  const ofLogs = (accessLogs?.logs ?? []).flatMap(({ sink }) => {
    const ref = (sink?.openTelemetry ?? sink?.grpc)?.backendRef
    return ref === undefined || accessLogs === undefined ? [] : [{ by: accessLogs.by, ref }]
  })
  const ref = tracing?.kind === 'policy' ? tracing.settings.provider?.backendRef : tracing?.provider.backendRef
  return ref === undefined || tracing === undefined ? ofLogs : [...ofLogs, { by: tracing.by, ref }]
}

function tracingWish(configs: readonly ConfigVersion[], policy: ResolvedTelemetryPolicy | undefined): TracingWish | undefined {
  const settings = policy?.problem === undefined ? policy?.tracing : undefined
  if (policy !== undefined && settings?.mode === 'Enabled') return { kind: 'policy', by: policy.object, settings }
  if (settings?.mode === 'Disabled') return undefined
  const withProvider = configs.findLast(({ spec }) => spec.tracing?.provider !== undefined)
  const provider = withProvider?.spec.tracing?.provider
  if (withProvider === undefined || provider === undefined) return undefined
  return {
    kind: 'config',
    by: withProvider.object,
    provider,
    settings: Object.assign({}, ...configs.map(({ spec }) => spec.tracing ?? {})),
  }
}
