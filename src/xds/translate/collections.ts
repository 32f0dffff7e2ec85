/** What the translation to Envoy reads, and what it makes one by one. */
import type { Collection, Source } from '../../incremental/index.js'
import type { JwtRequirement } from '../../ir/authentication.js'
import type { Cluster, Endpoints } from '../../ir/cluster.js'
import type { ResourcePatch } from '../../ir/patch.js'
import type { Port } from '../../ir/port.js'
import type { RateLimitDomain } from '../../ir/request-traffic.js'
import type { RouteTable, VirtualHost } from '../../ir/route.js'
import type { SecretMaterial } from '../../ir/tls.js'
import type { EncodedResource } from '../resource.js'

/** What gateways do, by the keys of src/ir/README.md. */
export interface IrCollections {
  readonly ports: Source<Port>
  readonly routeTables: Source<RouteTable>
  readonly virtualHosts: Source<VirtualHost>
  readonly clusters: Source<Cluster>
  readonly endpoints: Source<Endpoints>
  readonly secrets: Source<SecretMaterial>
  readonly jwtRequirements: Source<JwtRequirement>
  /** By the key of a policy. */
  readonly patchPolicies: Source<{ readonly patches: readonly ResourcePatch[] }>
  /** Limits that all proxies count together, by the key of the policy. */
  readonly rateLimitDomains?: Source<RateLimitDomain>
}

/** Resources that are encoded one by one, by name. */
export interface EncodedCollections {
  readonly listeners: Collection<EncodedResource>
  readonly clusters: Collection<EncodedResource>
  readonly loadAssignments: Collection<EncodedResource>
  readonly secrets: Collection<EncodedResource>
  /** By `resourceKey`. */
  readonly extensions: Collection<EncodedResource>
  /** Clusters for the sake of secrets, by name. */
  readonly secretHolders: Collection<EncodedResource>
  /** For the rate limit service, by the key of the policy; undefined without limits that it could count. */
  readonly rateLimitConfigs: Collection<EncodedResource> | undefined
  /** The rate limit service itself; undefined where there is none. */
  readonly rateLimitCluster: EncodedResource | undefined
}
