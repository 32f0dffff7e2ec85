/** The half of routes and backends, as a part of the graph. */
import type { Collection, Graph, Source } from '../incremental/index.js'
import type { Cluster, Endpoints } from '../ir/cluster.js'
import type { VirtualHost } from '../ir/route.js'
import { declareAttachments } from './attachments.js'
import type { TranslationContext } from './context.js'
import type { GatewaySources } from './gateway-sources.js'
import type { Inputs } from './inputs.js'
import type { Attachment } from './model.js'
import type { RouteSources } from './route-sources.js'
import { declareRoutesOfAllKinds } from './routes/any-route.js'

/** What routes and backends become. */
export interface RouteHalf extends RouteSources {
  readonly attachments: Collection<Attachment>
  /** By `<route table>#<domain>`. */
  readonly virtualHosts: Source<VirtualHost>
  readonly clusters: Source<Cluster>
  readonly endpoints: Source<Endpoints>
}

/** Declares attachments first, and what stands on them in the order in which it is read. */
export function declareRoutes(graph: Graph, inputs: Inputs, context: TranslationContext, sources: GatewaySources): RouteHalf {
  const routes = declareRoutesOfAllKinds(graph, inputs)
  const attachments = declareAttachments(graph, inputs, context, sources, routes)
  return {
    attachments,
    virtualHosts: graph.input('virtual hosts'),
    clusters: graph.input('clusters'),
    endpoints: graph.input('endpoints'),
    streamRoutes: graph.input('stream routes'),
    statuses: graph.input('route statuses'),
  }
}
