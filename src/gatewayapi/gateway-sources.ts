/**
 * What the half of gateways and listeners offers to the half of routes and backends. Declared first; routes read it through the view.
 */
import type { ClientTrafficSettings } from '../gen/kinds.js'
import type { Collection, Index, Source } from '../incremental/index.js'
import type { RouteTable } from '../ir/route.js'
import type { OurGateway } from './gateways/gateways.js'
import type { DeclaredFilters } from './listeners/listener-filters.js'
import type { FoundMaterial } from './materials/materials.js'
import type { Read } from './materials/pem.js'
import type { EffectiveListener } from './model.js'
import type { PassThroughs } from './policies/http1-pass-through.js'
import type { Policies } from './policies/policies.js'
import type { PolicyFact } from './policies/policy-facts.js'
import type { GrantIndex } from './reference-grants.js'

/** Sources of the half of gateways. */
export interface GatewaySources {
  /** Gateways of ours, by their key. */
  readonly gateways: Collection<OurGateway>
  /** Every listener of every Gateway and ListenerSet of ours, serving or not, by its `ListenerKey`. A parent without one is not ours. */
  readonly listeners: Source<EffectiveListener>
  /** By `ListenerKey`: filters of listeners that serve; absent where a listener has none. */
  readonly filtersOfListeners: Source<DeclaredFilters>
  /** Route tables by name. */
  readonly routeTables: Source<RouteTable>
  /** By the key of a gateway: the name of the certificate material that it shows to backends. Absent where it has none or none that is usable. */
  readonly backendClientCertificates: Source<string>
  /** Certificates and authorities by name, or why they cannot be used. Absent where there is no such object. */
  readonly materials: Source<Read<FoundMaterial>>
  /** Policies about clients, and what is true about them. */
  readonly clients: {
    readonly policies: Policies<ClientTrafficSettings>
    readonly facts: Index<PolicyFact>
    readonly passThroughs: PassThroughs
  }
  /** What may refer to what across namespaces. */
  readonly grants: GrantIndex
}
