import { any, bool } from '../../message.js'
import type { HttpFilter } from './http-filter.js'

/**
 * Counts calls of gRPC by service and method in the statistics of the cluster that they go to. It stands right before the router, where it is
 * known which that is, and only where the configuration of the Gateway asks for it: it cannot be told apart by routes.
 */
export const GRPC_STATS: HttpFilter = {
  name: 'envoy.filters.http.grpc_stats',
  config: any('envoy.extensions.filters.http.grpc_stats.v3.FilterConfig', {
    statsForAllMethods: bool(true),
    // A dot would separate the parts of the name of a statistic.
    replaceDotsInGrpcServiceName: true,
  }),
  disabled: false,
  perRoute: () => undefined,
}
