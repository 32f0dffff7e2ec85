/**
 * What the half of routes and backends offers to the half of gateways and listeners: declared between listeners and ports.
 */
import type { Keys, Source } from '../incremental/index.js'
import type { Cluster } from '../ir/cluster.js'
import type { Attachment, StreamRoute } from './model.js'
import type { ObjectStatus } from './object-status.js'

/** Sources of the half of routes. */
export interface RouteSources {
  /** What routes hang on, by `<Kind>/<namespace>/<name>`. */
  readonly attachments: Source<Attachment>
  /** What routes serve on listeners of the protocols TLS, TCP and UDP. */
  readonly streamRoutes: Source<StreamRoute>
  /** Clusters by name: which secrets are in use depends on them. */
  readonly clusters: Source<Cluster>
  /** The secrets that requests need, by name. */
  readonly secretsOfRoutes: Keys
  /** Statuses of routes, policies and backends, by `<Kind>/<namespace>/<name>`: each kind has its own in one of these. */
  readonly statuses: readonly Source<ObjectStatus>[]
}
