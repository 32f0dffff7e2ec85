/** Servers that take telemetry. */
import type { envoy, opentelemetry } from '../../../gen/envoy/types.js'
import type { GrpcCollector } from '../../../ir/telemetry.js'

/** How Envoy speaks gRPC to a collector. */
export function grpcCollector({ cluster, authority, headers }: GrpcCollector): envoy.config.core.v3.GrpcService {
  return {
    envoyGrpc: { clusterName: cluster, authority },
    ...(headers.length === 0 ? {} : { initialMetadata: headers.map(({ name, value }) => ({ key: name, value })) }),
  }
}

/** Attributes in OpenTelemetry's own form. */
export function keyValues(attributes: Readonly<Record<string, string>>): opentelemetry.proto.common.v1.KeyValueList {
  return { values: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })) }
}
