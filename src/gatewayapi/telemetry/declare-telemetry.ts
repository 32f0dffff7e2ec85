/** Declares the telemetry of Gateways: what is asked for before backends are looked at, and what comes of it afterwards. */
import type { Collection, Graph, Index } from '../../incremental/index.js'
import { telemetryClusters } from '../../ir/telemetry.js'
import { backendKey } from '../backends/backend-key.js'
import type { OurGateway } from '../gateways/gateways.js'
import type { Inputs } from '../inputs.js'
import { toBackendRef } from '../routes/backend-references.js'
import type { RuleSources } from '../routes/find-backend.js'
import { type GatewayTelemetry, resolveTelemetry } from './resolve-telemetry.js'
import { declareTelemetryPolicies, policyOf, type TelemetryPolicies } from './telemetry-policies.js'
import { collectorReferences, type TelemetryWishes, telemetryWishes } from './telemetry-wishes.js'

/** What is asked for, by the key of the Gateway; Gateways that say nothing have no value. */
export interface TelemetrySources {
  readonly policies: TelemetryPolicies
  readonly wishes: Collection<TelemetryWishes>
  /** The backends that are named. */
  readonly backends: Index<TelemetryWishes>
}

/** Declares what is asked for. */
export function declareTelemetryWishes(graph: Graph, inputs: Inputs, gateways: Collection<OurGateway>): TelemetrySources {
  const policies = declareTelemetryPolicies(graph, inputs)
  const wishes = graph.collection<TelemetryWishes>('telemetry wishes', {
    keys: gateways,
    compute: (view, key) => {
      const gateway = view.get(gateways, key)
      return gateway && telemetryWishes(gateway.configs, policyOf(view, policies, key))
    },
  })
  return { policies, wishes, backends: graph.index(wishes, 'backends of telemetry', backendsOfTelemetry) }
}

/** The keys of the backends that are named, each once. */
export function backendsOfTelemetry(wishes: TelemetryWishes): readonly string[] {
  const named = collectorReferences(wishes).map(({ by, ref }) => toBackendRef(ref, by.namespace, 'TCP'))
  return [...new Set(named.flatMap((ref) => (ref === undefined ? [] : [backendKey(ref)])))]
}

/** Telemetry by the key of the Gateway, and the clusters that it goes to. */
export interface TelemetryCollections {
  readonly ofGateways: Collection<GatewayTelemetry>
  readonly clusters: Index<GatewayTelemetry>
}

/** Declares what comes of it. */
export function declareTelemetry(
  graph: Graph,
  gateways: Collection<OurGateway>,
  { wishes }: TelemetrySources,
  sources: RuleSources,
): TelemetryCollections {
  const ofGateways = graph.collection<GatewayTelemetry>('telemetry', {
    keys: wishes,
    compute: (view, key) => {
      const gateway = view.get(gateways, key)
      const wish = view.get(wishes, key)
      return gateway === undefined || wish === undefined ? undefined : resolveTelemetry(view, sources, gateway, wish)
    },
  })
  return { ofGateways, clusters: graph.index(ofGateways, 'clusters of telemetry', ({ telemetry }) => telemetryClusters(telemetry)) }
}
